"""Requests are told to traces by route, with the evaluation that they are about; polls of machines are not."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.api.conftest import Callers

from causal_eval.api.app import make_app
from causal_eval.api.tracing import install
from causal_eval.operations.asked import Asked
from causal_eval.operations.notices import Event
from causal_eval.service.access import Role
from causal_eval.service.wiring import Service
from causal_eval.store.suites import StoredSet


class Kept(list[Asked]):
    """Traces that are kept."""

    def hear(self, event: Event) -> None:
        """Nothing."""

    def answered(self, asked: Asked) -> None:
        """Keep it."""
        self.append(asked)

    def close(self) -> None:
        """Nothing."""


@pytest.fixture
def kept() -> Kept:
    """What was told."""
    return Kept()


@pytest.fixture
def http(service: Service, callers: Callers, kept: Kept) -> TestClient:
    """A client of an editor."""
    app = make_app(service, identify=callers)
    install(app, kept)
    headers = {"Authorization": f"Bearer {Role.ADMIN}"}
    return TestClient(app, headers=headers, raise_server_exceptions=False)


def test_requests_are_told(http: TestClient, kept: Kept, question_set: StoredSet) -> None:
    """The one that began an evaluation, and those that are about it; by the id that the answer has."""
    order = {"answerer": "baseline/association", "question_set": question_set.digest}
    answer = http.post("/api/v1/evaluations", json=order, headers={"traceparent": "p"})
    made = answer.json()["id"]
    http.get(f"/api/v1/evaluations/{made}")
    http.get("/api/v1/nothing/secret")
    first, second, third = kept
    assert (first.method, first.route, first.status) == ("POST", "/api/v1/evaluations", 201)
    assert (first.evaluation, first.made, first.parent) == (made, True, "p")
    assert first.request_id == answer.headers["x-request-id"]
    assert first.began <= first.ended
    assert (second.route, second.evaluation, second.made) == ("/api/v1/evaluations/{evaluation}", made, False)
    assert (third.status, third.route, third.evaluation) == (404, "unmatched", "")


def test_polls_are_not(http: TestClient, kept: Kept) -> None:
    """Unless they fail."""
    http.get("/health/live")
    assert not kept
    http.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1"})
    assert [one.status for one in kept] == [404]
