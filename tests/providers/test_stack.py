"""The whole stack under fire, on a simulated clock: nothing is lost that need not be, and everything ends."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from causal_eval.providers.assemble import resilient
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.events import BreakerState
from causal_eval.providers.halt import HaltWatch
from causal_eval.providers.live import Variables
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt, Reply
from causal_eval.providers.stack import Stack

pytestmark = pytest.mark.anyio
BROKEN = Failure(FailureKind.SERVER_ERROR, "HTTP 500 from host: broken", status=500)
SLOW_DOWN = Failure(FailureKind.RATE_LIMIT, "HTTP 429 from host: slow down", status=429)
DRAIN = 10.0
Weather = Callable[[float, Prompt], Failure | None]
"""Time and prompt -> how the call fails; None: a reply."""


class Server:
    """Replies after 200 ms, fails after 50."""

    name = "test/server"

    def __init__(self, clock: Any, weather: Weather) -> None:
        self.clock = clock
        self.weather = weather
        self.calls = 0

    async def complete(self, prompt: Prompt) -> Outcome:
        """As the weather is when the call begins."""
        self.calls += 1
        failure = self.weather(self.clock.now(), prompt)
        seconds = 0.2 if failure is None else 0.05
        await self.clock.sleep(seconds)
        return replace(failure or Reply("yes"), latency_ms=seconds * 1000)

    async def close(self) -> None:
        """Nothing is held."""


@dataclass(slots=True)
class _Run:
    """A run as the evaluation room makes it: so many workers, a watch, and a drain once it halts."""

    stack: Stack
    clock: Any
    outcomes: list[Outcome] = field(default_factory=list)
    watch: HaltWatch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = HaltWatch(clock=self.clock)

    async def go(self, items: int, width: int) -> float:
        """Ask *items* prompts; the time it took."""
        left = iter(range(items))
        workers = [asyncio.ensure_future(self._work(left)) for _ in range(width)]

        async def drained() -> None:
            while self.watch.halt is None and not all(worker.done() for worker in workers):
                await self.clock.sleep(0.1)
            self.stack.room.close()
            until = self.clock.now() + DRAIN
            while self.clock.now() < until and not all(worker.done() for worker in workers):
                await self.clock.sleep(0.1)
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

        return float(await self.clock.run(drained()))

    async def _work(self, left: Any) -> None:
        for number in left:
            if self.watch.halt is not None:
                return
            outcome = await self.stack.complete(Prompt((), text=str(number)))
            self.watch.note(outcome)
            self.outcomes.append(outcome)

    @property
    def failed(self) -> int:
        """Items that would be missing."""
        return sum(1 for outcome in self.outcomes if isinstance(outcome, Failure))


def run(clock: Any, weather: Weather, **config: Any) -> tuple[_Run, Server]:
    server = Server(clock, weather)
    given = ProviderConfig(env={}, cache_dir=Path(), clock=clock, **config)
    return _Run(resilient(server, given), clock), server


async def test_a_flapping_provider_costs_no_item(event_clock: Any) -> None:
    """Ten seconds up, ten seconds down, for as long as 5,000 questions take: every one is answered."""
    work, server = run(event_clock, lambda now, _: BROKEN if now % 20 >= 10 else None)
    await work.go(5000, 100)
    assert (len(work.outcomes), work.failed) == (5000, 0)
    assert sum(outcome.calls for outcome in work.outcomes) == server.calls
    assert server.calls <= 5000 * 1.1


@pytest.mark.slow
@pytest.mark.parametrize("width", [1, 8, 100])
async def test_a_short_outage_costs_no_item_at_any_width(event_clock: Any, *, width: int) -> None:
    """Six seconds; alone, an item whose jitter is small may use up its five calls in them."""
    work, _ = run(event_clock, lambda now, _: BROKEN if 3 <= now < 9 else None)
    await work.go(width * 100, width)
    assert len(work.outcomes) == width * 100
    assert work.failed <= (width == 1)


@pytest.mark.parametrize("width", [1, 8, 100])
async def test_a_provider_that_dies_ends_the_run_within_a_minute(event_clock: Any, *, width: int) -> None:
    """Exit code 7; the calls are few, and of what waits hardly anything is called missing: it is pending."""
    work, server = run(event_clock, lambda now, _: BROKEN if now >= 2 else None)
    took = await work.go(100_000, width)
    assert work.watch.halt is not None
    assert work.watch.halt.error().exit_code == 7
    assert took <= 2 + (40 if width > 2 else 58)  # nobody waits for those that only wait
    assert work.failed <= 3
    assert sum(1 for outcome in work.outcomes if isinstance(outcome, Reply)) >= width * 7
    assert server.calls - len(work.outcomes) <= 130
    assert "HTTP 500 from host: broken" in work.watch.halt.reason
    assert ("nobody has got a reply" in work.watch.halt.reason) == (width > 2)


async def test_what_waits_for_an_open_breaker_is_said(event_clock: Any) -> None:
    """In the middle of an outage: breaker, reason, how many wait; no secret, and all of it is JSON."""
    work, _ = run(event_clock, lambda now, _: BROKEN if now >= 2 else None)
    seen = []

    async def look() -> None:
        await event_clock.sleep(10.0)
        seen.append(work.stack.state())
        await event_clock.sleep(1e6)

    looking = asyncio.ensure_future(look())
    await work.go(100_000, 100)
    looking.cancel()
    (state,) = seen
    assert state.routes[0].keys[0].breaker in {BreakerState.OPEN, BreakerState.HALF_OPEN}
    assert sum(wait.items for wait in state.waits) >= 99
    assert re.fullmatch(r"waiting \d s: HTTP 500 from host: broken, \d+ items", str(state))
    assert msgspec.json.decode(msgspec.json.encode(state))["provider"] == "test/server"


@pytest.mark.slow
@pytest.mark.parametrize("after", [None, 1.0, 20.0])
async def test_a_429_storm_of_a_minute_costs_no_item(event_clock: Any, *, after: float | None) -> None:
    """With and without Retry-After; the calls made in vain are few."""
    told = replace(SLOW_DOWN, retry_after=after)
    work, server = run(event_clock, lambda now, _: told if 5 <= now < 65 else None)
    await work.go(3000, 100)
    assert (len(work.outcomes), work.failed) == (3000, 0)
    assert sum(outcome.calls for outcome in work.outcomes) == server.calls
    assert server.calls <= 3000 + 400


async def test_a_prompt_that_breaks_the_server_costs_itself_only(event_clock: Any) -> None:
    """Nine prompts get a 500 whatever happens: they are missing, everything else is answered, and the run ends well."""
    broken = {"17", *(str(number) for number in range(992, 1000))}
    work, server = run(event_clock, lambda _, prompt: BROKEN if prompt.text in broken else None)
    await work.go(1000, 100)
    assert (len(work.outcomes), work.failed, work.watch.halt) == (1000, 9, None)
    assert server.calls == 991 + 9 * 5


async def test_half_of_all_calls_failing_is_no_outage(event_clock: Any) -> None:
    """Every other call gets a 500: the breaker lets work go on, and nearly all is answered."""
    count = iter(range(10**9))
    work, _ = run(event_clock, lambda *_: BROKEN if next(count) % 2 else None)
    took = await work.go(2000, 50)
    assert len(work.outcomes) == 2000
    assert work.failed <= 2000 * 0.04
    assert took < 120


async def test_the_cap_follows_the_settings(event_clock: Any) -> None:
    """MAX_CONCURRENT_API_CALLS changed in the middle of a run holds from then on; a direct order holds under it."""
    live = Variables({})
    most = [0, 0]
    work, _ = run(event_clock, lambda *_: None, live=live, max_concurrent=50)

    def weather(now: float, _: Prompt) -> None:
        most[now > 5] = max(most[now > 5], work.stack.state().open_calls)
        if now > 4 and not live.version:
            live.set({"MAX_CONCURRENT_API_CALLS": "7"})

    work.stack, _ = run(event_clock, weather, live=live, max_concurrent=50)[0].stack, None
    await work.go(3000, 50)
    assert most == [50, 7]
    work.stack.resize(5)
    assert work.stack.state().cap == 5
    work.stack.resize(9)
    assert (work.stack.state().cap, work.stack.most) == (7, 7)


async def test_a_signal_reads_the_settings_again(event_clock: Any) -> None:
    """``reload`` counts as a change."""
    live = Variables({"MAX_CONCURRENT_API_CALLS": "3"})
    work, _ = run(event_clock, lambda *_: None, live=live)
    work.stack.reload()
    assert (live.version, work.stack.state().cap) == (1, 3)


async def test_a_pause_holds_every_call_and_loses_none(event_clock: Any) -> None:
    """While paused no call begins, queued and retried prompts included; then all goes on, however long it was."""
    begun: list[float] = []

    def weather(now: float, _: Prompt) -> Failure | None:
        begun.append(now)
        return BROKEN if 1.5 < now < 2 else None

    work, _ = run(event_clock, weather, max_concurrent=5)

    async def steer() -> None:
        await event_clock.sleep(2)
        work.stack.pause()
        await event_clock.sleep(500)
        work.stack.go_on()

    steering = asyncio.create_task(steer())
    await work.go(100, 20)
    await steering
    assert (len(work.outcomes), work.failed) == (100, 0)
    assert not [now for now in begun if 2 < now < 502]
    assert [now for now in begun if now >= 502]


async def test_a_fixed_number_follows_an_order(event_clock: Any) -> None:
    """With --max-connections the number that somebody wants replaces the fixed one, within the hard cap."""
    live = Variables({})
    work, _ = run(event_clock, lambda *_: None, live=live, max_concurrent=8, max_connections=2)
    for wanted, limit in ((6, 6), (1, 1), (20, 20)):
        work.stack.resize(wanted)
        state = work.stack.state()
        assert (state.cap, state.routes[0].keys[0].limit) == (min(wanted, 8), limit)
