"""Deterministic systems from the definition: a node's value asks for its parents' values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from causal_eval.causal.scm import Const, Expression, Rule, Scm, Table, Value, Var
from causal_eval.causal.second.reach import members
from causal_eval.errors import MalformedCase


def result_of(scm: Scm, node: int, *, places: Mapping[int, int]) -> int:
    """The value position that the equation of *node* gives when its parents are at *places*."""
    mechanism = scm.mechanisms[node]
    assert isinstance(mechanism, Rule), "only equations are evaluated"
    own = _names(scm, node)
    inputs = tuple([(parent, _names(scm, parent)[place]) for parent, place in places.items()])
    result = _computed(mechanism.expression, inputs)
    for place, name in enumerate(own):
        if name == result:
            return place
    raise MalformedCase(f"the equation of node {node} gives {result!r}, which is not one of its values {own}")


@lru_cache(maxsize=1 << 15)
def _computed(expression: Expression, inputs: tuple[tuple[int, Value], ...]) -> Value:
    return _value(expression, dict(inputs))


def value_of(scm: Scm, node: int, *, given: Mapping[int, int]) -> int:
    """The value position of *node* when the nodes of *given* are set."""
    if node in given:
        return given[node]
    mechanism = scm.mechanisms[node]
    parents = {parent: value_of(scm, parent, given=given) for parent in members(scm.graph.parents[node])}
    if isinstance(mechanism, Rule):
        return result_of(scm, node, places=parents)
    if isinstance(mechanism, Table):
        row = mechanism.rows[tuple(parents.values())]
        for place, p in enumerate(row):
            if p == 1:
                return place
    raise MalformedCase(f"nothing sets the value of node {node}")


def _names(scm: Scm, node: int) -> tuple[Value, ...]:
    return scm.values[node] if scm.values else tuple(range(scm.domains[node]))


def _value(expression: Expression, values: Mapping[int, Value]) -> Value:
    if isinstance(expression, Var):
        return values[expression.node]
    if isinstance(expression, Const):
        return expression.value
    parts = [_value(arg, values) for arg in expression.args]
    if expression.op in ("sum", "ge"):
        return _arithmetic(expression.op, parts)
    if expression.op == "table":
        return dict(expression.rows)[tuple(parts)]
    return _logic(expression.op, parts)


def _arithmetic(op: str, parts: list[Value]) -> Value:
    numbers = [part for part in parts if not isinstance(part, str)]
    if len(numbers) < len(parts):
        raise MalformedCase(f"{op!r} needs numbers, got {parts!r}")
    return numbers[0] >= numbers[1] if op == "ge" else sum(numbers)


def _logic(op: str, parts: list[Value]) -> Value:
    true = [part for part in parts if part]
    match op:
        case "and":
            return len(true) == len(parts)
        case "or":
            return bool(true)
        case "not":
            return not true
        case "xor":
            return len(true) % 2 == 1
        case "eq":
            return parts[0] == parts[1]
        case "ite":
            return parts[1] if parts[0] else parts[2]
        case "copy":
            return parts[0]
        case "count_ge":
            return bool(_arithmetic("ge", [len([part for part in parts[:-1] if part]), parts[-1]]))
    raise MalformedCase(f"no operator {op!r}")
