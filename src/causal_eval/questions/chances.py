"""The probabilities of a small binary network in integers: what drawing and naming mistakes need.

Of :class:`causal_eval.questions.joint.Joint` the structure has to come again and again. Here nodes are numbered at
random, and a table is there to be asked two or three things: nothing is prepared, and only those worlds are gone
through on which an answer depends. Nobody proves anything by them: that is for the two solvers.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Container, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from causal_eval.causal.graph import Graph, mask_of
from causal_eval.causal.query import Assignment
from causal_eval.errors import MalformedCase, VerificationMismatch
from causal_eval.questions.facts import Facts, Literal
from causal_eval.questions.network import Parents, stated
from causal_eval.questions.tables import PERCENT, Rows


class _Law(NamedTuple):
    """P(node = 1) for the states of its causes."""

    causes: tuple[int, ...]
    mask: int
    """Of the causes."""
    high: Mapping[int, int]
    """Mask of the causes that are 1 -> numerator."""


class _Worlds(NamedTuple):
    """Worlds, each as the mask of the nodes that are 1 in it, and the weight of each."""

    worlds: list[int]
    weights: list[int]


class _Levels(NamedTuple):
    """By the value of a node, the weight of an event and that of everything."""

    part: list[int]
    whole: list[int]


class Chances:
    """The probabilities of binary nodes, exact.

    An intervention is an observation where what is set depends on nothing.
    """

    def __init__(self, laws: Sequence[_Law], unit: int) -> None:
        self._laws = laws
        self._unit = unit

    @classmethod
    def of_tables(cls, parents: Parents, tables: Iterable[Rows]) -> Chances:
        """Those of tables in whole percentages."""
        return cls([_law(causes, rows) for causes, rows in zip(parents, tables, strict=True)], PERCENT)

    @classmethod
    def of_facts(cls, facts: Facts, n: int) -> Chances:
        """Those of the printed shares.

        Raises:
            VerificationMismatch: a node has no probabilities, or a table with a row missing or doubled.
        """
        rows = stated(facts, n).rows
        unit = math.lcm(*{p.denominator for table in rows.values() for p in table.values()})
        return cls([_told(node, table, unit=unit) for node, table in rows.items()], unit)

    @property
    def graph(self) -> Graph:
        """Which node depends on which."""
        return Graph(len(self._laws), tuple([law.mask for law in self._laws]), (0,) * len(self._laws))

    def probability(self, event: Assignment, given: Assignment = (), *, do: Assignment = ()) -> Fraction:
        """P(event | do, given), both read in the world after the intervention.

        Raises:
            MalformedCase: *given* has probability 0.
        """
        wanted = dict(event)
        if len(wanted) < len({*event}):
            return Fraction(0)
        nodes, ones = mask_of(wanted), mask_of([node for node, value in event if value])
        worlds, weights = self._worlds((*do, *given), {node for node, _ in do}, also=wanted)
        part = [weight for world, weight in zip(worlds, weights, strict=True) if world & nodes == ones]
        return Fraction(sum(part), _possible(sum(weights)))

    def gap(self, y: Literal, x: int, *, do: bool, given: Assignment = ()) -> Fraction:
        """P(y | x = 1, given) - P(y | x = 0, given), by intervention or by observation; raises as `probability`."""
        part, whole = self._by_level(y, x, do=do, given=given)
        return Fraction(part[1] * whole[0] - part[0] * whole[1], whole[0] * whole[1])

    def levels(self, y: Literal, x: int, *, do: bool) -> list[Fraction]:
        """P(y | x = 0) and P(y | x = 1), by intervention or by observation; raises as `probability`."""
        return [Fraction(*one) for one in zip(*self._by_level(y, x, do=do, given=()), strict=True)]

    def _by_level(self, y: Literal, x: int, *, do: bool, given: Assignment) -> _Levels:
        worlds, weights = self._worlds(given, {x} if do else (), also=(x, y[0]))
        part, whole = [0, 0], [0, 0]
        node, value = y
        for world, weight in zip(worlds, weights, strict=True):
            whole[world >> x & 1] += weight
            if world >> node & 1 == value:
                part[world >> x & 1] += weight
        return _Levels(part, [*map(_possible, whole)])

    def _worlds(self, seen: Assignment, cut: Container[int], *, also: Iterable[int]) -> _Worlds:
        """The worlds that fit what is *seen*, of all nodes on which it or those of *also* depend; *cut* on none."""
        known, unit = dict(seen), self._unit
        worlds, weights = [0], [int(len(known) == len({*seen}))]
        for node in self._needed((*known, *also), cut):
            own, level = 1 << node, known.get(node)
            if node in cut:
                highs = lows = weights
            else:
                _, mask, high = self._laws[node]
                highs = [weight * high[world & mask] for world, weight in zip(worlds, weights, strict=True)]
                lows = [weight * unit - one for weight, one in zip(weights, highs, strict=True)]
            if level is None:
                worlds, weights = worlds + [world | own for world in worlds], lows + highs
            elif level:
                worlds, weights = [world | own for world in worlds], highs
            else:
                weights = lows
        return _Worlds(worlds, weights)

    def _needed(self, nodes: Iterable[int], cut: Container[int]) -> list[int]:
        """*nodes* and what they depend on, causes first."""
        order: list[int] = []
        met: set[int] = set()

        def visit(node: int) -> None:
            met.add(node)
            if node not in cut:
                for cause in self._laws[node].causes:
                    if cause not in met:
                        visit(cause)
            order.append(node)

        for node in nodes:
            if node not in met:
                visit(node)
        return order


def _possible(weight: int) -> int:
    """*weight*, which is that of a condition.

    Raises:
        MalformedCase: it is 0.
    """
    if not weight:
        raise MalformedCase("a condition has probability 0 here; nothing follows from it")
    return weight


def _law(causes: tuple[int, ...], rows: Rows) -> _Law:
    keys = _states(causes)
    return _Law(causes, keys[-1], dict(zip(keys, rows, strict=True)))


@functools.lru_cache(1 << 10)
def _states(causes: tuple[int, ...]) -> tuple[int, ...]:
    """The states of *causes*, each as the mask of those that are 1, in the order of the rows of a table."""
    keys = [0]
    for cause in causes:
        keys += [key | 1 << cause for key in keys]
    return tuple(keys)


@functools.lru_cache(1 << 10)
def _given(causes: tuple[int, ...]) -> Mapping[int, tuple[Literal, ...]]:
    """The same, and what is printed of each."""
    return {key: tuple([(cause, key >> cause & 1) for cause in causes]) for key in _states(causes)}


def _told(node: int, rows: Mapping[tuple[Literal, ...], Fraction], *, unit: int) -> _Law:
    """The printed probabilities of *node*, by the states of the causes that they name."""
    causes = tuple([cause for given in itertools.islice(rows, 1) for cause, _ in given])
    found = [(key, rows.get(given)) for key, given in _given(causes).items()]
    high = {key: p.numerator * (unit // p.denominator) for key, p in found if p is not None}
    if not len(rows) == len(found) == len(high):
        raise VerificationMismatch(
            f"the probabilities printed for node {node} are not one for each state of its causes"
        )
    return _Law(causes, _states(causes)[-1], high)
