"""What is kept is checked: whole when nothing was touched, and every change is found and named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import text

from causal_eval.performing.shards import Performing
from causal_eval.providers.window import Window
from causal_eval.service import jobs
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.invariants import violations
from causal_eval.service.jobs import JobOrder
from causal_eval.service.wiring import Visit

pytestmark = pytest.mark.anyio


@pytest.fixture
async def done(visit: Visit, engine: MemoryEngine, wanted: JobOrder) -> str:
    """An evaluation that was carried out."""
    placed = jobs.order(visit, wanted).evaluation.id
    hands = Performing(visit.service, stop=lambda: False, cap=Window(100))
    await asyncio.gather(*(hands(job.id) for job in engine.queued))
    await hands.close()
    return placed


async def test_nothing_is_found_where_nothing_was_touched(visit: Visit, done: str) -> None:
    """An evaluation that was carried out satisfies every rule."""
    assert done
    assert list(violations(visit.service)) == []


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ("UPDATE attempts SET text = 'ANSWER: no' WHERE id = 7", ["content hash"]),
        ("UPDATE attempts SET answerer = 'x/y' WHERE id = 7", ["served", "content hash", "scores"]),
        ("UPDATE scores SET score = 0.25 WHERE place = 0", ["scores"]),
        ("UPDATE audit SET actor = 'nobody' WHERE id = 1", ["audit chain"]),
        ("UPDATE jobs SET status = 'open'", ["open job"]),
        ("UPDATE questions SET body = CAST(body || ' ' AS BLOB) WHERE id = 'q-3'", ["content hash"]),
        ("DELETE FROM verdicts WHERE attempt_id = 7; DELETE FROM attempts WHERE id = 7", ["whole shard"]),
    ],
)
async def test_every_change_is_found(
    visit: Visit, done: str, clock: Callable[[], float], change: str, rules: list[str]
) -> None:
    """What somebody changed behind the program's back is named by the rule that it breaks."""
    assert done
    clock.now += 3600  # type: ignore[attr-defined]  # the clock of these tests stands
    with visit.service.store.writing() as connection:
        for statement in change.split(";"):
            connection.execute(text(statement))
    assert [one.rule for one in violations(visit.service)] == rules
