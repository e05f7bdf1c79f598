"""Independences decide the class of graphs, and what they do not decide is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.calculator import calculate, verify
from causal_eval.causal.classes import cpdag
from causal_eval.causal.discovery import cpdag_of, mags, statements
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.second import classes as second
from causal_eval.errors import MalformedCase, NotDetermined, TooLarge

NAMES = ("A", "B", "C", "D")


def listed(g: Graph) -> list[dict[str, Any]]:
    """The independences of *g* as a case lists them."""
    return [
        {"X": NAMES[one], "Y": NAMES[other], "Z": [NAMES[node] for node in bits(z)]}
        for one, other, z in sorted(statements(g))
    ]


def asked(g: Graph, **query: Any) -> dict[str, Any]:
    """A case about these independences."""
    return {"graph": {"nodes": [*NAMES[: g.n]]}, "query": {"independences": listed(g), **query}}


@given(st.integers(0, 1 << 30))
def test_a_class_is_found_again_from_its_independences(seed: int) -> None:
    """Exactly its CPDAG."""
    draw = Draw(seed)
    g = draw.graph(draw.stream.between(2, 6), density=50)
    assert statements(g) == second.independences(g)
    assert cpdag_of(g.n, statements(g)) == cpdag(g)


@settings(max_examples=15)
@given(st.integers(0, 1 << 30))
def test_both_solvers_agree(seed: int) -> None:
    """On the class and on every claim, with and without latents."""
    draw = Draw(seed)
    g = draw.graph(draw.stream.between(3, 4), density=60)
    cases = [asked(g, kind="cpdag_from_independences"), asked(g, kind="cpdag_from_independences", latents=True)]
    cases += [
        asked(g, kind="causal_claim", claim=claim, X="A", Y="B", latents=draw.stream.chance(1, 2))
        for claim in ("parent", "ancestor", "adjacent")
    ]
    for case in cases:
        verify(case, calculate(case))


def test_a_collider_is_entailed_without_latents_and_a_cause_is_not_with_them() -> None:
    """A and B independent, both dependent on C."""
    g = Graph.build(3, [(0, 2), (1, 2)])
    assert calculate(asked(g, kind="causal_claim", claim="parent", X="A", Y="C")).answer == "entailed"
    assert calculate(asked(g, kind="causal_claim", claim="ancestor", X="C", Y="A")).answer == "refuted"
    hidden = asked(g, kind="causal_claim", claim="ancestor", X="A", Y="C", latents=True)
    assert calculate(hidden).answer == "undetermined"
    pag = calculate(asked(g, kind="cpdag_from_independences", latents=True)).answer
    assert pag == {"edges": [["A", "o->", "C"], ["B", "o->", "C"]]}


def test_independences_of_no_dag() -> None:
    """Two hidden common causes in a row: no DAG over the observed has them, an ancestral graph does."""
    g = Graph.build(4, [(0, 1), (3, 2)], bidirected=[(1, 2)])
    with pytest.raises(NotDetermined, match="allow latents"):
        cpdag_of(4, statements(g))
    assert any(one == g for one in mags(4, statements(g)))


def test_limits_are_said_before_work_begins() -> None:
    """Nine nodes, or four with latents."""
    with pytest.raises(TooLarge, match="10 nodes"):
        statements(Graph.build(10, []))
    with pytest.raises(TooLarge, match="5 nodes"):
        list(mags(5, frozenset()))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"independences": [{"X": "A", "Y": "A"}]}, "no two sets may meet"),
        ({"independences": [{"X": "A"}]}, "need a node each"),
        ({"independences": {}}, "must be a list"),
        ({"independences": [], "latents": "yes"}, "neither true nor false"),
    ],
)
def test_what_makes_no_sense_is_named(query: dict[str, Any], message: str) -> None:
    """By field and value."""
    with pytest.raises(MalformedCase, match=message):
        calculate({"graph": {"nodes": ["A", "B"]}, "query": {"kind": "cpdag_from_independences", **query}})
