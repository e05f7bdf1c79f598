"""Nested counterfactuals from the definition: for every unit, every node is worked out as often as it is asked for.

A unit is one part of the noise of every node. The definition of each quantity is evaluated unit by unit; units are told
apart no further than the evaluation reads: the noise is split when a row is read whose value it does not settle.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias, TypeVar

from causal_eval.causal.scm import Linear, Rule, Scm, Table
from causal_eval.causal.second.evaluate import table_of
from causal_eval.causal.second.reach import members
from causal_eval.errors import MalformedCase, NotDetermined, TooLarge

MOST_UNITS = 1 << 14

Level: TypeAlias = "int | Fraction"
"""A value's position; in a linear system the value itself."""
Response: TypeAlias = "Callable[[tuple[Level, ...]], Level]"
Unit: TypeAlias = "Mapping[int, Response]"
"""For every node its response to the values of its parents."""
Does: TypeAlias = "Mapping[int, Level]"
"""What is set."""
_Key: TypeAlias = tuple[int, ...]
_Part: TypeAlias = "tuple[int, _Key]"
"""A noise of its own: that of a node, or of one row of its table."""
_Told = TypeVar("_Told")
Rows: TypeAlias = "Mapping[tuple[int, tuple[int, ...]], int]"
"""(node, values of its parents) -> value."""


def each(
    scm: Scm, told: Callable[[Unit], _Told], *, coupling: str = "rank", free: Collection[int] = ()
) -> Iterator[tuple[_Told, Fraction, Rows]]:
    """What *told* makes of every unit, its share, and the responses of *free* nodes on which that hangs.

    Units that it cannot tell apart are one. *coupling* of mere tables: ``rank`` (one noise for all rows) or ``apart``
    (one each). Nodes that are *free* respond in every way; that has no part in the share.

    Raises:
        TooLarge: more than 16,384 units.
    """
    noise = _Noise(scm, apart=coupling == "apart", free=free)
    unit = {node: noise.response(node) for node in range(scm.graph.n)}
    for count, decided in enumerate(noise.ways()):
        if count >= MOST_UNITS:
            raise TooLarge(f"over {MOST_UNITS:,} units: the second solver goes through no more")
        value = told(unit)
        yield value, noise.share(decided), {part: at for part, (at, _) in decided.items() if part[0] in free}


class _Noise:
    """The noise of every node, settled as far as it was read; what a reading left out waits for its turn."""

    def __init__(self, scm: Scm, *, apart: bool, free: Collection[int]) -> None:
        self.scm, self.apart, self.free = scm, apart, free
        self.below: dict[int, int] = {}
        self.decided: dict[_Part, tuple[int, int]] = {}
        self.waiting: list[dict[_Part, tuple[int, int]]] = [{}]

    def ways(self) -> Iterator[Mapping[_Part, tuple[int, int]]]:
        """What is settled for each unit in turn; complete once the unit was told."""
        while self.waiting:
            self.decided = self.waiting.pop()
            yield self.decided

    def share(self, decided: Mapping[_Part, tuple[int, int]]) -> Fraction:
        """The probability of what is settled."""
        over = below = 1
        for (node, _), (start, end) in decided.items():
            if node not in self.free:
                over *= end - start
                below *= self.below[node]
        return Fraction(over, below)

    def response(self, node: int) -> Response:
        """How *node* responds in the unit whose turn it is.

        Raises:
            MalformedCase: it has no distribution.
        """
        mechanism = self.scm.mechanisms[node]
        if node in self.free:
            size = self.below[node] = self.scm.domains[node]
            ways = [(level, level, level + 1) for level in range(size)]
            return lambda values: self._settled((node, tuple([int(level) for level in values])), ways)
        if isinstance(mechanism, Rule):
            return _by({key: row.index(1) for key, row in table_of(self.scm, node).items()})
        if not isinstance(mechanism, Table):
            raise MalformedCase(f"node {node} has no distribution")
        below = self.below[node] = math.lcm(*[p.denominator for row in mechanism.rows.values() for p in row])
        rows = {key: _ends(row, below) for key, row in mechanism.rows.items()}
        apart = self.apart and not mechanism.threshold

        def read(values: tuple[Level, ...]) -> Level:
            key = tuple([int(level) for level in values])
            return self._settled((node, key if apart else ()), rows[key])

        return read

    def _settled(self, part: _Part, ends: Sequence[tuple[int, int, int]]) -> int:
        """The level where the noise *part* lies; of several the first, the others wait."""
        low, high = self.decided.get(part, (0, self.below[part[0]]))
        first, *others = [
            (level, max(low, start), min(high, end)) for level, start, end in ends if start < high and end > low
        ]
        self.waiting += [{**self.decided, part: (start, end)} for _, start, end in others]
        level, start, end = first
        self.decided[part] = start, end
        return level


def _ends(row: Sequence[Fraction], below: int) -> list[tuple[int, int, int]]:
    """Every level that occurs, with where its part of the noise starts and ends, times *below*.

    Raises:
        MalformedCase: the row does not sum to 1.
    """
    if sum(row) != 1:
        raise MalformedCase(f"the row {row} does not sum to 1")
    cuts = [0, *itertools.accumulate(int(p * below) for p in row)]
    return [(level, start, end) for level, (start, end) in enumerate(itertools.pairwise(cuts)) if start < end]


def worked_out(scm: Scm, unit: Unit, *, node: int, does: Does) -> Level:
    """The value of *node* for the unit after what is done."""
    if node in does:
        return does[node]
    parents = members(scm.graph.parents[node])
    return unit[node](tuple([worked_out(scm, unit, node=parent, does=does) for parent in parents]))


def along(scm: Scm, unit: Unit, *, y: int, paths: Sequence[tuple[int, ...]], levels: tuple[Level, Level]) -> Level:
    """The value of *y* when the cause has levels[0] along *paths* and levels[1] along all others."""
    cause = paths[0][0]
    if y == cause:
        return levels[0]
    values = []
    for parent in members(scm.graph.parents[y]):
        before = [path[:-1] for path in paths if len(path) > 1 and path[-2] == parent]
        if before:
            values.append(along(scm, unit, y=parent, paths=before, levels=levels))
        else:
            values.append(worked_out(scm, unit, node=parent, does={cause: levels[1]}))
    return unit[y](tuple(values))


def linear_unit(scm: Scm) -> Unit:
    """The unit of a linear system without noise: in a difference of two of its worlds the noise falls away.

    Raises:
        MalformedCase: a node is not linear.
    """

    def response(mechanism: Linear) -> Response:
        return lambda key: sum(c * value for c, value in zip(mechanism.coefficients, key, strict=True))

    found = {}
    for node, mechanism in enumerate(scm.mechanisms):
        if not isinstance(mechanism, Linear):
            raise MalformedCase(f"node {node} is not linear; effects in mixed systems are not solved")
        found[node] = response(mechanism)
    return found


def _by(table: Mapping[tuple[int, ...], int]) -> Response:
    return lambda key: table[tuple([int(level) for level in key])]


def mean(scm: Scm, worth: Callable[[Unit], Fraction], holds: Callable[[Unit], bool]) -> Fraction:
    """The mean of *worth* over the units of which *holds* is true; two models with these tables have to agree.

    Raises:
        NotDetermined: they disagree. MalformedCase: *holds* of no unit. TooLarge: too many units.
    """
    found = {_mean(scm, worth, holds=holds, coupling=coupling) for coupling in _couplings(scm)}
    if len(found) > 1:
        raise NotDetermined(f"models with these tables disagree: {' and '.join(map(str, sorted(found)))}")
    return found.pop()


def _mean(scm: Scm, worth: Callable[[Unit], Fraction], *, holds: Callable[[Unit], bool], coupling: str) -> Fraction:
    whole = total = Fraction(0)
    for value, share, _ in each(scm, lambda unit: worth(unit) if holds(unit) else None, coupling=coupling):
        if value is not None:
            whole += share
            total += share * value
    if not whole:
        raise MalformedCase("what is given has probability 0; nothing would have followed from it")
    return total / whole


def _couplings(scm: Scm) -> tuple[str, ...]:
    """Both where a table leaves its coupling open."""
    tables = [mechanism for mechanism in scm.mechanisms if isinstance(mechanism, Table) and not mechanism.threshold]
    return ("rank", "apart") if any(len(table.rows) > 1 for table in tables) else ("rank",)
