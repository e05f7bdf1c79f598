"""Retention: what is older than a project wants is deleted, bit by bit, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import pytest
from sqlalchemy import func, select

from causal_eval.errors import UnknownName
from causal_eval.performing.shards import Performing
from causal_eval.providers.window import Window
from causal_eval.service import audit, jobs, projects, retention
from causal_eval.service.access import Caller, Role
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.jobs import JobOrder
from causal_eval.service.wiring import Visit
from causal_eval.store.projects import Rules
from causal_eval.store.tables import attempts, verdicts

pytestmark = pytest.mark.anyio
DAY = 86_400.0


class Movable(Protocol):
    """The clock of the tests."""

    now: float


@pytest.fixture
def admin(visit: Visit, caller: Callable[..., Caller]) -> Visit:
    """An admin of the same project."""
    return Visit(visit.service, caller(Role.ADMIN))


async def _carried_out(visit: Visit, engine: MemoryEngine, wanted: JobOrder) -> str:
    placed = jobs.order(visit, wanted).evaluation.id
    performing = Performing(visit.service, stop=lambda: False, cap=Window(100))
    await asyncio.gather(*(performing(job.id) for job in engine.queued if job.id.startswith(placed)))
    await performing.close()
    return placed


def _count(visit: Visit) -> tuple[int, int]:
    with visit.service.store.reading() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(one)).scalar_one() for one in (attempts, verdicts)
        ]
    return counts[0], counts[1]


@pytest.mark.slow
async def test_what_is_too_old_goes_and_the_rest_stays(
    visit: Visit, admin: Visit, engine: MemoryEngine, wanted: JobOrder, clock: Movable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing without a rule; with one, the old evaluation in small batches, never the young one or an open one."""
    monkeypatch.setattr(retention, "BATCH", 100)
    old = await _carried_out(visit, engine, wanted)
    still_open = jobs.order(visit, wanted).evaluation.id
    clock.now += 10 * DAY
    young = await _carried_out(visit, engine, wanted)
    assert retention.sweep(visit.service) == 0
    projects.set_rules(admin, "local", rules=Rules(retention_days=5))
    kept, judged = _count(visit)
    assert retention.sweep(visit.service) > 250
    assert _count(visit) == (kept - 250, judged - 250)
    with pytest.raises(UnknownName):
        jobs.find(visit, old)
    assert jobs.find(visit, young).job.ended_at is not None
    assert jobs.find(visit, still_open).job.ended_at is None
    assert retention.sweep(visit.service) == 0
    told = [noted.entry for noted in audit.listed(admin) if noted.entry.action == "retention.delete"]
    assert [(entry.actor, entry.target, entry.project) for entry in told] == [("system", old, "local")]


async def test_a_sweep_does_a_little_at_a_time(
    visit: Visit, admin: Visit, engine: MemoryEngine, wanted: JobOrder, clock: Movable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stops after so many transactions, and the next goes on."""
    monkeypatch.setattr(retention, "BATCH", 100)
    monkeypatch.setattr(retention, "MOST_AT_ONCE", 2)
    await _carried_out(visit, engine, wanted)
    clock.now += 10 * DAY
    projects.set_rules(admin, "local", rules=Rules(retention_days=5))
    assert retention.sweep(visit.service) == 200
    assert retention.sweep(visit.service) > 50
    assert retention.sweep(visit.service) == 0
    assert _count(visit) == (0, 0)
