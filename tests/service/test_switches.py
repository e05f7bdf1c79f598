"""Switches: set for a while or for good, taken back, logged, and heeded by workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from causal_eval.errors import NotAllowed, UsageError
from causal_eval.mock.answers import Fixed
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.performing.shards import Performing
from causal_eval.providers.window import Window
from causal_eval.service import jobs, results, switches
from causal_eval.service.access import Caller, Role
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.jobs import JobOrder
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.audit import entries
from causal_eval.store.shards import unfinished
from causal_eval.store.switches import switched

CAP, OFF = "MAX_CONCURRENT_API_CALLS", "DISABLED_PROVIDERS"


@pytest.fixture
def operator(service: Service, caller: Callable[..., Caller]) -> Visit:
    """Who turns switches."""
    return Visit(service, caller(Role.OPERATOR))


def test_a_switch_holds_until_it_is_taken_back(operator: Visit) -> None:
    """Set anew it has the new value; each step is in the log with its reason."""
    switches.change(operator, CAP, value="50", reason="quota")
    turned = switches.change(operator, CAP, value="20", reason="still too much", lasts="2h")
    assert turned.until == pytest.approx(turned.set_at + 7200)
    assert [(one.value, one.reason) for one in switches.listed(operator)] == [("20", "still too much")]
    switches.take_back(operator, CAP)
    assert switches.listed(operator) == []
    with operator.service.store.reading() as connection:
        assert switched(connection, CAP) is None
        noted = [one.entry for one in entries(connection)]
    assert [(one.action, one.detail.get("from")) for one in reversed(noted)] == [
        ("switch.set", None), ("switch.set", "50"), ("switch.take_back", "20"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "reason", "lasts"),
    [
        ("X", "1", "r", None), (CAP, "0", "r", None), (CAP, "many", "r", None), (CAP, "1", "", None),
        ("READ_ONLY", "maybe", "r", None), ("ENABLE_RESPONSE_CACHE", "", "r", None),
        (OFF, "nobody", "r", None), (OFF, " , ", "r", None), (OFF, "openai", "r", "soon"), (OFF, "openai", "r", "999w"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_is_refused(operator: Visit, name: str, value: str, reason: str, lasts: str | None) -> None:
    """Name, value, reason and time are checked before anything changes."""
    with pytest.raises(UsageError):
        switches.change(operator, name, value=value, reason=reason, lasts=lasts)
    assert switches.listed(operator) == []


def test_while_the_service_only_reads_nothing_is_begun(visit: Visit, operator: Visit, wanted: JobOrder) -> None:
    """Shards of every answerer wait; they are there to be swept up afterwards."""
    jobs.order(visit, wanted)
    assert (there := left(visit.service)) > 0
    switches.change(operator, "READ_ONLY", value="on", reason="a move")
    assert [one.value for one in switches.listed(operator)] == ["true"]
    assert left(visit.service) == 0
    switches.change(operator, "READ_ONLY", value="off", reason="moved")
    assert left(visit.service) == there


def test_an_evaluator_turns_nothing(service: Service, caller: Callable[..., Caller]) -> None:
    """Switches are of the whole system."""
    with pytest.raises(NotAllowed):
        switches.change(Visit(service, caller(Role.EVALUATOR)), CAP, value="1", reason="r")


@asynccontextmanager
async def closing(hands: Performing) -> AsyncIterator[None]:
    """Releases what they hold."""
    try:
        yield
    finally:
        await hands.close()


def left(service: Service) -> int:
    """How many shards the sweeper would start."""
    with service.store.reading() as connection:
        return len(unfinished(connection, off=switches.paused(connection)))


@pytest.mark.anyio
async def test_a_provider_that_is_switched_off_is_not_asked(
    visit: Visit, operator: Visit, engine: MemoryEngine, wanted: JobOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its shards are not begun, those of others are; switched on again they are there to be swept up."""
    monkeypatch.chdir(visit.service.settings.data_dir)
    async with MockServer(MockConfig(answers=Fixed("ANSWER: yes"))) as mock:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
        monkeypatch.setenv("OPENAI_BASE_URL", mock.url)
        settings = replace(visit.service.settings, credentials={"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": mock.url})
        visit = replace(visit, service=replace(visit.service, settings=settings))
        held = jobs.order(visit, replace(wanted, answerer="openai/gpt-x", limit=20)).evaluation.id
        free = jobs.order(visit, wanted).evaluation.id
        switches.change(operator, OFF, value="openai", reason="outage")
        hands = Performing(visit.service, stop=lambda: False, cap=Window(100))
        async with asyncio.timeout(60), closing(hands):
            await asyncio.gather(*(hands(job.id) for job in engine.queued))
            assert (results.counts(visit, held).kept, results.counts(visit, free).kept) == (0, 250)
            assert left(visit.service) == 0
            switches.take_back(operator, OFF)
            assert left(visit.service) == 1
            await asyncio.gather(*(hands(job.id) for job in engine.queued))
    assert results.counts(visit, held).kept == 20


@pytest.mark.anyio
async def test_the_response_cache_is_switched_on_for_a_while(
    visit: Visit, operator: Visit, engine: MemoryEngine, wanted: JobOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is answered meanwhile is kept and answers the next evaluation, flagged; without the switch it does not."""
    monkeypatch.chdir(visit.service.settings.data_dir)
    async with MockServer(MockConfig(answers=Fixed("ANSWER: yes"))) as mock:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
        monkeypatch.setenv("OPENAI_BASE_URL", mock.url)
        settings = replace(visit.service.settings, credentials={"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": mock.url})
        visit = replace(visit, service=replace(visit.service, settings=settings))
        cached = []
        for limit, value in ((20, "true"), (15, "true"), (10, "false")):
            switches.change(operator, "ENABLE_RESPONSE_CACHE", value=value, reason="outage", lasts="2h")
            made = jobs.order(visit, replace(wanted, answerer="openai/gpt-x", limit=limit)).evaluation.id
            hands = Performing(visit.service, stop=lambda: False, cap=Window(100))
            async with asyncio.timeout(60), closing(hands):
                await asyncio.gather(*(hands(job.id) for job in engine.queued))
            cached.append(results.scored(visit, made)[0].cached)
    assert cached == [0, 15, 0]
