"""Mechanisms compiled to integers: rows over a common denominator, and thresholds on a uniform noise for rung 3."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from causal_eval.causal.expression import evaluate, key_of
from causal_eval.causal.graph import bits
from causal_eval.causal.scm import Expression, Rule, Scm, Table, Value
from causal_eval.errors import MalformedCase, TooLarge, WrongNode

LARGEST_TABLE = 1 << 16
"""A rule is tabulated for at most this many combinations of its parents' values."""


class Compiled(NamedTuple):
    """A mechanism as integers; rows stand in the order of ``itertools.product`` over the parents' values."""

    parents: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]
    """Numerators of the values 0..k-1 in every row."""
    denominator: int


def compile_mechanism(scm: Scm, node: int, *, names: Sequence[str] | None = None) -> Compiled:
    """The integer form of the mechanism of *node*.

    Raises:
        MalformedCase: the node has no distribution, or a rule gives a value outside its domain.
        TooLarge: a rule with more than 65,536 combinations of its parents' values.
    """
    parents = bits(scm.graph.parents[node])
    mechanism = scm.mechanisms[node]
    match mechanism:
        case Table():
            return _compile_table(mechanism, parents, scm=scm)
        case Rule():
            return Compiled(parents, _tabulate(scm, node, rule=mechanism, parents=parents), 1)
    label = repr(names[node]) if names else f"node {node}"
    raise MalformedCase(f"{label} has no probabilities for its values; state them, or ask a kind that takes a context")


class Noisy(NamedTuple):
    """A mechanism as a function of its parents' values and one uniform noise, collapsed to intervals."""

    parents: tuple[int, ...]
    lengths: tuple[int, ...]
    """Of the intervals that some row tells apart."""
    values: tuple[tuple[int, ...], ...]
    """For every row of :class:`Compiled`, the value in each interval."""


def thresholds(compiled: Compiled) -> Noisy:
    """The rank-preserving coupling of the rows: in every row the value grows with the noise.

    The noise runs over 0..denominator-1.
    """
    if compiled.denominator == 1:
        return Noisy(compiled.parents, (1,), tuple([(row.index(1),) for row in compiled.rows]))
    if len(compiled.rows) == 1:
        possible = [value for value, weight in enumerate(compiled.rows[0]) if weight]
        return Noisy(compiled.parents, tuple([compiled.rows[0][value] for value in possible]), (tuple(possible),))
    cumulative = [tuple(itertools.accumulate(row)) for row in compiled.rows]
    cuts = sorted({0, *itertools.chain.from_iterable(cumulative)})
    lengths = tuple([end - start for start, end in itertools.pairwise(cuts)])
    values = tuple([tuple([bisect_right(row, start) for start in cuts[:-1]]) for row in cumulative])
    return Noisy(compiled.parents, lengths, values)


def is_determinate(scm: Scm, node: int) -> bool:
    """Whether what is stated fixes the response of *node* to different parent values *jointly*.

    Always for a rule, a root and a stated threshold; for a mere table only when at most one row leaves anything to
    chance.
    """
    mechanism = scm.mechanisms[node]
    if not isinstance(mechanism, Table) or mechanism.threshold or len(mechanism.rows) == 1:
        return True
    return sum(1 not in row for row in mechanism.rows.values()) <= 1


def _compile_table(table: Table, parents: tuple[int, ...], *, scm: Scm) -> Compiled:
    keys = itertools.product(*[range(scm.domains[parent]) for parent in parents])
    rows = [[p.as_integer_ratio() for p in table.rows[key]] for key in keys]
    denominator = math.lcm(*[bottom for row in rows for _, bottom in row])
    numerators = tuple([tuple([top * (denominator // bottom) for top, bottom in row]) for row in rows])
    return Compiled(parents, numerators, denominator)


def _tabulate(scm: Scm, node: int, *, rule: Rule, parents: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    named = tuple([scm.names(parent) for parent in parents])
    if (size := math.prod(map(len, named))) > LARGEST_TABLE:
        raise TooLarge(f"the rule of node {node} has {size} combinations of its parents' values; split it")
    return _results(rule.expression, parents, named=named, own=scm.names(node), node=node)


@lru_cache(maxsize=64)
def _units(size: int) -> tuple[tuple[int, ...], ...]:
    """The rows that are certain of one value."""
    return tuple(tuple(int(place == other) for other in range(size)) for place in range(size))


# Questions use few different rules: most are looked up.
@lru_cache(maxsize=4096)
def _results(
    expression: Expression,
    parents: tuple[int, ...],
    *,
    named: tuple[tuple[Value, ...], ...],
    own: tuple[Value, ...],
    node: int,
) -> tuple[tuple[int, ...], ...]:
    """The row that *expression* gives for every combination of the parents' values."""
    results = [evaluate(expression, dict(zip(parents, values, strict=True))) for values in itertools.product(*named)]
    if strange := [result for result in results if result not in own]:
        allowed = ", ".join(map(key_of, own))
        problem = f"gives {key_of(strange[0])}, which is not one of its values: {allowed}; list them under domains"
        raise WrongNode(node, "scm: the equation of {} " + problem)
    units = _units(len(own))
    return tuple([units[own.index(result)] for result in results])


def as_fraction(numerator: int, denominator: int) -> Fraction:
    """The exact ratio; both may be NumPy integers."""
    return Fraction(int(numerator), int(denominator))
