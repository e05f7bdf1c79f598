"""Nested counterfactuals from the definition: for every unit, every node is worked out as often as it is asked for.

A unit is one interval of the noise of every node. The definition of each quantity is evaluated unit by unit.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeAlias

from causal_eval.causal.scm import Linear, Rule, Scm, Table
from causal_eval.causal.second.evaluate import table_of
from causal_eval.causal.second.reach import causes_of, members
from causal_eval.errors import MalformedCase, NotDetermined, TooLarge

MOST_UNITS = 1 << 14

Level: TypeAlias = "int | Fraction"
"""A value's position; in a linear system the value itself."""
Response: TypeAlias = "Callable[[tuple[Level, ...]], Level]"
Unit: TypeAlias = "Mapping[int, Response]"
"""For every node its response to the values of its parents."""
Does: TypeAlias = "Mapping[int, Level]"
"""What is set."""


def units(scm: Scm, *, coupling: str) -> Iterator[tuple[Unit, Fraction]]:
    """Every unit with its share; *coupling* of mere tables: ``rank`` (one noise for all rows) or ``apart`` (one each).

    Raises:
        TooLarge: more than 16,384 units.
    """
    responses = [_responses(scm, node, coupling=coupling) for node in range(scm.graph.n)]
    if (count := math.prod(map(len, responses))) > MOST_UNITS:
        raise TooLarge(f"{count:,} units: the second solver goes through at most {MOST_UNITS:,}")
    for chosen in itertools.product(*responses):
        share = math.prod((p for _, p in chosen), start=Fraction(1))
        yield {node: response for node, (response, _) in enumerate(chosen)}, share


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


def _responses(scm: Scm, node: int, *, coupling: str) -> list[tuple[Response, Fraction]]:
    mechanism = scm.mechanisms[node]
    if isinstance(mechanism, Rule):
        return [(_by({key: row.index(1) for key, row in table_of(scm, node).items()}), Fraction(1))]
    if not isinstance(mechanism, Table):
        raise MalformedCase(f"node {node} has no distribution")
    rows = mechanism.rows
    if coupling == "apart" and not mechanism.threshold:
        ways = itertools.product(*[[(level, p) for level, p in enumerate(row) if p] for row in rows.values()])
        return [
            (
                _by(dict(zip(rows, [level for level, _ in way], strict=True))),
                math.prod((p for _, p in way), start=Fraction(1)),
            )
            for way in ways
        ]
    cuts = sorted({Fraction(0), *(end for row in rows.values() for end in itertools.accumulate(row))})
    return [
        (_by({key: _level(row, start) for key, row in rows.items()}), end - start)
        for start, end in itertools.pairwise(cuts)
    ]


def _level(row: Sequence[Fraction], start: Fraction) -> int:
    reached = Fraction(0)
    for level, p in enumerate(row):
        reached += p
        if start < reached:
            return level
    raise MalformedCase(f"the row {row} does not sum to 1")


def stilled(scm: Scm, x: int, *, y: int) -> Scm:
    """The system in which nothing varies that *y* does not depend on once *x* is set."""
    matters = causes_of(scm.graph, 1 << y) & ~(1 << x)
    still = [
        Table({key: tuple([Fraction(level == 0) for level in range(len(row))]) for key, row in mechanism.rows.items()})
        if isinstance(mechanism, Table) and not matters >> node & 1
        else mechanism
        for node, mechanism in enumerate(scm.mechanisms)
    ]
    return replace(scm, mechanisms=tuple(still))


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
    for unit, share in units(scm, coupling=coupling):
        if share and holds(unit):
            whole += share
            total += share * worth(unit)
    if not whole:
        raise MalformedCase("what is given has probability 0; nothing would have followed from it")
    return total / whole


def _couplings(scm: Scm) -> tuple[str, ...]:
    """Both where a table leaves its coupling open."""
    tables = [mechanism for mechanism in scm.mechanisms if isinstance(mechanism, Table) and not mechanism.threshold]
    return ("rank", "apart") if any(len(table.rows) > 1 for table in tables) else ("rank",)
