"""Live events: told from where a listener left off, until the evaluation has ended or the server stops."""

from __future__ import annotations

from collections.abc import Callable

from starlette.testclient import TestClient

from causal_eval.store.suites import StoredSet

PATH = "/api/v1/evaluations"


def test_events_are_told_once_and_end(client: Callable[..., TestClient], question_set: StoredSet) -> None:
    """All events of one that has ended, then only those after the last that was seen, then nothing."""
    evaluator = client("evaluator")
    order = {"answerer": "baseline/oracle", "question_set": question_set.digest}
    path = f"{PATH}/{evaluator.post(PATH, json=order).json()['id']}"
    evaluator.post(f"{path}/cancel")
    told = evaluator.get(f"{path}/events")
    assert told.headers["Content-Type"].startswith("text/event-stream")
    assert [line for line in told.text.splitlines() if line.startswith("event")] == [
        "event: created",
        "event: cancelled",
    ]
    ids = [line.removeprefix("id: ") for line in told.text.splitlines() if line.startswith("id")]
    later = evaluator.get(f"{path}/events", headers={"Last-Event-ID": ids[0]})
    assert "created" not in later.text
    assert evaluator.get(f"{path}/events", headers={"Last-Event-ID": ids[1]}).status_code == 204


def test_a_server_that_stops_lets_listeners_go(client: Callable[..., TestClient], question_set: StoredSet) -> None:
    """The stream of an evaluation under way ends when the door is closing."""
    evaluator = client("evaluator")
    order = {"answerer": "baseline/oracle", "question_set": question_set.digest}
    path = f"{PATH}/{evaluator.post(PATH, json=order).json()['id']}"
    evaluator.app.state.door.stopping.set()  # type: ignore[attr-defined]  # an ASGI application in general has none
    assert evaluator.get(f"{path}/events").status_code == 200
    assert evaluator.get("/health/ready").status_code == 503
