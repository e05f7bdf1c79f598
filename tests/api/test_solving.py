"""Cases over HTTP: what the mathematics leaves open is told as the command tells it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from causal_eval.service import solving

Client = Callable[..., TestClient]

OPEN: dict[str, Any] = {
    "graph": {"nodes": ["X", "Y"], "directed": [["X", "Y"]]},
    "scm": {
        "cpts": {
            "X": {"parents": [], "table": {"": ["1/2", "1/2"]}},
            "Y": {"parents": ["X"], "table": {"0": ["3/5", "2/5"], "1": ["3/10", "7/10"]}},
        }
    },
    "query": {"kind": "counterfactual", "event": {"Y": 1}, "do": {"X": 1}, "evidence": {"X": 0, "Y": 0}},
}


def test_what_is_not_determined_comes_with_two_models(client: Client) -> None:
    """The problem has the answer's word and the certificate, and each of its cases can be asked again."""
    refused = client("admin").post("/api/v1/solve", json=OPEN)
    assert refused.status_code == 422
    problem = refused.json()
    assert (problem["answer"], problem["type"]) == ("not_determined", "urn:causal-eval:problem:not-determined")
    for end in ("low", "high"):
        found = problem["certificate"][end]
        assert client("admin").post("/api/v1/solve", json=found["case"]).json()["answer"] == found["value"]


def test_what_is_malformed_has_no_answer(client: Client) -> None:
    """A case that makes no sense is no result."""
    problem = client("admin").post("/api/v1/solve", json=OPEN | {"query": {"kind": "counterfactual"}}).json()
    assert "answer" not in problem
    assert "certificate" not in problem


def test_a_request_ends_within_its_time(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the problem of what is too large, with the limit and what to do."""
    side = range(9)
    edges = [f"V{a}{b} -> V{a}{b + 1}, V{b}{a} -> V{b + 1}{a}" for a in range(10) for b in side]
    case = {"graph": ", ".join(edges), "query": {"kind": "minimal_separators", "X": "V00", "Y": "V99"}}
    monkeypatch.setattr(solving, "SOLVE_SECONDS", 0.2)
    refused = client("admin").post("/api/v1/solve", json=case)
    assert refused.status_code == 422
    problem = refused.json()
    assert problem["answer"] == "too_large"
    assert "0.2 s, which is what one request may take" in problem["detail"]
