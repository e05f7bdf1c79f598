"""Recoverability from selection: the two solvers agree, worked examples of the papers, and limits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.causal.cases import graph_of
from tests.causal.drawing import Draw

from causal_eval.causal.calculator import answered_again, calculate, verify
from causal_eval.causal.graph_json import write_graph
from causal_eval.errors import MalformedCase, TooLarge

WORKED = [
    ("X -> Y, X -> S", False, True),
    ("X -> Y, Y -> S", False, False),
    ("X -> Y, X -> S", True, True),
    ("X -> Y, Y -> S", True, False),
    ("X -> Y, X -> W, W <-> Y, W -> S", False, False),
    ("W1 -> X, W1 -> Y, X -> Y, X -> S", True, False),
    ("W1 -> X, W2 -> Y, X -> Y, W1 -> S", True, True),
    ("X -> Y, X <-> Y", True, False),
    ("X -> Z, Z -> Y, X <-> Y, X -> S", True, False),
]
"""Edges, whether the effect is asked for, and whether it is recoverable."""


def case_of(graph: dict[str, Any], *, effect: bool, x: Any = "X", y: Any = "Y", s: Any = "S") -> dict[str, Any]:
    """The case that asks for it."""
    query = {"kind": "recoverable", "X": x, "Y": y, "selection": s, "effect": effect}
    return {"graph": graph, "query": query}


@pytest.mark.parametrize(("edges", "effect", "expected"), WORKED)
def test_small_graphs(edges: str, effect: bool, expected: bool) -> None:
    """Selection by the treatment, by the outcome, and by what confounds them."""
    graph = graph_of(edges, nodes=["S"])
    case = case_of(graph, effect=effect)
    reply = calculate(case)
    assert reply.answer is expected
    verify(case, reply)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1 << 30))
def test_both_solvers_agree(seed: int) -> None:
    """On random graphs with bidirected edges and latent nodes."""
    draw = Draw(seed)
    g = draw.graph(4, density=draw.stream.choice([30, 50]), bidirected=draw.stream.choice([0, 20]))
    names = list("ABCD")
    x, y, s = ([names[node] for node in part] for part in draw.nodes(g, 1, 1, 1))
    (free,) = set(range(4)) - {names.index(part[0]) for part in (x, y, s)}
    graph = write_graph(names, g) | {"latent": [names[free]] if draw.stream.chance(1, 4) else []}
    for effect in (False, True):
        case = case_of(graph, effect=effect, x=x, y=y, s=s)
        verify(case, calculate(case))


def test_limits_are_stated() -> None:
    """Selection has to be named and seen; many edges are for the first solver alone."""
    with pytest.raises(MalformedCase, match="needs selection"):
        calculate(case_of(graph_of("X -> Y, X -> S"), effect=True, s=[]))
    with pytest.raises(MalformedCase, match="selection: 'S' is latent"):
        calculate(case_of(graph_of("X -> Y, X -> S", latent=["S"]), effect=False))
    wide = graph_of(", ".join(f"V{node} -> Y" for node in range(12)) + ", V0 -> X, X -> Y, X -> S")
    assert calculate(case_of(wide, effect=True)).answer is False
    with pytest.raises(TooLarge, match="15 edges"):
        answered_again(case_of(wide, effect=True))
