"""Every world of a small binary network, in integers: what drawing and naming mistakes need, in one pass each."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Generic, TypeVar

from causal_eval.questions.facts import Facts, Literal
from causal_eval.questions.network import Parents, literal, literals_of
from causal_eval.questions.tables import PERCENT, Rows

_N = TypeVar("_N", int, Fraction)

KEPT = 4096
"""Index lists that are remembered; they depend on structure only, and there are few structures."""


class Joint(Generic[_N]):
    """The joint distribution of binary nodes in causal order, with the factor of one node, *x*, kept apart.

    World *c* gives node *k* the *k*-th bit of *c*. Numbers are whatever *ratio* makes of a numerator and a denominator:
    ``Fraction`` for exact ones, :func:`causal_eval.questions.margins.rough` for a draw that may yet be thrown away.
    """

    def __init__(
        self,
        parents: Parents,
        tables: Sequence[Rows],
        *,
        x: int,
        ratio: Callable[[int, int], _N],
        unit: int = PERCENT,
    ) -> None:
        self.parents: Parents = parents
        self.x: int = x
        self.ratio: Callable[[int, int], _N] = ratio
        self._unit: int = unit
        weights, factors = [1], [1]
        for node, (causes, rows) in enumerate(zip(parents, tables, strict=True)):
            high = [rows[row] for row in rows_of(causes, node)]
            low = [unit - p for p in high]
            if node == x:
                weights, factors = weights * 2, low + high
            else:
                weights = [w * p for w, p in zip(weights, low, strict=True)] + [
                    w * p for w, p in zip(weights, high, strict=True)
                ]
                factors *= 2
        self._free = weights
        self._mass = [weight * factor for weight, factor in zip(weights, factors, strict=True)]

    @staticmethod
    def of_facts(facts: Facts, n: int, *, x: int) -> Joint[Fraction]:
        """The joint of the printed shares; nodes must be in causal order."""
        shares: list[dict[int, Fraction]] = [{} for _ in range(n)]
        parents: list[tuple[int, ...]] = [() for _ in range(n)]
        for fact in facts:
            if fact.form in ("base", "share"):
                node = literal(fact.slots[0])[0]
                given = literals_of(fact.slots[1]) if fact.form == "share" else ()
                parents[node] = tuple(cause for cause, _ in given)
                p = fact.slots[-1]
                assert isinstance(p, Fraction)
                shares[node][sum(value << place for place, (_, value) in enumerate(given))] = p
        unit = math.lcm(*(p.denominator for rows in shares for p in rows.values()))
        tables = [
            tuple(rows[row].numerator * (unit // rows[row].denominator) for row in range(len(rows))) for rows in shares
        ]
        return Joint(tuple(parents), tables, x=x, ratio=Fraction, unit=unit)

    def observed(self, event: Literal, given: Sequence[Literal] = ()) -> _N:
        """P(event | given)."""
        n, mass = len(self.parents), self._mass
        part = sum([mass[world] for world in worlds_of(n, tuple(sorted((event, *given))))])
        whole = sum([mass[world] for world in worlds_of(n, tuple(given))]) if given else self._unit**n
        return self.ratio(part, whole)

    def enforced(self, event: Literal, value: int) -> _N:
        """P(event | do x = value)."""
        n, free = len(self.parents), self._free
        part = sum([free[world] for world in worlds_of(n, tuple(sorted((event, (self.x, value)))))])
        return self.ratio(part, self._unit ** (n - 1))

    def adjusted(self, event: Literal, value: int, *, strata: Sequence[int], weighted: bool = True) -> _N:
        """The mean over strata of P(event | x = value, stratum), weighted by P(stratum) or equally."""
        n, mass, given = len(self.parents), self._mass, (self.x, value)
        nodes = tuple(strata)
        parts, wholes, alls = (
            [sum([mass[world] for world in worlds]) for worlds in strata_of(n, nodes, fixed=fixed)]
            for fixed in (tuple(sorted((event, given))), (given,), ())
        )
        if weighted:
            total = self._unit**n
            means = [
                self.ratio(part * all_, whole * total) for part, whole, all_ in zip(parts, wholes, alls, strict=True)
            ]
        else:
            means = [self.ratio(part, whole * len(parts)) for part, whole in zip(parts, wholes, strict=True)]
        return sum(means, self.ratio(0, 1))


@functools.lru_cache(KEPT)
def rows_of(causes: tuple[int, ...], node: int) -> tuple[int, ...]:
    """For every world of the nodes before *node* the row of its table: the values of its causes, as bits in order."""
    return tuple(sum((world >> cause & 1) << place for place, cause in enumerate(causes)) for world in range(1 << node))


@functools.lru_cache(KEPT)
def worlds_of(n: int, fixed: tuple[Literal, ...]) -> tuple[int, ...]:
    """The worlds of *n* nodes in which all of *fixed* holds."""
    return tuple(world for world in range(1 << n) if all(world >> node & 1 == value for node, value in fixed))


@functools.lru_cache(KEPT)
def strata_of(n: int, nodes: tuple[int, ...], *, fixed: tuple[Literal, ...]) -> tuple[tuple[int, ...], ...]:
    """For every state of *nodes* its worlds in which all of *fixed* holds."""
    found: list[list[int]] = [[] for _ in range(1 << len(nodes))]
    for world in worlds_of(n, fixed):
        found[sum((world >> node & 1) << place for place, node in enumerate(nodes))].append(world)
    return tuple(tuple(worlds) for worlds in found)
