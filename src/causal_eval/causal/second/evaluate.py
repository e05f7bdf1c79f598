"""Deterministic systems from the definition: a node's value asks for its parents' values.

Expressions are read for several cases at once: a column holds one value for each case.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from causal_eval.causal.scm import Const, Expression, Rule, Scm, Table, Value, Var
from causal_eval.causal.second.reach import members
from causal_eval.errors import MalformedCase

Column: TypeAlias = Sequence[Value]
"""The values of a node, or of an expression, in several cases."""


def results_of(scm: Scm, node: int, *, columns: Mapping[int, Column]) -> list[int]:
    """The value positions that the equation of *node* gives, case by case, for its parents' values in *columns*."""
    mechanism = scm.mechanisms[node]
    assert isinstance(mechanism, Rule), "only equations are evaluated"
    own = _names(scm, node)
    places = {name: place for place, name in enumerate(own)}
    found = []
    for result in _column(mechanism.expression, columns):
        if result not in places:
            raise MalformedCase(f"the equation of node {node} gives {result!r}, which is not one of its values {own}")
        found.append(places[result])
    return found


def table_of(scm: Scm, node: int) -> dict[tuple[int, ...], int]:
    """The value position that the equation of *node* gives for every combination of its parents' positions."""
    parents = members(scm.graph.parents[node])
    keys = list(itertools.product(*[range(scm.domains[parent]) for parent in parents]))
    columns = {
        parent: [names[place] for place in places]
        for parent, names, places in zip(
            parents, [_names(scm, parent) for parent in parents], zip(*keys, strict=True), strict=True
        )
    }
    return dict(zip(keys, results_of(scm, node, columns=columns), strict=True))


def value_of(scm: Scm, node: int, *, known: dict[int, int]) -> int:
    """The value position of *node* when the nodes of *known* have theirs; what is found on the way joins *known*."""
    if node not in known:
        places = {parent: value_of(scm, parent, known=known) for parent in members(scm.graph.parents[node])}
        known[node] = _responding(scm, node, places=places)
    return known[node]


def _responding(scm: Scm, node: int, *, places: Mapping[int, int]) -> int:
    mechanism = scm.mechanisms[node]
    if isinstance(mechanism, Rule):
        return _alone(scm, node, places=places)
    if isinstance(mechanism, Table):
        row = mechanism.rows[tuple(places.values())]
        for place, p in enumerate(row):
            if p == 1:
                return place
    raise MalformedCase(f"nothing sets the value of node {node}")


def _alone(scm: Scm, node: int, *, places: Mapping[int, int]) -> int:
    """What the equation gives in a single case."""
    (found,) = results_of(scm, node, columns={parent: (_names(scm, parent)[at],) for parent, at in places.items()})
    return found


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
