"""Deterministic systems from the definition: a node's value asks for its parents' values.

Expressions are read for several cases at once: a column holds one value for each case.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

from causal_eval.causal.scm import Const, Expression, Rule, Scm, Table, Value, Var
from causal_eval.causal.second.reach import members
from causal_eval.errors import MalformedCase

Column: TypeAlias = Sequence[Value]
"""The values of a node, or of an expression, in several cases."""


def table_of(scm: Scm, node: int) -> Mapping[tuple[int, ...], tuple[int, ...]]:
    """By the equation of *node*: parents' positions -> a row with 1 at the position that they lead to, else 0."""
    mechanism = scm.mechanisms[node]
    assert isinstance(mechanism, Rule), "only equations are evaluated"
    parents = members(scm.graph.parents[node])
    named = tuple([_names(scm, parent) for parent in parents])
    return _tabulated(mechanism.expression, node, own=_names(scm, node), parents=parents, named=named)


@lru_cache(maxsize=1 << 12)  # small systems have few different rules
def _tabulated(
    expression: Expression,
    node: int,
    *,
    own: tuple[Value, ...],
    parents: tuple[int, ...],
    named: tuple[tuple[Value, ...], ...],
) -> Mapping[tuple[int, ...], tuple[int, ...]]:
    """The row that *expression* gives for every combination of the parents' values *named*."""
    keys = itertools.product(*map(range, map(len, named)))
    columns = zip(*itertools.product(*named), strict=True)
    results = _column(expression, dict(zip(parents, columns, strict=True)))
    sure = [tuple([int(place == value) for value in range(len(own))]) for place in range(len(own))]
    return {key: sure[place] for key, place in zip(keys, _places(node, own, results=results), strict=True)}


def _places(node: int, own: tuple[Value, ...], *, results: Column) -> list[int]:
    """The positions of *results* among the values of *node*, its *own*."""
    places = {name: place for place, name in enumerate(own)}
    found = list(map(places.get, results))
    if None in found:
        strange = results[found.index(None)]
        raise MalformedCase(f"the equation of node {node} gives {strange!r}, which is not one of its values {own}")
    return [place for place in found if place is not None]


def value_of(scm: Scm, node: int, *, known: dict[int, int]) -> int:
    """The value position of *node* when the nodes of *known* have theirs; what is found on the way joins *known*."""
    if node not in known:
        places = {parent: value_of(scm, parent, known=known) for parent in members(scm.graph.parents[node])}
        known[node] = _responding(scm, node, places=places)
    return known[node]


def said(expression: Expression, values: Mapping[int, Value]) -> Value:
    """What *expression* is worth where the nodes have these values."""
    return _column(expression, {node: (value,) for node, value in values.items()})[0]


def _responding(scm: Scm, node: int, *, places: Mapping[int, int]) -> int:
    mechanism = scm.mechanisms[node]
    if isinstance(mechanism, Rule):
        values = {parent: (_names(scm, parent)[place],) for parent, place in places.items()}
        return _places(node, _names(scm, node), results=_column(mechanism.expression, values))[0]
    if isinstance(mechanism, Table):
        row = mechanism.rows[tuple(places.values())]
        for place, p in enumerate(row):
            if p == 1:
                return place
    raise MalformedCase(f"nothing sets the value of node {node}")


def _names(scm: Scm, node: int) -> tuple[Value, ...]:
    return scm.values[node] if scm.values else tuple(range(scm.domains[node]))


def _column(expression: Expression, columns: Mapping[int, Column]) -> Column:
    """The expression's value in every case."""
    if isinstance(expression, Var):
        return columns[expression.node]
    if isinstance(expression, Const):
        length = len(next(iter(columns.values()), (None,)))
        return (expression.value,) * length
    rows = zip(*[_column(arg, columns) for arg in expression.args], strict=True)
    if expression.op == "table":
        return list(map(dict(expression.rows).__getitem__, rows))
    if expression.op not in _OPERATORS:
        raise MalformedCase(f"no operator {expression.op!r}")
    return list(map(_OPERATORS[expression.op], rows))


def _sum(parts: Sequence[Value]) -> Value:
    return sum(_numbers("sum", parts))


def _at_least(parts: Sequence[Value]) -> bool:
    one, other = _numbers("ge", parts)
    return one >= other


def _count(parts: Sequence[Value]) -> bool:
    *counted, least = parts
    return _at_least((len([part for part in counted if part]), least))


def _numbers(op: str, parts: Sequence[Value]) -> list[int | Fraction]:
    numbers = [part for part in parts if not isinstance(part, str)]
    if len(numbers) < len(parts):
        raise MalformedCase(f"{op!r} needs numbers, got {list(parts)!r}")
    return numbers


_OPERATORS: Mapping[str, Callable[[Sequence[Value]], Value]] = {
    "and": all,
    "or": any,
    "not": lambda parts: not parts[0],
    "xor": lambda parts: len([part for part in parts if part]) % 2 == 1,
    "eq": lambda parts: parts[0] == parts[1],
    "ite": lambda parts: parts[1] if parts[0] else parts[2],
    "copy": lambda parts: parts[0],
    "count_ge": _count,
    "ge": _at_least,
    "sum": _sum,
}
