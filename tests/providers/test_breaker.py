"""A breaker opens after failures in a row, lets one probe through, and blames no prompt for an outage."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from causal_eval.providers.breaker import Breaker, BreakerRule
from causal_eval.providers.clock import SimulatedClock
from causal_eval.providers.events import BreakerChanged, BreakerState, Recorder
from causal_eval.providers.provider import OUTAGE, Failure, FailureKind, Outcome, Prompt, Refusal, Reply

pytestmark = pytest.mark.anyio
ASKED = Prompt((), text="?")
BROKEN = Failure(FailureKind.SERVER_ERROR, "HTTP 500 from host", status=500)
RULE = BreakerRule(failures=3)


async def opened(inner: Any, clock: SimulatedClock, listener: Recorder | None = None) -> Breaker:
    breaker = Breaker(inner, RULE, key="...3f2a", clock=clock, listener=listener)
    for _ in range(RULE.failures):
        await breaker.complete(ASKED)
    return breaker


@pytest.mark.parametrize("kind", sorted(OUTAGE))
async def test_failures_in_a_row_open_it(sequence: Any, failure: Any, *, kind: FailureKind) -> None:
    """The third outage opens it: no further call, and the fourth prompt is told when to come back."""
    inner, clock = sequence(failure(kind)), SimulatedClock()
    breaker = await opened(inner, clock)
    clock.advance(0.25)
    told = await breaker.complete(ASKED)
    assert told == Failure(kind, f"breaker open: {kind} happened", retry_after=0.75, calls=0, held=True)
    assert told.key == "...3f2a"
    assert (inner.calls, breaker.state) == (3, BreakerState.OPEN)


@pytest.mark.parametrize("kind", sorted(set(FailureKind) - OUTAGE))
async def test_other_failures_are_no_outage(sequence: Any, failure: Any, *, kind: FailureKind) -> None:
    """A refused key, prompt or rate says that somebody is there."""
    inner = sequence(failure(kind))
    breaker = await opened(inner, SimulatedClock())
    await breaker.complete(ASKED)
    assert (inner.calls, breaker.state) == (4, BreakerState.CLOSED)


@pytest.mark.parametrize("answer", [Reply("yes"), Refusal("no")])
async def test_a_reply_between_keeps_it_closed(sequence: Any, *, answer: Outcome) -> None:
    """Two failures, an answer, two failures: closed."""
    breaker = Breaker(sequence(BROKEN, BROKEN, answer, BROKEN, BROKEN, answer), RULE)
    for _ in range(6):
        await breaker.complete(ASKED)
    assert breaker.state is BreakerState.CLOSED


async def test_the_failure_that_opens_it_is_no_attempt(sequence: Any) -> None:
    """The first two are the prompts' own; the one that opened it is to be waited out."""
    breaker = Breaker(sequence(BROKEN), RULE, clock=SimulatedClock())
    held = [await breaker.complete(ASKED) for _ in range(3)]
    assert [(outcome.held, outcome.calls) for outcome in held if isinstance(outcome, Failure)] == [
        (False, 1),
        (False, 1),
        (True, 1),
    ]


async def test_a_probe_that_succeeds_closes_it(sequence: Any, reply: Reply) -> None:
    """After a second one call goes through; its reply closes the breaker, and every step is told with its reason."""
    inner, clock, heard = sequence(BROKEN, BROKEN, BROKEN, reply), SimulatedClock(), Recorder()
    breaker = await opened(inner, clock, heard)
    clock.advance(1.0)
    assert await breaker.complete(ASKED) is reply
    assert (breaker.state, breaker.last, breaker.wait) == (BreakerState.CLOSED, None, 0.0)
    assert heard.events == [
        BreakerChanged("test/sequence", "...3f2a", BreakerState.OPEN, "HTTP 500 from host"),
        BreakerChanged("test/sequence", "...3f2a", BreakerState.HALF_OPEN, "HTTP 500 from host"),
        BreakerChanged("test/sequence", "...3f2a", BreakerState.CLOSED, ""),
    ]


async def test_probes_come_less_and_less_often(sequence: Any) -> None:
    """After 1, 2, 4, 4, 4 seconds; a prompt whose call was the probe is not blamed."""
    inner, clock = sequence(BROKEN), SimulatedClock()
    breaker = await opened(inner, clock)
    waits = []
    for _ in range(5):
        waits.append(breaker.wait)
        clock.advance(breaker.wait)
        probed = await breaker.complete(ASKED)
        assert isinstance(probed, Failure)
        assert (probed.held, probed.calls) == (True, 1)
    assert waits == [1, 2, 4, 4, 4]


class Gate:
    """Calls stay open until the test lets them go."""

    name = "test/gate"

    def __init__(self) -> None:
        self.open: list[asyncio.Future[Outcome]] = []

    async def complete(self, prompt: Prompt) -> Outcome:  # noqa: ARG002 - the test answers
        """Wait for the test."""
        self.open.append(asyncio.get_running_loop().create_future())
        return await self.open[-1]

    async def close(self) -> None:
        """Nothing is held."""


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def half_open(gate: Gate, clock: SimulatedClock) -> Breaker:
    """A breaker that three failures opened and whose time has come."""
    breaker = Breaker(gate, RULE, clock=clock)
    tasks = [asyncio.create_task(breaker.complete(ASKED)) for _ in range(3)]
    await settle()
    for turn in gate.open:
        turn.set_result(BROKEN)
    await asyncio.gather(*tasks)
    gate.open.clear()
    clock.advance(1.0)
    return breaker


async def test_one_probe_at_a_time() -> None:
    """Ten prompts come when the time is up: one call is made, nine are told to come back."""
    gate, clock = Gate(), SimulatedClock()
    breaker = await half_open(gate, clock)
    tasks = [asyncio.create_task(breaker.complete(ASKED)) for _ in range(10)]
    await settle()
    assert (len(gate.open), breaker.state) == (1, BreakerState.HALF_OPEN)
    gate.open[0].set_result(Reply("yes"))
    outcomes = await asyncio.gather(*tasks)
    assert sum(1 for outcome in outcomes if isinstance(outcome, Failure) and outcome.calls == 0) == 9
    assert breaker.state is BreakerState.CLOSED


async def test_an_abandoned_probe_is_made_again() -> None:
    """Cancelling the probe leaves no breaker half-open for ever."""
    gate, clock = Gate(), SimulatedClock()
    breaker = await half_open(gate, clock)
    probe = asyncio.create_task(breaker.complete(ASKED))
    await settle()
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    assert (breaker.state, breaker.wait) == (BreakerState.OPEN, 0.0)


async def test_a_late_reply_closes_it() -> None:
    """A call that was under way when it opened gets a reply: the provider is there again."""
    gate, clock = Gate(), SimulatedClock()
    breaker = Breaker(gate, RULE, clock=clock)
    tasks = [asyncio.create_task(breaker.complete(ASKED)) for _ in range(4)]
    await settle()
    outcomes: list[Outcome] = [BROKEN, BROKEN, BROKEN, Reply("yes")]
    for turn, outcome in zip(gate.open, outcomes, strict=True):
        turn.set_result(outcome)
        await settle()
    await asyncio.gather(*tasks)
    assert breaker.state is BreakerState.CLOSED
