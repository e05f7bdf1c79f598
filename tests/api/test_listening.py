"""Live events: told from where a listener left off, until the evaluation has ended or the server stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from causal_eval.api.app import make_app
from causal_eval.api.listening import Hub
from causal_eval.api.who import Door
from causal_eval.service import jobs
from causal_eval.service.accounts import local_caller
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.jobs import JobStatus
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


@pytest.mark.anyio
async def test_when_who_looks_for_all_leaves_another_does(service: Service, question_set: StoredSet) -> None:
    """The end of an evaluation is heard soon after the listener that looked for all has gone."""
    visit, hub = Visit(service, local_caller("")), Hub()
    at: Door = make_app(service, open_to_all=True).state.door
    first, second = (
        jobs.order(visit, jobs.JobOrder("baseline/oracle", question_set.digest)).evaluation.id for _ in range(2)
    )

    async def hear_the_end(name: str) -> None:
        while True:
            bell = hub.bell(name)
            try:
                if jobs.find(visit, name).job.status is not JobStatus.OPEN:
                    return
                await hub.wait(at, bell)
            finally:
                hub.silence(name, bell)

    looks, waits = asyncio.create_task(hear_the_end(first)), asyncio.create_task(hear_the_end(second))
    for _ in range(3):  # both wait, the first for all
        await asyncio.sleep(0)
    looks.cancel()
    await asyncio.wait({looks})
    jobs.cancel(visit, second)
    await asyncio.wait_for(waits, 8)
