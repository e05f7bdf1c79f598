"""Shards carried out in this process: done, halted, cancelled, and tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from causal_eval.mock.answers import Fixed
from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.performing.shards import Performing
from causal_eval.providers.window import Window
from causal_eval.service import jobs, results
from causal_eval.service.answering import Call
from causal_eval.service.engine import HandBack
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.jobs import JobOrder
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.events import events_after
from causal_eval.store.jobs import JobStatus, list_shards
from causal_eval.store.shards import claim

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def performing(service: Service, stop: Callable[[], bool] = lambda: False) -> AsyncIterator[Performing]:
    """What carries out shards."""
    hands = Performing(service, stop=stop, cap=Window(100))
    try:
        yield hands
    finally:
        await hands.close()


async def test_all_shards_make_a_job_that_is_done(visit: Visit, engine: MemoryEngine, wanted: JobOrder) -> None:
    """Every question has its outcome and verdict, the job is scored and done, and that is said once."""
    placed = jobs.order(visit, wanted).evaluation.id
    async with performing(visit.service) as hands:
        await asyncio.gather(*(hands(job.id) for job in engine.queued))
        await hands(engine.queued[0].id)  # once more changes nothing
    assert jobs.find(visit, placed).job.status is JobStatus.DONE
    found = results.counts(visit, placed)
    assert (found.kept, found.wanted) == (250, 250)
    assert results.scored(visit, placed)[0].kept == 250
    with visit.service.store.reading() as connection:
        assert [one.kind for one in events_after(connection, placed, after=0)].count("done") == 1


@pytest.mark.slow
async def test_a_provider_that_refuses_halts_the_job(
    visit: Visit, engine: MemoryEngine, wanted: JobOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job says why in one line, its shards are over, and once the key is good again what is missing is asked."""
    monkeypatch.chdir(visit.service.settings.data_dir)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    async with MockServer(
        MockConfig(answers=Fixed("ANSWER: yes"), faults=(Fault(Mode.UNAUTHORIZED, first=1),))
    ) as mock:
        monkeypatch.setenv("OPENAI_BASE_URL", mock.url)
        settings = replace(visit.service.settings, credentials={"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": mock.url})
        visit = replace(visit, service=replace(visit.service, settings=settings))
        order = replace(wanted, answerer="openai/gpt-x", call=Call(max_connections=4))
        placed = jobs.order(visit, order).evaluation.id
        async with performing(visit.service) as hands, asyncio.timeout(60):
            await asyncio.gather(*(hands(job.id) for job in engine.queued))
            job = jobs.find(visit, placed).job
            assert job.status is JobStatus.HALTED
            assert "401" in job.note
            assert "\n" not in job.note
            assert jobs.retry(visit, placed).job.status is JobStatus.OPEN
            await asyncio.gather(*(hands(job.id) for job in engine.queued))
    assert jobs.find(visit, placed).job.status is JobStatus.DONE
    assert results.counts(visit, placed).kept == 250


async def test_a_worker_that_ends_hands_back(visit: Visit, engine: MemoryEngine, wanted: JobOrder) -> None:
    """A shard that comes while the process ends is not begun."""
    jobs.order(visit, wanted)
    async with performing(visit.service, stop=lambda: True) as hands:
        with pytest.raises(HandBack):
            await hands(engine.queued[0].id)


async def test_a_cancelled_job_is_not_begun(visit: Visit, engine: MemoryEngine, wanted: JobOrder) -> None:
    """The shard sees the job's own flag, whatever the engine says."""
    placed = jobs.order(visit, wanted).evaluation.id
    first = engine.queued[0].id
    jobs.cancel(visit, placed)
    async with performing(visit.service) as hands:
        await hands(first)
    assert results.counts(visit, placed).kept == 0


async def test_a_shard_that_is_somebody_elses_is_left_to_them(
    visit: Visit, engine: MemoryEngine, wanted: JobOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim that is taken over before its first write keeps nothing, and is counted."""
    placed = jobs.order(visit, wanted).evaluation.id
    first = engine.queued[0].id
    async with performing(visit.service) as hands:
        entered = hands._enter

        async def taken_over(evaluation: str) -> object:
            with visit.service.store.writing() as connection:
                assert claim(connection, first, owner="another", at=0.0) is not None
            return await entered(evaluation)

        monkeypatch.setattr(hands, "_enter", taken_over)
        await hands(first)
    with visit.service.store.reading() as connection:
        part = list_shards(connection, placed)[0]
    assert (part.owner, part.fenced, part.status) == ("another", 1, "open")
    assert results.counts(visit, placed).kept == 0
