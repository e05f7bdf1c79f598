"""A job with a rule: done as soon as enough is known, whoever carries it out, and never asked for more."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.performing.test_shards import performing

from causal_eval.errors import UnknownName, UsageError
from causal_eval.mock.answers import Fixed
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.performing.ending import STOPPED
from causal_eval.service import jobs, results
from causal_eval.service.answering import Call
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.following import looked
from causal_eval.service.jobs import JobOrder
from causal_eval.service.wiring import Visit
from causal_eval.store.jobs import JobStatus

pytestmark = pytest.mark.anyio


@pytest.mark.slow
async def test_a_job_ends_when_its_rule_is_met(
    visit: Visit, engine: MemoryEngine, wanted: JobOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Far fewer than 250 are asked, the job is done and scored, and tried again it asks nobody."""
    monkeypatch.chdir(visit.service.settings.data_dir)
    async with MockServer(MockConfig(answers=Fixed("ANSWER: yes"), latency=0.05)) as mock:
        settings = replace(visit.service.settings, credentials={"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": mock.url})
        visit = replace(visit, service=replace(visit.service, settings=settings))
        order = replace(wanted, answerer="openai/gpt-x", call=Call(max_connections=4), until_ci="20pts")
        placed = jobs.order(visit, order).evaluation.id
        async with performing(visit.service) as hands, asyncio.timeout(60):
            watching = asyncio.create_task(hands.watch())
            await asyncio.gather(*(hands(job.id) for job in engine.queued))
            job, kept = jobs.find(visit, placed).job, results.counts(visit, placed).kept
            assert (job.status, job.note) == (JobStatus.DONE, STOPPED)
            assert 10 < kept < 200
            jobs.retry(visit, placed)
            await asyncio.gather(*(hands(job.id) for job in engine.queued))
            watching.cancel()
    assert jobs.find(visit, placed).job.status is JobStatus.DONE
    assert results.counts(visit, placed).kept == kept
    found = looked(visit, placed).found
    assert found.score.after is not None
    assert found.score.after.clusters <= kept


async def test_a_rule_that_cannot_be_is_refused(visit: Visit, wanted: JobOrder) -> None:
    """Before anything is begun: no width, no such baseline, a margin that counts from nothing."""
    with pytest.raises(UsageError, match="until_ci is '3'"):
        jobs.order(visit, replace(wanted, until_ci="3"))
    with pytest.raises(UnknownName):
        jobs.order(visit, replace(wanted, decide_against="ev-none"))
    with pytest.raises(UsageError, match="margin is given without a baseline"):
        jobs.order(visit, replace(wanted, margin="2pts"))
    assert not jobs.listed(visit)


@pytest.mark.slow
async def test_two_jobs_are_decided(visit: Visit, engine: MemoryEngine, wanted: JobOrder) -> None:
    """A shortcut is shown to be worse than the oracle, by the rule it was ordered with, as whoever looks is told."""
    first = jobs.order(visit, wanted).evaluation.id
    other = jobs.order(visit, replace(wanted, answerer="baseline/random", decide_against=first)).evaluation.id
    async with performing(visit.service) as hands:
        for job in engine.queued:
            await hands(job.id)
    found = looked(visit, other)
    assert found.rule.baseline == first
    assert found.found.reached is not None
    assert found.found.reached.value == "worse"
