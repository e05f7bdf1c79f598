"""While the service only reads: writing is refused with a reason, reading goes on, and it can be ended."""

from __future__ import annotations

from collections.abc import Callable

from starlette.testclient import TestClient

from causal_eval.store.suites import StoredSet

Client = Callable[..., TestClient]


def test_writing_is_refused_and_reading_goes_on(client: Client, question_set: StoredSet) -> None:
    """503 with the reason and when to come again; whoever turned the switch can turn it back."""
    order = {"answerer": "baseline/oracle", "question_set": question_set.digest}
    admin, switch = client("admin"), "/api/v1/switches/READ_ONLY"
    assert admin.put(switch, json={"value": "true", "reason": "the disk is moved"}).status_code == 200
    refused = client("evaluator").post("/api/v1/evaluations", json=order)
    assert refused.status_code == 503
    assert refused.json()["type"] == "urn:causal-eval:problem:read-only-mode"
    assert "the disk is moved" in refused.json()["detail"]
    assert "Retry-After" in refused.headers
    assert client("viewer").get("/api/v1/evaluations").status_code == 200
    assert admin.delete(switch).status_code == 204
    assert client("evaluator").post("/api/v1/evaluations", json=order).status_code in {201, 202}
