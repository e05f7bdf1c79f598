"""Every world of a small binary network, in integers: what drawing and naming mistakes need, in one pass each."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from causal_eval.questions.facts import Facts, Literal
from causal_eval.questions.network import GRID, Parents, Rows, literal, literals_of


class Joint:
    """The joint distribution of binary nodes in causal order, with the factor of one node, *x*, kept apart."""

    def __init__(self, parents: Parents, tables: Sequence[Rows], x: int) -> None:
        self.parents = parents
        self.x = x
        self._worlds = [(0, 1, 1)]
        """(values packed into bits, weight without the factor of x, that factor)"""
        for node, (causes, rows) in enumerate(zip(parents, tables, strict=True)):
            self._worlds = _extended(self._worlds, 1 << node, causes=causes, rows=rows, apart=node == x)

    @classmethod
    def of_facts(cls, facts: Facts, n: int, *, x: int) -> Joint:
        """The joint of the printed shares; nodes must be in causal order."""
        rows: list[dict[tuple[int, ...], Fraction]] = [{} for _ in range(n)]
        parents: list[tuple[int, ...]] = [() for _ in range(n)]
        for fact in facts:
            if fact.form in ("base", "share"):
                node = literal(fact.slots[0])[0]
                given = literals_of(fact.slots[1]) if fact.form == "share" else ()
                parents[node] = tuple(cause for cause, _ in given)
                p = fact.slots[-1]
                assert isinstance(p, Fraction)
                rows[node][tuple(value for _, value in given)] = p
        return cls(tuple(parents), rows, x)

    def observed(self, event: Literal, given: Sequence[Literal] = ()) -> Fraction:
        """P(event | given)."""
        mask, wanted = _packed(given)
        bit = 1 << event[0]
        hit = bit * event[1]
        part = whole = 0
        for code, weight, factor in self._worlds:
            if code & mask == wanted:
                whole += weight * factor
                if code & bit == hit:
                    part += weight * factor
        return Fraction(part, whole)

    def enforced(self, event: Literal, value: int) -> Fraction:
        """P(event | do x = value)."""
        own, bit = 1 << self.x, 1 << event[0]
        wanted = own * value | bit * event[1]
        part = sum([weight for code, weight, _ in self._worlds if code & (own | bit) == wanted])
        return Fraction(part, GRID ** (len(self.parents) - 1))

    def adjusted(self, event: Literal, value: int, *, strata: Sequence[int], weighted: bool = True) -> Fraction:
        """The mean over strata of P(event | x = value, stratum), weighted by P(stratum) or equally."""
        own, bit = 1 << self.x, 1 << event[0]
        hit = bit * event[1]
        mask = sum(1 << node for node in strata)
        sums: dict[int, list[int]] = {}
        for code, weight, factor in self._worlds:
            stratum = sums.setdefault(code & mask, [0, 0, 0])
            mass = weight * factor
            stratum[0] += mass
            if code & own == own * value:
                stratum[1] += mass
                if code & bit == hit:
                    stratum[2] += mass
        means = [Fraction(part * (all_ if weighted else 1), whole) for all_, whole, part in sums.values()]
        return sum(means, Fraction(0)) / Fraction(GRID ** len(self.parents) if weighted else len(means))


def _extended(
    worlds: list[tuple[int, int, int]], bit: int, *, causes: tuple[int, ...], rows: Rows, apart: bool
) -> list[tuple[int, int, int]]:
    """The worlds with one more node: each splits into two."""
    mask = sum(1 << cause for cause in causes)
    ones = {
        sum(value << cause for cause, value in zip(causes, values, strict=True)): p.numerator * (GRID // p.denominator)
        for values, p in rows.items()
    }
    more: list[tuple[int, int, int]] = []
    for code, weight, factor in worlds:
        p = ones[code & mask]
        if apart:
            more += ((code, weight, GRID - p), (code | bit, weight, p))
        else:
            more += ((code, weight * (GRID - p), factor), (code | bit, weight * p, factor))
    return more


def _packed(given: Sequence[Literal]) -> tuple[int, int]:
    return sum(1 << node for node, _ in given), sum(value << node for node, value in given)
