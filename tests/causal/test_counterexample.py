"""Where an effect is not identifiable, two positive models agree on all that is observed and differ on it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.causal.drawing import Draw
from tests.causal.test_estimands import case

from causal_eval.causal.calculator import Reply, calculate, verify
from causal_eval.causal.counterexample import pair_of, same_observed
from causal_eval.causal.districts import projected
from causal_eval.causal.hedge import forest_of, smaller
from causal_eval.causal.identify import Hedge, identify_conditional
from causal_eval.causal.sampled import Effect
from causal_eval.errors import VerificationMismatch

BOW = case("X->Y, X<->Y", "X", y="Y")


@settings(max_examples=80)
@given(st.integers(0, 1 << 30))
def test_two_models_tell(seed: int) -> None:
    """Whatever the hedge, and whatever is conditioned on."""
    draw = Draw(seed)
    g = projected(draw.graph(draw.stream.between(2, 6), bidirected=35, latent=5))
    x, y, z = (sum(1 << node for node in part) & g.observed for part in draw.nodes(g, 1, 1, seed % 3))
    assume(x and y)
    moved = identify_conditional(g, x, y=y, z=z)
    assume(isinstance(moved.plan, Hedge))
    assert isinstance(moved.plan, Hedge)
    forest = forest_of(g, smaller(g, moved.plan, x=moved.x), x=moved.x, targets=(y, moved.z))
    pair = pair_of(g, "ABCDEFGH"[: g.n], forest=forest, asked=Effect(moved.x, y, moved.z))
    assert pair is not None
    assert same_observed(pair)
    assert pair.values[0] != pair.values[1]


@pytest.mark.parametrize(
    "asked",
    [
        BOW,
        case("X->Z, Z->Y, X<->Z", "X", y="Y"),
        case("X->R, R->W, W->Y, X<->R, X<->Y, R<->Y", "X", y="Y"),
        case("X->Z, X<->Z, Z<->Y", "X", y="Y", z="Z"),
        case("Z1->X, X->Z2, Z2->Y, X<->Z1, X<->Y, Z2<->Z1, Y<->Z1", "X", y="Y"),
    ],
    ids=["bow", "figure 1b", "a path through F", "only the condition moves", "figure 1h"],
)
def test_certificates(asked: dict[str, Any]) -> None:
    """The hedge is one, and both models are cases whose numbers both solvers find."""
    reply = calculate(asked)
    assert reply.answer["identifiable"] is False
    verify(asked, reply)
    query, values = reply.certificate["query"], reply.certificate["values"]
    assert [str(calculate({**model, "query": query}).answer) for model in reply.certificate["models"]] == values
    for model in reply.certificate["models"]:
        verify({**model, "query": query}, calculate({**model, "query": query}))


def test_latent_nodes_of_the_case_are_those_of_the_models() -> None:
    """A latent root takes what its children share, several coins at once; only what has no host is a new node."""
    graph: dict[str, Any] = {
        "nodes": ["U", "L", "X", "M", "Y"],
        "directed": [["U", "X"], ["U", "M"], ["U", "Y"], ["L", "Y"], ["X", "M"], ["M", "Y"]],
        "latent": ["U", "L"],
    }
    asked = {"graph": graph, "query": {"kind": "effect", "X": ["X"], "Y": ["Y"]}}
    reply = calculate(asked)
    verify(asked, reply)
    assert len(reply.certificate["models"]) == 2
    for model in reply.certificate["models"]:
        assert model["graph"]["nodes"] == graph["nodes"]
        assert all(edge in graph["directed"] for edge in model["graph"]["directed"])


def test_forged_certificates_are_found() -> None:
    """A hedge that is none, models that are one, a value that is another, an estimand of something else."""
    reply = calculate(BOW)
    whole = reply.certificate
    forged = [
        whole | {"hedge": whole["hedge"] | {"F'": ["X"]}},
        whole | {"hedge": whole["hedge"] | {"F": ["Y"]}},
        whole | {"models": [whole["models"][0]] * 2},
        whole | {"values": whole["values"][::-1]},
        whole | {"models": calculate(case("Y->X, X<->Y", "Y", y="X")).certificate["models"]},
    ]
    for certificate in forged:
        with pytest.raises(VerificationMismatch):
            verify(BOW, Reply(reply.answer, reply.method, (), certificate))
    plain = case("X->Y, Z->X, Z->Y", "X", y="Y")
    with pytest.raises(VerificationMismatch, match="is not the effect"):
        verify(plain, Reply({"identifiable": True, "estimand": "P(Y|X)"}, "", (), {}))
