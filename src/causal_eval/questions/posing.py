"""What a family asks of the engine: one compiled case, or queries in the format of ``causal-eval solve``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from causal_eval.causal.graph import Graph
from causal_eval.causal.graph_json import write_graph
from causal_eval.causal.kinds.kind import Json
from causal_eval.causal.scm import Scm
from causal_eval.causal.scm_json import write_scm
from causal_eval.errors import VerificationMismatch

Whole: TypeAlias = "dict[str, Json]"
"""A case: ``graph``, where it has numbers ``scm``, and ``query``; its nodes are V0, V1, ..."""

Value: TypeAlias = "Fraction | bool | int | str | tuple[Value, ...] | Mapping[int, Value] | Mapping[str, Value] | None"
"""An answer in terms of nodes: a number, a truth value, a node, sets of nodes, or a value per node or per name."""

_NODE = re.compile(r"V\d+")
_NUMBER = re.compile(r"-?\d+(?:/\d+)?")
_STEP = re.compile(r"\bs(\d+)\b")


@dataclass(frozen=True, slots=True)
class Posed:
    """Queries whose answers, in this order, decide a question."""

    cases: tuple[Whole, ...]
    estimand: str
    """What is asked for, in the field's notation over V0, V1, ..."""
    formula: str = ""
    """Arithmetic over the answers c1, c2, ...: its value is one answer more."""


def about_graph(graph: Graph, *queries: Mapping[str, Json], estimand: str) -> Posed:
    """*queries* about the structure *graph*."""
    return Posed(
        tuple([{"graph": write_graph(symbols(graph.n), graph), "query": dict(one)} for one in queries]), estimand
    )


def about_scm(scm: Scm, *queries: Mapping[str, Json], estimand: str, formula: str = "") -> Posed:
    """*queries* about the whole model *scm*."""
    names = symbols(scm.graph.n)
    stated = {"graph": write_graph(names, scm.graph), "scm": write_scm(scm, names)}
    return Posed(tuple([{**stated, "query": dict(one)} for one in queries]), estimand, formula)


def symbols(n: int) -> tuple[str, ...]:
    """How the nodes are called in a case."""
    return tuple([symbol(node) for node in range(n)])


def symbol(node: int) -> str:
    """How *node* is called in a case."""
    return f"V{node}"


def valued(answer: Json) -> Value:
    """The engine's *answer* in terms of nodes: V3 is node 3, "1/2" a fraction, a list a tuple, an object a mapping."""
    match answer:
        case str() if _NODE.fullmatch(answer):
            return int(answer[1:])
        case str() if _NUMBER.fullmatch(answer):
            return Fraction(answer)
        case list():
            return tuple([valued(part) for part in answer])
        case dict():
            return _mapping(answer)
    return answer


def _mapping(answer: dict[str, Json]) -> Value:
    """By nodes if every key is one, else by names."""
    parts = {name: valued(part) for name, part in answer.items()}
    if all(map(_NODE.fullmatch, parts)):
        return {int(name[1:]): part for name, part in parts.items()}
    return parts


def by_node(value: Value) -> dict[int, Value]:
    """*value*, which is a value per node.

    Raises:
        VerificationMismatch: it is something else.
    """
    if isinstance(value, Mapping):
        return {node: part for node, part in value.items() if isinstance(node, int)}
    raise VerificationMismatch(f"the engine's answer {value!r} is no value per node")


def by_name(value: Value) -> dict[str, Value]:
    """*value*, which is an object with named fields.

    Raises:
        VerificationMismatch: it is something else.
    """
    if isinstance(value, Mapping):
        return {name: part for name, part in value.items() if isinstance(name, str)}
    raise VerificationMismatch(f"the engine's answer {value!r} is no object")


def parts_of(value: Value) -> tuple[Value, ...]:
    """*value*, which is a list: of answers to several queries, of sets, of nodes.

    Raises:
        VerificationMismatch: it is something else.
    """
    if isinstance(value, tuple):
        return value
    raise VerificationMismatch(f"the engine's answer {value!r} is no list")


def number_of(value: Value) -> Fraction:
    """*value*, which is a number.

    Raises:
        VerificationMismatch: it is something else.
    """
    if isinstance(value, Fraction):
        return value
    raise VerificationMismatch(f"the engine's answer {value!r} is no number")


def shifted(expression: str, by: int) -> str:
    """*expression* with the steps that it names counted from *by* on."""
    return _STEP.sub(lambda match: f"s{int(match[1]) + by}", expression) if by else expression
