"""The whole models of bounds: each gives its end when it is solved, and keeps what was stated."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.calculator import calculate, verify
from causal_eval.causal.case import write_case
from causal_eval.causal.graph import Graph
from causal_eval.causal.query import Case, Query
from causal_eval.errors import VerificationMismatch

NAMES = ("A", "B", "C")


def asked_of(kind: str, seed: int) -> dict[str, Any]:
    """A cause, a mediator and an outcome with random tables, and what they leave open."""
    draw = Draw(seed)
    graph = Graph.build(3, [(0, 1), (0, 2), (1, 2)])
    done, seen, happened = ({node: draw.stream.below(2)} for node in NAMES)
    query = {"kind": kind, "X": "A", "Y": "C", "event": happened, "do": done, "evidence": happened | seen}
    whole = write_case(Case(NAMES, graph, draw.positive(graph), Query("probability", event=((0, 1),))))
    return whole | {"query": query | {"bounds": True}}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("kind", ["pn", "ps", "pns", "counterfactual"])
@given(st.integers(0, 1 << 30))
def test_each_end_is_that_of_its_model(kind: str, seed: int) -> None:
    """Solved alone it gives that value, and a node is there as likely as in what was stated."""
    asked = asked_of(kind, seed)
    reply = calculate(asked)
    for end in ("low", "high"):
        found = reply.certificate[end]
        assert calculate(found["case"]).answer == found["value"]
        for node in NAMES:
            seen = {"query": {"kind": "probability", "event": {node: 1}}}
            assert calculate(found["case"] | seen).answer == calculate(asked | seen).answer


def test_a_model_that_is_another_is_refused() -> None:
    """The model of the one end does not stand for the other."""
    asked = asked_of("pns", 3)
    reply = calculate(asked)
    low, high = (reply.certificate[end] for end in ("low", "high"))
    assert low["value"] != high["value"]
    verify(asked, reply)
    changed = reply.certificate | {"low": low | {"case": high["case"]}}
    with pytest.raises(VerificationMismatch, match="case of the low end"):
        verify(asked, dataclasses.replace(reply, certificate=changed))
