"""Requests and tokens per minute hold in every minute, without batches; simulated."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from causal_eval.providers.limits import LimitRule, Limits, Outer
from causal_eval.providers.pace import Pace, PaceRule
from causal_eval.providers.provider import Outcome, Prompt, Reply, Usage

pytestmark = pytest.mark.anyio
ASKED = Prompt((), text="x" * 400, max_tokens=300)


class Server:
    """Answers after a second and notes when it was asked."""

    name = "test/server"

    def __init__(self, clock: Any, usage: Usage) -> None:
        self.clock = clock
        self.usage = usage
        self.times: list[float] = []

    async def complete(self, prompt: Prompt) -> Outcome:  # noqa: ARG002 - all prompts are alike
        """A reply."""
        self.times.append(self.clock.now())
        await self.clock.sleep(1.0)
        return Reply("yes", usage=self.usage)

    async def close(self) -> None:
        """Nothing is held."""


async def times(clock: Any, rule: PaceRule, *, usage: Usage | None = None, count: int = 300) -> list[float]:
    server = Server(clock, usage or Usage())
    outer = Outer(pace=Pace(rule, clock=clock))
    limits = Limits(server, LimitRule(most=50, fixed=True), outer=outer, clock=clock)
    await clock.run(asyncio.gather(*(limits.complete(ASKED) for _ in range(count))))
    return server.times


def most_in_a_minute(when: list[float]) -> int:
    return max(sum(1 for other in when if start <= other < start + 59.999) for start in when)


async def test_requests_per_minute_hold(event_clock: Any) -> None:
    """120 a minute: one every half second, in no minute more, and none is wasted."""
    when = await times(event_clock, PaceRule(requests=120))
    assert most_in_a_minute(when) <= 120
    assert when[-1] == pytest.approx(299 / 2)
    assert max(later - earlier for earlier, later in itertools.pairwise(when)) <= 0.5001


async def test_tokens_per_minute_hold_once_the_cost_is_known(event_clock: Any) -> None:
    """30,000 a minute at 200 a call are 150 calls a minute, though 400 were thought of at first."""
    when = await times(event_clock, PaceRule(tokens=30_000), usage=Usage(input=120, output=80), count=600)
    assert most_in_a_minute(when[100:]) <= 151
    assert when[-1] == pytest.approx(600 * 200 / 500, rel=0.05)


async def test_a_call_that_is_given_up_gives_its_moment_back(event_clock: Any) -> None:
    """Ten that wait are cancelled: the next one waits as if they had never come."""
    pace = Pace(PaceRule(requests=6, tokens=6000), clock=event_clock)
    await pace.turn(ASKED)
    before = pace.wait
    await event_clock.run(asyncio.gather(*(pace.turn(ASKED) for _ in range(10))), until=1.0)
    assert pace.wait == pytest.approx(before - 1.0)


async def test_time_that_passed_is_no_credit(event_clock: Any) -> None:
    """After an hour's pause calls are as far apart as before."""
    pace = Pace(PaceRule(requests=60), clock=event_clock)
    await event_clock.run(event_clock.sleep(3600.0))
    await pace.turn(ASKED)
    assert pace.wait == pytest.approx(1.0)


async def test_an_estimate_is_corrected_by_what_came(event_clock: Any) -> None:
    """Letters and the cap on the reply at first; then what tokens and replies have been like."""
    pace = Pace(PaceRule(tokens=1e6), clock=event_clock)
    assert pace.estimate(ASKED) == 400
    for _ in range(100):
        pace.settle(ASKED, Reply("yes", usage=Usage(input=200, output=50)), thought=250)
    assert pace.estimate(ASKED) == pytest.approx(250, rel=0.01)
