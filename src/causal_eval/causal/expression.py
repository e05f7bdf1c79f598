"""Expressions of deterministic mechanisms: what they mean, which nodes they read, and their prefix-list form.

In JSON a bare string is a variable (or, when no variable has that name, a value of some domain), booleans and numbers
are values, and a list is an operator with its arguments::

    ["and", e, ...]  ["or", e, ...]  ["not", e]  ["xor", e, ...]      truth values
    ["eq", a, b]  ["ge", a, b]  ["sum", e, ...]                       comparison and addition of values
    ["ite", condition, then, else]  ["const", value]  ["copy", e]
    ["count_ge", [e, ...], k]                                         at least k of them hold
    ["table", [e, ...], {"0,1": value, ...}]                          looked up by the arguments' values
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from causal_eval.causal.reading import fraction
from causal_eval.causal.scm import Call, Const, Expression, Look, Value, Var
from causal_eval.errors import MalformedCase

Reader = Mapping[str, int]
"""Variable name -> node."""

ARITY: Mapping[str, tuple[int, int | None]] = {
    "and": (1, None),
    "or": (1, None),
    "not": (1, 1),
    "xor": (1, None),
    "eq": (2, 2),
    "ge": (2, 2),
    "sum": (1, None),
    "ite": (3, 3),
    "const": (1, 1),
    "copy": (1, 1),
    "count_ge": (2, 2),
    "table": (2, 2),
}
"""Operator -> fewest and most arguments in JSON (None = any number)."""

MOST_LEVELS = 100
"""Lists within lists of one expression."""
_KEYS_OF_TRUTH = {"false": False, "true": True}


def evaluate(expression: Expression, values: Mapping[int, Value] | Sequence[Value]) -> Value:
    """The value of *expression* when every node has its value in *values*."""
    if isinstance(expression, Var):
        return values[expression.node]
    if isinstance(expression, Const):
        return expression.value
    args = expression.args
    if expression.op == "ite":
        return evaluate(args[1] if evaluate(args[0], values) else args[2], values)
    parts = [values[arg.node] if isinstance(arg, Var) else evaluate(arg, values) for arg in args]
    if expression.op == "table":
        return _look_up(tuple(parts), expression.rows)
    return _OPERATIONS[expression.op](parts)


def reads(expression: Expression) -> int:
    """Mask of the nodes that *expression* reads."""
    match expression:
        case Var(node):
            return 1 << node
        case Const():
            return 0
        case Call(_, args):
            mask = 0
            for arg in args:
                mask |= reads(arg)
            return mask


def parse(obj: Any, nodes: Reader, *, domains: Sequence[Sequence[Value]]) -> Expression:
    """The expression that the prefix list *obj* stands for; *domains* lists the values of every node.

    Raises:
        MalformedCase: an unknown operator, name or number of arguments, which is quoted; too deep.
    """
    level, levels = [obj], 0
    while level and levels <= MOST_LEVELS:
        level, levels = [part for one in level if isinstance(one, list) for part in one], levels + 1
    if level:
        raise MalformedCase(f"expression: nested more than {MOST_LEVELS} lists deep; give parts of it a variable each")
    return _parsed(obj, nodes, domains=domains)


def _parsed(obj: Any, nodes: Reader, *, domains: Sequence[Sequence[Value]]) -> Expression:
    match obj:
        case bool() | int():
            return Const(obj)
        case float():
            return Const(fraction(obj, "expression"))
        case str() if obj in nodes:
            return Var(nodes[obj])
        case str():
            return _constant(obj, domains)
        case [str() as op, *args] if op in ARITY:
            return _call(op, args, nodes=nodes, domains=domains)
    known = ", ".join(ARITY)
    raise MalformedCase(f"expression {obj!r}: write a variable, a value or [operator, ...] with one of {known}")


def unparse(expression: Expression, names: Sequence[str]) -> Any:
    """The prefix list of *expression*: what :func:`parse` reads back."""
    if isinstance(expression, Var):
        return names[expression.node]
    if isinstance(expression, Const):
        value = expression.value
        if isinstance(value, bool | int):
            return value
        return ["const", str(value) if isinstance(value, str) else float(value)]
    args = [names[arg.node] if isinstance(arg, Var) else unparse(arg, names) for arg in expression.args]
    if expression.op == "count_ge":
        return ["count_ge", args[:-1], args[-1]]
    if expression.op == "table":
        return ["table", args, {",".join(map(key_of, key)): result for key, result in expression.rows}]
    return [expression.op, *args]


def key_of(value: Value) -> str:
    """How *value* is written in the key of a table."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _call(op: str, args: list[Any], *, nodes: Reader, domains: Sequence[Sequence[Value]]) -> Expression:
    fewest, most = ARITY[op]
    if len(args) < fewest or (most is not None and len(args) > most):
        wanted = f"{fewest}" if most == fewest else f"at least {fewest}"
        raise MalformedCase(f"expression {[op, *args]!r}: {op!r} takes {wanted} arguments, got {len(args)}")
    if op == "const":
        return _constant(args[0], domains)
    if op in ("count_ge", "table") and not isinstance(args[0], list):
        raise MalformedCase(f"expression {[op, *args]!r}: the first argument of {op!r} must be a list of expressions")
    if op == "count_ge":
        return Call(op, tuple(_parsed(arg, nodes, domains=domains) for arg in [*args[0], args[1]]))
    if op == "table":
        looked_up = tuple(_parsed(arg, nodes, domains=domains) for arg in args[0])
        return Call(op, looked_up, _rows(looked_up, args[1], domains=domains))
    return Call(op, tuple(_parsed(arg, nodes, domains=domains) for arg in args))


def _constant(value: Any, domains: Sequence[Sequence[Value]]) -> Const:
    if isinstance(value, float):
        return Const(fraction(value, "expression"))
    if isinstance(value, str) and not any(value in domain for domain in domains):
        raise MalformedCase(f"{value!r} in an expression is neither a variable nor a value of any domain")
    if not isinstance(value, bool | int | str):
        raise MalformedCase(f"constant {value!r}: a value is a boolean, a number or a string")
    return Const(value)


def _rows(args: tuple[Expression, ...], rows: Any, *, domains: Sequence[Sequence[Value]]) -> tuple[Look, ...]:
    if not isinstance(rows, dict):
        raise MalformedCase(f"table {rows!r}: write an object with keys like '0,1' and one value each")
    given = {_plain(key): value for key, value in rows.items()}
    found: list[Look] = []
    for key in itertools.product(*(_range_of(arg, domains) for arg in args)):
        written = _plain(",".join(map(key_of, key)))
        counted = _plain(",".join(key_of(int(part) if isinstance(part, bool) else part) for part in key))
        if written not in given and counted not in given:
            raise MalformedCase(f"a 'table' over {len(args)} arguments has no row for {written!r}")
        found.append((key, _constant(given.get(written, given.get(counted)), domains).value))
    return tuple(found)


def _plain(key: str) -> str:
    return "".join(key.lower().split())


def _range_of(expression: Expression, domains: Sequence[Sequence[Value]]) -> Sequence[Value]:
    """The values an argument of ``table`` can take."""
    match expression:
        case Var(node):
            return domains[node]
        case Call("and" | "or" | "not" | "xor" | "eq" | "ge" | "count_ge"):
            return (False, True)
    raise MalformedCase("the arguments of 'table' must be variables or truth values")


def _look_up(values: tuple[Value, ...], rows: tuple[Look, ...]) -> Value:
    for key, result in rows:
        if key == values:
            return result
    raise MalformedCase(f"a 'table' has no row for {','.join(map(key_of, values))!r}")


def _number(value: Value) -> int | Fraction:
    if isinstance(value, str):
        raise MalformedCase(f"the value {value!r} is not a number: 'sum' and 'ge' need numbers")
    return value


def _xor(values: Sequence[Value]) -> bool:
    return sum(map(bool, values)) % 2 == 1


def _count_ge(values: Sequence[Value]) -> bool:
    return sum(map(bool, values[:-1])) >= _number(values[-1])


_OPERATIONS: Mapping[str, Callable[[Sequence[Value]], Value]] = {
    "and": all,
    "or": any,
    "not": lambda values: not values[0],
    "xor": _xor,
    "eq": lambda values: values[0] == values[1],
    "ge": lambda values: _number(values[0]) >= _number(values[1]),
    "sum": lambda values: sum(map(_number, values)),
    "copy": lambda values: values[0],
    "count_ge": _count_ge,
}
