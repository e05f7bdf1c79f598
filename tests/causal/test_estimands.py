"""Estimands: right in models they have not met, and as short as a person would write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.calculator import calculate
from causal_eval.causal.districts import projected
from causal_eval.causal.effect_formula import formula_of
from causal_eval.causal.estimands import Estimand, conditional_estimand, estimand_of
from causal_eval.causal.formula import read_formula, written
from causal_eval.causal.graph import Graph
from causal_eval.causal.identify import Step, identify
from causal_eval.causal.sampled import Effect, tried
from causal_eval.causal.second.witness import formula_holds
from causal_eval.causal.simplify import simplified
from causal_eval.seeds import Stream

NAMES = "ABCDEFGH"


def case(edges: str, x: str, *, y: str, z: str = "") -> dict[str, Any]:
    """The case of a graph whose edges are written ``A->B, A<->B``."""
    pairs = [(one.split("<->"), True) if "<->" in one else (one.split("->"), False) for one in edges.split(", ")]
    nodes = sorted({end for ends, _ in pairs for end in ends})
    graph = {
        "nodes": nodes,
        "directed": [ends for ends, both in pairs if not both],
        "bidirected": [ends for ends, both in pairs if both],
    }
    query = {"kind": "conditional_effect" if z else "effect", "X": x.split(), "Y": y.split(), "Z": z.split()}
    return {"graph": graph, "query": query}


@pytest.mark.slow
@settings(max_examples=60)
@given(st.integers(0, 1 << 30))
def test_estimands_hold(seed: int) -> None:
    """What ID gives, what becomes of it, and what the second solver reads of its text, are all the effect."""
    draw = Draw(seed)
    g = draw.graph(draw.stream.between(2, 6), bidirected=20, latent=10)
    x, y, z = (sum(1 << node for node in part) & g.observed for part in draw.nodes(g, 1 + seed % 2, 1, seed % 2))
    assume(x and y)
    seen, stream = projected(g), Stream("test", seed)
    plan = identify(seen, x, y=y)
    if isinstance(plan, Step):
        raw = formula_of(plan, seen)
        for formula in (raw, simplified(raw, seen, asked=x | y)):
            assert tried(seen, formula, asked=Effect(x, y), stream=stream).right
    for asked, found in (
        (Effect(x, y), estimand_of(seen, Effect(x, y))),
        (Effect(x, y, z), conditional_estimand(seen, Effect(x, y, z))[1]),
    ):
        if isinstance(found, Estimand):
            again = read_formula(written(found.formula, NAMES[: g.n]), NAMES[: g.n])
            assert formula_holds(g, again, x=asked.x, y=asked.y, z=asked.z)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (case("X->Y, Z->X, Z->Y", "X", y="Y"), "sum_{Z} P(Y|X,Z) P(Z)"),
        (case("X->Y, Z->X, Z->Y", "X", y="Y", z="Z"), "P(Y|X,Z)"),
        (case("X->Y, Z->X", "X", y="Y"), "P(Y|X)"),
        (case("X->Y, X->Z", "Y", y="Z"), "P(Z)"),
        (case("X->M, M->Y, X<->Y", "X", y="Y"), "sum_{M} P(M|X) sum_{X'} P(Y|M,X') P(X')"),
        (
            case("W->Z, Z->X, X->Y, W<->X, W<->Y", "X", y="Y"),
            "(sum_{W} P(W) P(X,Y|W,Z)) / (sum_{W} P(W) P(X|W,Z))",
        ),
        (case("X1->Z, Z->X2, X1->Y, X2->Y, Z<->Y", "X1 X2", y="Y"), "sum_{Z} P(Z|X1) P(Y|X1,X2,Z)"),
        (
            case("W1->X, X->Y1, W2->Y2, W1<->Y1, W1<->W2, W2<->X, W1<->Y2", "X", y="Y1 Y2"),
            "(sum_{W1} P(W1) P(Y1|W1,X)) P(Y2)",
        ),
        (case("X->Z, Z->Y, X<->Z", "X", y="Y", z="Z"), "P(Y|Z)"),
    ],
    ids=["back-door", "given", "parents", "no path", "front-door", "napkin", "sequential", "figure 3a", "figure 6a"],
)
def test_known_shapes(asked: dict[str, Any], text: str) -> None:
    """As the books write them; figure 3a of Shpitser and Pearl 2008 without the slip of their page 1953."""
    assert calculate(asked).answer["estimand"] == text


NAPKIN = Graph.build(4, [(0, 1), (1, 2), (2, 3)], bidirected=[(0, 2), (0, 3)])
FIGURE_3A = Graph.build(5, [(0, 1), (1, 3), (2, 4)], bidirected=[(0, 3), (0, 2), (2, 1), (0, 4)])


@pytest.mark.parametrize(
    ("g", "text", "asked"),
    [
        (NAPKIN, "P(D|C)", Effect(4, 8)),
        (FIGURE_3A, "sum_{C} (sum_{A} P(A) P(D|A,B)) P(C) P(E|C) P(A)", Effect(2, 24)),
        (Graph.build(3, [(0, 1), (0, 2), (1, 2)]), "P(C|B)", Effect(2, 4)),
        (Graph.build(3, [(0, 1), (1, 2)], bidirected=[(0, 2)]), "sum_{B} P(C|A,B) P(B|A)", Effect(1, 4)),
    ],
    ids=["y0 0.2.11 of the napkin", "a factor too many", "no adjustment", "the wrong mediation"],
)
def test_wrong_estimands_are_seen(g: Graph, text: str, asked: Effect) -> None:
    """The formula that y0 0.2.11 prints for the napkin, and others that a hurried reader takes for right."""
    formula = read_formula(text, NAMES[: g.n])
    trial = tried(g, formula, asked=asked, stream=Stream("wrong"))
    assert trial.models
    assert not trial.right
    assert not formula_holds(g, formula, x=asked.x, y=asked.y, z=asked.z)


def test_a_graph_too_large_to_try_says_so() -> None:
    """The estimand stands, and the certificate tells that it was not evaluated."""
    nodes = [f"V{place}" for place in range(14)]
    edges = [[one, other] for place, one in enumerate(nodes) for other in nodes[place + 1 :]]
    graph = {"nodes": nodes, "directed": edges}
    reply = calculate({"graph": graph, "query": {"kind": "effect", "X": ["V12"], "Y": ["V13"]}})
    assert reply.answer["identifiable"]
    assert reply.certificate["evaluated"]["models"] == 0
    assert "not evaluated" in reply.certificate["evaluated"]["reason"]


def test_simplifying_ends() -> None:
    """Also where the rules would hand parts of a sum around for ever, as in this graph of 40 nodes."""
    draw = Draw(21)
    g = draw.graph(40, density=10, bidirected=3)
    x, y, *z = draw.stream.shuffled(range(40))[:4]
    _, found = conditional_estimand(g, Effect(1 << x, 1 << y, sum(1 << node for node in z)))
    assert isinstance(found, Estimand)
