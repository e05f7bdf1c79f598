"""Transported effects: the printed formula holds in models that differ where they may, and both solvers agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.calculator import calculate, verify
from causal_eval.causal.formula import read_formula, written
from causal_eval.causal.graph import mask_of
from causal_eval.causal.kinds.transport import holds
from causal_eval.causal.second.transport import Place, transportable
from causal_eval.causal.transport import Population, Transported, transported
from causal_eval.errors import MalformedCase

NAMES = ("A", "B", "C", "D", "E")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 30))
def test_both_solvers_agree_and_the_formula_holds(seed: int) -> None:
    """Over random graphs, experiments and differences."""
    draw = Draw(seed)
    g = draw.graph(draw.stream.between(3, 5), density=55, bidirected=25)
    x, y, *_ = draw.stream.shuffled(range(g.n))

    def some() -> int:
        return mask_of(node for node in range(g.n) if draw.stream.chance(1, 3))

    populations = [Population(""), *(Population(name, some() & ~(1 << y), some()) for name in ("p", "q"))]
    places = [Place(one.name, one.done, one.differs) for one in populations]
    found = transported(g, 1 << x, y=1 << y, populations=populations)
    assert isinstance(found, Transported) == transportable(g, 1 << x, y=1 << y, places=places)
    if isinstance(found, Transported) and len(g.bidirected_edges()) < 5:
        formula = read_formula(written(found.formula, NAMES), NAMES)
        assert holds(g, formula, x=1 << x, y=1 << y, places=places, seed=seed)


SURROGATES = {"surrogate_outcomes": {"p": ["Y"]}, "surrogate_interventions": {"q": ["X"]}}


def case(text: str, **query: Any) -> dict[str, Any]:
    """A question of X and Y in a graph."""
    return {"graph": text, "query": {"X": "X", "Y": "Y", **query}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Z -> X, Y; X -> Y; S -> Z", "sum_{Z} P(Z) P_{source}(Y|do(X),Z)"),
        ("Z -> X, Y; X -> Y; X <-> Y; S -> Z", "sum_{Z} P(Z) P_{source}(Y|do(X),Z)"),
        ("X -> Z -> Y; X <-> Y; S -> Z", "sum_{Z} P(Z|X) P_{source}(Y|do(X),Z)"),
        ("X -> Y; X <-> Y; S -> X", "P_{source}(Y|do(X))"),
        ("X -> Y; X <-> Y; S -> Y", None),
        ("X -> Y; S -> Y", "P(Y|X)"),
    ],
)
def test_published_graphs(text: str, expected: str | None) -> None:
    """Recalibration by age and by a mediator (Pearl and Bareinboim 2014, figures 3 and 6), and what can't be had."""
    asked = case(text, kind="transport_formula", selection_node="S")
    reply = calculate(asked)
    verify(asked, reply)
    assert reply.answer["transportable"] is (expected is not None)
    assert reply.answer.get("estimand") == expected


def test_several_domains_are_named() -> None:
    """Each factor from where it can be had."""
    domains = {"lab": {"selection": ["Z"], "experiments": [["X"]]}, "": {}}
    reply = calculate(case("Z -> X, Y; X -> Y; X <-> Y", kind="transport_formula", domains=domains))
    assert reply.answer["estimand"] == "sum_{Z} P(Z) P_{lab}(Y|do(X),Z)"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"kind": "transport_formula", "selection_node": "Y"}, "no causes"),
        ({"kind": "transport_identifiable", "surrogate_outcomes": {"p": ["Y"]}}, "surrogate_interventions"),
        (
            {
                "kind": "transport_identifiable",
                "surrogate_outcomes": {"p": ["Y"]},
                "surrogate_interventions": {"q": ["X"]},
            },
            "different populations",
        ),
        ({"kind": "transport_formula", "domains": {"p": {"selection": ["Q"]}}}, "'Q'"),
    ],
)
def test_what_makes_no_sense_is_named(query: dict[str, Any], message: str) -> None:
    """By field and value."""
    with pytest.raises(MalformedCase, match=message):
        calculate(case("X -> Y", **query))
