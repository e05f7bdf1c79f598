"""Caps on money: two workers stop together before a cap is passed, and a larger one lets them go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from tests.asked import asked

from causal_eval.errors import UsageError
from causal_eval.evaluation.attempt import Ask
from causal_eval.mock.answers import Fixed
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.performing.shards import Performing
from causal_eval.providers.window import Window
from causal_eval.service import jobs, results
from causal_eval.service.answering import Call
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.jobs import JobOrder
from causal_eval.service.purse import Decision, Purse
from causal_eval.service.wiring import Visit
from causal_eval.store.database import open_store
from causal_eval.store.events import events_after
from causal_eval.store.jobs import JobStatus
from causal_eval.store.projects import save_rules
from causal_eval.store.suites import keep_set

pytestmark = pytest.mark.anyio

WIDTH = 4
"""Calls that each of two workers may have open."""


@pytest.fixture
async def priced(
    visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> AsyncIterator[Visit]:
    """An evaluator at a service over either database with a provider, each of whose tokens costs a cent."""
    store = open_store(database_url)
    keep_set(store, (asked(f"q-{number}") for number in range(250)), name="q.jsonl")
    table = tmp_path / "prices.toml"
    table.write_text('["openai/gpt-x"]\ninput = 10000\noutput = 10000\n')
    async with MockServer(MockConfig(answers=Fixed("ANSWER: yes"))) as mock:
        credentials = {"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": mock.url}
        for name, value in credentials.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        settings = replace(visit.service.settings, credentials=credentials, prices=table)
        yield replace(visit, service=replace(visit.service, settings=settings, store=store))
    store.close()


def ordered(visit: Visit, wanted: JobOrder, budget: str | None) -> str:
    """An evaluation of that provider."""
    order = replace(
        wanted, answerer="openai/gpt-x", call=Call(max_connections=WIDTH, cache="off", max_tokens=8), budget=budget
    )
    return jobs.order(visit, order).evaluation.id


async def carry_out(visit: Visit, engine: MemoryEngine) -> None:
    """Let two workers carry out everything."""
    crew = [Performing(visit.service, stop=lambda: False, cap=Window(100)) for _ in range(2)]
    async with asyncio.timeout(60):
        await asyncio.gather(*(crew[place % 2](job.id) for place, job in enumerate(engine.queued)))
    for hands in crew:
        await hands.close()


@pytest.mark.slow
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
    assert 5 - each < spent <= 5  # three shards of four calls, and none is paid that does not fit
    with priced.service.store.reading() as connection:
        assert events_after(connection, placed, after=0)[-1].kind == "halted"

    jobs.retry(priced, placed, budget="100000")
    await carry_out(priced, engine)
    assert jobs.find(priced, placed).job.status is JobStatus.DONE
    assert results.counts(priced, placed).kept == 250


@pytest.mark.slow
async def test_a_projects_cap_is_for_all_its_jobs(priced: Visit, engine: MemoryEngine, wanted: JobOrder) -> None:
    """What one job has spent this month leaves the next one less; the cap's end is the next month."""
    with priced.service.store.writing() as connection:
        save_rules(connection, "local", values={"monthly_cap": "5", "retention_days": None})
    first, second = ordered(priced, wanted, None), ordered(priced, wanted, None)
    await carry_out(priced, engine)
    assert {jobs.find(priced, one).job.status for one in (first, second)} == {JobStatus.OVER_BUDGET}
    assert "monthly_cap" in jobs.find(priced, first).job.note
    later = replace(priced.service, clock=lambda: 4_000_000_000.0)
    decision = Purse(later, jobs.find(priced, first).evaluation).decide(Fraction(0), [Fraction(1)])
    assert (len(decision.granted), decision.said) == (1, "")


async def test_what_is_set_aside_never_passes_the_cap(priced: Visit, wanted: JobOrder) -> None:
    """Of calls that many workers want to begin at once as many begin as fit; others wait until money is free again."""
    evaluation = jobs.find(priced, ordered(priced, wanted, "7.50")).evaluation
    purses = [Purse(priced.service, evaluation) for _ in range(4)]
    asks = [Ask(asked(f"a-{number}"), 0) for number in range(20)]
    over, begun, enough = asyncio.Event(), list[tuple[Purse, Ask]](), asyncio.Event()

    async def begin(place: int) -> None:
        purse, ask = purses[place % 4], asks[place]
        said = await purse.reserve(ask, Fraction(1), do=asyncio.to_thread, closed=over.is_set)
        assert said == ""
        if not over.is_set():
            begun.append((purse, ask))
            if len(begun) >= 7:
                enough.set()

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for place in range(20):
            group.create_task(begin(place))
        await enough.wait()
        for purse in purses:  # each has looked again
            held = Fraction(sum(owner is purse for owner, _ in begun))
            assert await asyncio.to_thread(purse.decide, held, [Fraction(1)]) == Decision([], "")
        assert len(begun) == 7
        begun[0][0].settle(begun[0][1])
        assert begun[0][0].has_more_aside
        await begun[0][0].renew(asyncio.to_thread)
        enough.clear()
        await enough.wait()
        assert len(begun) == 8
        over.set()
    for purse in purses:
        await asyncio.to_thread(purse.close)
    assert Purse(priced.service, evaluation).decide(Fraction(0), [Fraction(8)]).said.startswith("the budget of $7.50")


async def test_a_budget_without_a_price_is_refused(visit: Visit, wanted: JobOrder) -> None:
    """Where nobody knows what a reply costs, a cap on money would hold nothing back."""
    credentials = {"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": "http://127.0.0.1:9"}
    settings = replace(visit.service.settings, credentials=credentials)
    with pytest.raises(UsageError, match="CEB_PRICES"):
        ordered(replace(visit, service=replace(visit.service, settings=settings)), wanted, "5")
