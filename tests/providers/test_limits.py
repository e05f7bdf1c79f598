"""The window slides, grows, backs off and pauses."""

from __future__ import annotations

import asyncio

import pytest

from causal_eval.providers.clock import SimulatedClock
from causal_eval.providers.events import LimitChanged, Recorder
from causal_eval.providers.limits import LimitRule, Limits, Outer
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt, Reply
from causal_eval.providers.quota import Allowance, Quota
from causal_eval.providers.window import Window

pytestmark = pytest.mark.anyio
ASKED = Prompt((), text="?")
SLOW_DOWN = Failure(FailureKind.RATE_LIMIT, "429 from host", status=429)


class Gate:
    """A provider whose calls stay open until the test answers them."""

    name = "test/gate"

    def __init__(self) -> None:
        self.open: list[asyncio.Future[Outcome]] = []
        self.most = 0

    async def complete(self, prompt: Prompt) -> Outcome:  # noqa: ARG002 - the test answers
        """Wait for the test."""
        turn: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.open.append(turn)
        self.most = max(self.most, len(self.open))
        try:
            return await turn
        finally:
            self.open.remove(turn)

    async def close(self) -> None:
        """Nothing is held."""

    def answer(self, outcome: Outcome) -> None:
        """Answer the oldest open call."""
        next(turn for turn in self.open if not turn.done()).set_result(outcome)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def start(limits: Limits, count: int) -> list[asyncio.Task[Outcome]]:
    tasks = [asyncio.create_task(limits.complete(ASKED)) for _ in range(count)]
    await settle()
    return tasks


async def finish(gate: Gate, tasks: list[asyncio.Task[Outcome]]) -> None:
    while not all(task.done() for task in tasks):
        for turn in list(gate.open):
            if not turn.done():
                turn.set_result(Reply("yes"))
        await settle()


async def test_it_is_a_sliding_window() -> None:
    """As one call ends the next begins; no batch is waited for."""
    gate = Gate()
    limits = Limits(gate, LimitRule(most=3, fixed=True))
    tasks = await start(limits, 5)
    assert len(gate.open) == 3
    gate.answer(Reply("yes"))
    await settle()
    assert len(gate.open) == 3
    await finish(gate, tasks)
    assert gate.most == 3


async def test_slow_start_doubles_up_to_the_cap() -> None:
    """A window full of replies doubles the limit, and the hard cap is never passed."""
    gate = Gate()
    limits = Limits(gate, LimitRule(most=40, start=10))
    tasks = await start(limits, 500)
    sizes = []
    for _ in range(4):
        sizes.append(limits.limit)
        for _answered in range(len(gate.open)):
            gate.answer(Reply("yes"))
        await settle()
    assert sizes == [10, 20, 40, 40]
    await finish(gate, tasks)
    assert gate.most == 40


async def test_it_does_not_grow_unused() -> None:
    """Replies to a few calls at a time say nothing about a larger window."""
    gate = Gate()
    limits = Limits(gate, LimitRule(most=40, start=10))
    for _ in range(30):
        await finish(gate, await start(limits, 2))
    assert limits.limit == 10


async def test_429_halves_once_per_window() -> None:
    """Eight calls under way together are told 429: one halving, not eight; the next window may halve again."""
    gate, heard = Gate(), Recorder()
    limits = Limits(gate, LimitRule(most=8, start=8, first_pause=0.0), listener=heard)
    tasks = await start(limits, 8)
    for _ in range(8):
        gate.answer(SLOW_DOWN)
    await settle()
    assert limits.limit == 4
    tasks += await start(limits, 4)
    gate.answer(SLOW_DOWN)
    await settle()
    assert limits.limit == 2
    assert [event.limit for event in heard.events if isinstance(event, LimitChanged)] == [4, 2]
    await finish(gate, tasks)


async def test_it_never_falls_below_one() -> None:
    """After any number of 429 one call may still be open."""
    gate = Gate()
    limits = Limits(gate, LimitRule(most=8, start=8, first_pause=0.0))
    for _ in range(10):
        tasks = await start(limits, 1)
        gate.answer(SLOW_DOWN)
        await finish(gate, tasks)
    assert limits.limit == 1


async def test_after_a_429_it_grows_by_one_per_window() -> None:
    """Additive increase: a window of replies adds one slot."""
    gate = Gate()
    limits = Limits(gate, LimitRule(most=100, start=20, first_pause=0.0))
    tasks = await start(limits, 300)
    gate.answer(SLOW_DOWN)
    await settle()
    assert limits.limit == 10
    for _ in range(20):  # calls of the old window teach nothing
        if len(gate.open) > 9:
            gate.answer(Reply("yes"))
            await settle()
    for _ in range(12):
        gate.answer(Reply("yes"))
        await settle()
    assert limits.limit in {10, 11}
    for _ in range(40):
        gate.answer(Reply("yes"))
        await settle()
    assert 12 <= limits.limit <= 15
    await finish(gate, tasks)


async def test_fixed_stays_fixed() -> None:
    """``--max-connections`` holds whatever the provider says."""
    gate = Gate()
    limits = Limits(gate, LimitRule(most=6, fixed=True))
    tasks = await start(limits, 12)
    gate.answer(SLOW_DOWN)
    await settle()
    assert limits.limit == 6
    await finish(gate, tasks)
    assert limits.limit == 6


async def test_retry_after_pauses_everybody() -> None:
    """While the provider asks to wait no call is made: who comes is told why and how long, and that it cost no call."""
    gate, clock = Gate(), SimulatedClock()
    limits = Limits(gate, LimitRule(most=2, fixed=True), key="...3f2a", clock=clock)
    tasks = await start(limits, 5)
    gate.answer(Failure(FailureKind.RATE_LIMIT, "429 from host", status=429, retry_after=30.0))
    await settle()
    clock.advance(10.0)
    held = await limits.complete(ASKED) if not gate.open else tasks[2].result()
    assert held == Failure(FailureKind.RATE_LIMIT, "429 from host", status=429, retry_after=30.0, calls=0, held=True)
    assert (len(gate.open), limits.wait) == (1, 20.0)
    await finish(gate, tasks)
    clock.advance(20.0)
    assert limits.closed_for is None
    assert await asyncio.gather(*await answered(limits, gate)) == [Reply("yes")]


async def answered(limits: Limits, gate: Gate) -> list[asyncio.Task[Outcome]]:
    tasks = await start(limits, 1)
    gate.answer(Reply("yes"))
    return tasks


async def test_a_429_without_a_time_pauses_longer_and_longer() -> None:
    """Half a second, one, two, up to 20; one pause for all calls that were under way together; a reply begins anew."""
    gate, clock = Gate(), SimulatedClock()
    limits = Limits(gate, LimitRule(most=4, fixed=True), clock=clock)
    pauses = []
    for _ in range(8):
        tasks = await start(limits, 2)
        gate.answer(SLOW_DOWN)
        gate.answer(SLOW_DOWN)
        await asyncio.gather(*tasks)
        pauses.append(limits.wait)
        clock.advance(limits.wait)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 20, 20]
    await asyncio.gather(*await answered(limits, gate))
    tasks = await start(limits, 1)
    gate.answer(SLOW_DOWN)
    await settle()
    assert limits.wait == 0.5


async def test_it_stops_before_the_provider_refuses() -> None:
    """No request left, 100 come back in 60 s: the next call starts after the time of one, not after a 429."""
    gate, clock = Gate(), SimulatedClock()
    limits = Limits(gate, LimitRule(most=4, fixed=True), clock=clock)
    tasks = await start(limits, 1)
    gate.answer(Reply("yes", quota=Quota(requests=Allowance(0, limit=100, reset=60.0))))
    await asyncio.gather(*tasks)
    assert limits.wait == pytest.approx(0.6)
    held = await limits.complete(ASKED)
    assert isinstance(held, Failure)
    assert (held.held, held.calls, held.kind) == (True, 0, FailureKind.RATE_LIMIT)


async def test_a_shared_cap_holds_over_providers() -> None:
    """Two providers with room of their own together keep the hard cap."""
    gate, cap = Gate(), Window(3)
    pair = [Limits(gate, LimitRule(most=10, start=10), outer=Outer(cap)) for _ in range(2)]
    tasks = [task for limits in pair for task in await start(limits, 5)]
    assert len(gate.open) == 3
    await finish(gate, tasks)
    assert gate.most == 3
    assert cap.open == 0


async def test_the_cap_can_be_raised_live() -> None:
    """A larger limit admits who waits, at once."""
    gate, cap = Gate(), Window(1)
    tasks = await start(Limits(gate, LimitRule(most=10, start=10), outer=Outer(cap)), 4)
    assert (len(gate.open), cap.waiting) == (1, 3)
    cap.resize(3)
    await settle()
    assert len(gate.open) == 3
    await finish(gate, tasks)


async def test_cancelled_calls_give_their_slots_back() -> None:
    """Cancelling open and waiting calls in any order leaks no slot."""
    gate, cap = Gate(), Window(4)
    limits = Limits(gate, LimitRule(most=2, fixed=True), outer=Outer(cap))
    tasks = await start(limits, 6)
    tasks[0].cancel()
    tasks[2].cancel()
    tasks[5].cancel()
    await settle()
    assert len(gate.open) == 2
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (cap.open, cap.waiting, limits.window.open, limits.window.waiting) == (0, 0, 0, 0)


async def test_a_slot_granted_to_a_cancelled_waiter_is_passed_on() -> None:
    """The grant and the cancellation in the same turn of the loop: the next in line gets the slot."""
    window = Window(1)
    await window.enter()
    first, second = asyncio.create_task(window.enter()), asyncio.create_task(window.enter())
    await settle()
    window.leave()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await second
    assert (window.open, window.waiting) == (1, 0)
