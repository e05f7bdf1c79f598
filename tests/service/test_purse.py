"""Caps on money: two workers stop together, at most what was open is paid beyond, and a larger cap lets them go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from causal_eval.errors import UsageError
from causal_eval.mock.answers import Fixed
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.performing.shards import Performing
from causal_eval.providers.window import Window
from causal_eval.service import jobs, results
from causal_eval.service.answering import Call
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.jobs import JobOrder
from causal_eval.service.purse import Purse
from causal_eval.service.wiring import Visit
from causal_eval.store.events import events_after
from causal_eval.store.jobs import JobStatus
from causal_eval.store.projects import save_rules

pytestmark = pytest.mark.anyio

WIDTH = 4
"""Calls that each of two workers may have open."""


@pytest.fixture
async def priced(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Visit]:
    """An evaluator at a service with a provider, each of whose tokens costs a cent."""
    table = tmp_path / "prices.toml"
    table.write_text('["openai/gpt-x"]\ninput = 10000\noutput = 10000\n')
    async with MockServer(MockConfig(answers=Fixed("ANSWER: yes"))) as mock:
        credentials = {"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": mock.url}
        for name, value in credentials.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        settings = replace(visit.service.settings, credentials=credentials, prices=table)
        yield replace(visit, service=replace(visit.service, settings=settings))


def ordered(visit: Visit, wanted: JobOrder, budget: str | None) -> str:
    """An evaluation of that provider."""
    order = replace(wanted, answerer="openai/gpt-x", call=Call(max_connections=WIDTH, cache="off"), budget=budget)
    return jobs.order(visit, order).evaluation.id


async def carry_out(visit: Visit, engine: MemoryEngine) -> None:
    """Let two workers carry out everything."""
    crew = [Performing(visit.service, stop=lambda: False, cap=Window(100)) for _ in range(2)]
    async with asyncio.timeout(60):
        await asyncio.gather(*(crew[place % 2](job.id) for place, job in enumerate(engine.queued)))
    for hands in crew:
        await hands.close()


async def test_a_budget_ends_the_job_and_a_larger_one_lets_it_go_on(
    priced: Visit, engine: MemoryEngine, wanted: JobOrder
) -> None:
    """The job is over its budget by no more than what was open, says so in a line, and goes on with a larger one."""
    one = ordered(priced, wanted, None)
    await carry_out(priced, engine)
    kept = results.scored(priced, one)[0]
    assert kept.dollars is not None
    each = kept.dollars / kept.kept
    engine.queued.clear()

    placed = ordered(priced, wanted, "5.00")
    await carry_out(priced, engine)
    job = jobs.find(priced, placed).job
    assert job.status is JobStatus.OVER_BUDGET
    assert "$5.00" in job.note
    spent = each * results.counts(priced, placed).kept
    assert 5 <= spent <= 5 + 3 * WIDTH * each  # three shards: what was let through may still wait for its turn
    with priced.service.store.reading() as connection:
        assert events_after(connection, placed, after=0)[-1].kind == "halted"

    jobs.retry(priced, placed, budget="100000")
    await carry_out(priced, engine)
    assert jobs.find(priced, placed).job.status is JobStatus.DONE
    assert results.counts(priced, placed).kept == 250


async def test_a_projects_cap_is_for_all_its_jobs(priced: Visit, engine: MemoryEngine, wanted: JobOrder) -> None:
    """What one job has spent this month leaves the next one less; the cap's end is the next month."""
    with priced.service.store.writing() as connection:
        save_rules(connection, "local", values={"monthly_cap": "5", "retention_days": None})
    first, second = ordered(priced, wanted, None), ordered(priced, wanted, None)
    await carry_out(priced, engine)
    assert {jobs.find(priced, one).job.status for one in (first, second)} == {JobStatus.OVER_BUDGET}
    assert "monthly_cap" in jobs.find(priced, first).job.note
    later = replace(priced.service, clock=lambda: 4_000_000_000.0)
    assert Purse(later, jobs.find(priced, first).evaluation).look() == ""


async def test_a_budget_without_a_price_is_refused(visit: Visit, wanted: JobOrder) -> None:
    """Where nobody knows what a reply costs, a cap on money would hold nothing back."""
    credentials = {"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": "http://127.0.0.1:9"}
    settings = replace(visit.service.settings, credentials=credentials)
    with pytest.raises(UsageError, match="CEB_PRICES"):
        ordered(replace(visit, service=replace(visit.service, settings=settings)), wanted, "5")
