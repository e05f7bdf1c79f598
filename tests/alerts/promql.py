"""Expressions of PromQL as text and as changed text: every small mistake that somebody could make in one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import promql_parser as promql
from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    MatchOp,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    StringLiteral,
    VectorSelector,
)

COMPARED = {">": (">=", "<"), "<": ("<=", ">"), ">=": (">", "<"), "<=": ("<", ">"), "==": ("!=",), "!=": ("==",)}
COMPUTED = {"/": ("*",), "*": ("/",), "-": ("+",), "+": ("-",)}
JOINED = {"and": ("or", "unless"), "or": ("and",), "unless": ("and",)}
AGGREGATED = {"sum": "max", "max": "min", "min": "max", "topk": "bottomk", "count": "sum"}
CALLED = {"rate": "increase", "increase": "rate", "changes": "resets"}
MATCHED = ((MatchOp.Equal, "="), (MatchOp.NotEqual, "!="), (MatchOp.Re, "=~"), (MatchOp.NotRe, "!~"))
NEGATED = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}

Rebuilt = tuple[str, str]
"""What was changed, and the expression with the change."""


def children(node: Expr) -> list[Expr]:
    """The expressions that *node* is made of, in the order of the text."""
    match node:
        case BinaryExpr():
            return [node.lhs, node.rhs]
        case AggregateExpr():
            return [*([node.param] if node.param is not None else []), node.expr]
        case Call():
            return list(node.args)
        case ParenExpr():
            return [node.expr]
    return []


def walk(node: Expr) -> Iterator[Expr]:
    """*node* and everything in it."""
    yield node
    for child in children(node):
        yield from walk(child)


def selectors(node: Expr) -> Iterator[VectorSelector]:
    """Every series that *node* reads."""
    for one in walk(node):
        if isinstance(one, MatrixSelector):
            yield one.vector_selector
        elif isinstance(one, VectorSelector):
            yield one


def written(node: Expr, parts: list[str]) -> str:
    """*node* as text, its children being *parts*."""
    match node:
        case BinaryExpr():
            return f"{parts[0]} {node.op}{_matching(node)} {parts[1]}"
        case AggregateExpr():
            return f"{node.op}{_grouping(node)} ({', '.join(parts)})"
        case Call():
            return f"{node.func.name}({', '.join(parts)})"
        case ParenExpr():
            return f"({parts[0]})"
        case StringLiteral():
            return f'"{node.val}"'
    return node.prettify()


def text(node: Expr) -> str:
    """*node* as text."""
    return written(node, [text(child) for child in children(node)])


def mutants(expression: str) -> Iterator[Rebuilt]:
    """Every changed form of *expression* that is still one."""
    seen, named = {text(promql.parse(expression))}, Counter[str]()
    for change, mutant in _mutants(promql.parse(expression)):
        if mutant not in seen and _is_one(mutant):
            seen.add(mutant)
            named[change] += 1
            yield change if named[change] == 1 else f"{change} ({named[change]})", mutant


def _is_one(mutant: str) -> bool:
    try:
        promql.parse(mutant)
    except ValueError:
        return False
    return True


def _mutants(node: Expr) -> Iterator[Rebuilt]:
    parts = [text(child) for child in children(node)]
    yield from _of_the_node(node, parts)
    for place, child in enumerate(children(node)):
        for change, mutant in _mutants(child):
            yield change, written(node, [*parts[:place], mutant, *parts[place + 1 :]])


def _of_the_node(node: Expr, parts: list[str]) -> Iterator[Rebuilt]:
    match node:
        case BinaryExpr():
            yield from _of_an_operator(node, parts)
        case AggregateExpr():
            yield from _of_an_aggregation(node, parts)
        case Call() if node.func.name in CALLED:
            yield f"{node.func.name} -> {CALLED[node.func.name]}", f"{CALLED[node.func.name]}({parts[0]})"
        case NumberLiteral():
            yield from _of_a_number(node.val)
        case MatrixSelector():
            yield from _of_a_range(node)
        case VectorSelector():
            yield from ((change, mutant) for change, mutant in _of_a_selector(node))


def _of_an_operator(node: BinaryExpr, parts: list[str]) -> Iterator[Rebuilt]:
    operator, matching = str(node.op), _matching(node)
    for other in (COMPARED | COMPUTED | JOINED)[operator]:
        yield f"{operator} -> {other}", f"{parts[0]} {other}{matching} {parts[1]}"
    short = f"{parts[0]} {operator} {parts[1]}"
    yield f"only the left of: {short}", parts[0]
    if operator in JOINED:
        yield f"only the right of: {short}", parts[1]


def _of_an_aggregation(node: AggregateExpr, parts: list[str]) -> Iterator[Rebuilt]:
    operator, inner = str(node.op), ", ".join(parts)
    other = AGGREGATED[operator]
    yield f"{operator} -> {other}: {inner}", f"{other}{_grouping(node)} ({inner})"
    labels = [] if node.modifier is None else list(node.modifier.labels)
    for label in labels:
        left = ", ".join(one for one in labels if one != label)
        yield f"not by {label}: {inner}", f"{operator} by ({left}) ({inner})"


def _of_a_number(value: float) -> Iterator[Rebuilt]:
    if value == 0:
        yield "0 -> 1", "1"
        return
    yield f"{value:g} x2", f"{value * 2:g}"
    yield f"{value:g} /2", f"{value / 2:g}"


def _of_a_range(node: MatrixSelector) -> Iterator[Rebuilt]:
    span = node.prettify()[len(node.vector_selector.prettify()) :]
    seconds = int(node.range.total_seconds())
    for change, mutant in _of_a_selector(node.vector_selector):
        yield change, f"{mutant}{span}"
    for change, other in (("x2", seconds * 2), ("/2", seconds // 2)):
        yield f"{span} {change}: {node.vector_selector.name}", f"{node.vector_selector.prettify()}[{other}s]"


def _of_a_selector(node: VectorSelector) -> Iterator[Rebuilt]:
    matchers = [(one.name, operator_of(one), one.value) for one in node.matchers.matchers]

    def with_matchers(kept: list[tuple[str, str, str]]) -> str:
        inner = ",".join(f'{name}{operator}"{value}"' for name, operator, value in kept)
        return f"{node.name}{{{inner}}}" if inner else str(node.name)

    for place, (name, operator, value) in enumerate(matchers):
        before, after = matchers[:place], matchers[place + 1 :]
        yield f"without {name} of {node.name}", with_matchers([*before, *after])
        yield f"not {name} of {node.name}", with_matchers([*before, (name, NEGATED[operator], value), *after])
        for branch, left in _without_branches(value) if "~" in operator else ():
            yield f"without {branch} of {node.name}", with_matchers([*before, (name, operator, left), *after])


def operator_of(matcher: promql.Matcher) -> str:
    """How *matcher* compares, as it is written."""
    return next(written for known, written in MATCHED if known == matcher.op)


def _without_branches(pattern: str) -> Iterator[Rebuilt]:
    branches = pattern.split("|")
    if len(branches) > 1:
        for branch in branches:
            yield branch, "|".join(one for one in branches if one != branch)


def _matching(node: BinaryExpr) -> str:
    matching = node.modifier.matching if node.modifier is not None else None
    if matching is None:
        return ""
    word = "on" if matching.type == promql.LabelModifierType.Include else "ignoring"
    return f" {word} ({', '.join(matching.labels)})"


def _grouping(node: AggregateExpr) -> str:
    return "" if node.modifier is None else f" by ({', '.join(node.modifier.labels)})"


def longer(duration: str, times: float) -> str:
    """A duration of Prometheus (``90s``, ``5m``), *times* as long."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    found = re.fullmatch(r"(\d+)([smhd])", duration)
    assert found, duration
    return f"{int(int(found[1]) * units[found[2]] * times)}s"
