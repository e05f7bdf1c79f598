"""Passing failures are tried again, within bounds, and nothing else is."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_eval.providers.clock import SimulatedClock
from causal_eval.providers.events import Recorder, Waiting
from causal_eval.providers.provider import RETRYABLE, Failure, FailureKind, Prompt, Refusal, Reply, Usage
from causal_eval.providers.retry import Retry, RetryRule, _Tally
from causal_eval.seeds import Stream

pytestmark = pytest.mark.anyio
ASKED = Prompt((), text="?")


def wrapped(inner: Any, clock: SimulatedClock, *, rule: RetryRule | None = None, listener: Any = None) -> Retry:
    return Retry(inner, rule, jitter=Stream("test"), clock=clock, listener=listener)


@pytest.mark.parametrize("kind", sorted(set(FailureKind) - RETRYABLE))
async def test_what_cannot_change_is_asked_once(sequence: Any, failure: Any, *, kind: FailureKind) -> None:
    """A failure of any other kind comes back from the first call, without a wait."""
    inner, clock = sequence(failure(kind, after=1.0)), SimulatedClock()
    assert await wrapped(inner, clock).complete(ASKED) is inner.outcomes[0]
    assert (inner.calls, clock.slept) == (1, [])


@pytest.mark.parametrize("kind", sorted(RETRYABLE))
async def test_a_passing_failure_is_overcome(sequence: Any, failure: Any, *, kind: FailureKind) -> None:
    """Two failures, then a reply: three calls are counted, and the reply is otherwise untouched."""
    inner, clock = sequence(failure(kind), failure(kind), Reply("yes", latency_ms=5.0)), SimulatedClock()
    assert await wrapped(inner, clock).complete(ASKED) == Reply("yes", latency_ms=5.0, calls=3)
    assert len(clock.slept) == 2


async def test_a_refusal_after_a_failure_counts_its_calls(sequence: Any, failure: Any) -> None:
    """A refusal is final."""
    inner = sequence(failure(FailureKind.TIMEOUT), Refusal("no"))
    assert await wrapped(inner, SimulatedClock()).complete(ASKED) == Refusal("no", calls=2)


async def test_tokens_of_failed_calls_come_with_the_reply(sequence: Any, failure: Any) -> None:
    """Those that the provider counted, each call's own; a call without a count adds none."""
    counted, bare = replace(failure(FailureKind.BAD_REPLY), lost=(Usage(9, 1),)), failure(FailureKind.BAD_REPLY)
    outcome = await wrapped(sequence(counted, bare, counted, Reply("yes")), SimulatedClock()).complete(ASKED)
    assert (outcome.calls, outcome.lost) == (4, (Usage(9, 1), Usage(9, 1)))


async def test_a_reply_costs_nothing(sequence: Any, reply: Reply) -> None:
    """The very object of the wrapped provider comes back."""
    assert await wrapped(sequence(reply), SimulatedClock()).complete(ASKED) is reply


async def test_attempts_are_bounded(sequence: Any, failure: Any) -> None:
    """The default is five calls; the waits stay below 1, 2, 4 and 8 s; time and calls are summed."""
    inner, clock = sequence(failure(FailureKind.SERVER_ERROR, status=500, latency_ms=100.0)), SimulatedClock()
    outcome = await wrapped(inner, clock).complete(ASKED)
    assert isinstance(outcome, Failure)
    assert (outcome.calls, inner.calls, outcome.status) == (5, 5, 500)
    assert all(0 <= wait <= most for wait, most in zip(clock.slept, (1, 2, 4, 8), strict=True))
    assert outcome.latency_ms == pytest.approx(500 + sum(clock.slept) * 1000)


async def test_max_retries_zero(sequence: Any, failure: Any) -> None:
    """One attempt means one, even if the provider names a time."""
    inner, clock = sequence(failure(FailureKind.RATE_LIMIT, after=1.0)), SimulatedClock()
    await wrapped(inner, clock, rule=RetryRule(attempts=1)).complete(ASKED)
    assert (inner.calls, clock.slept) == (1, [])


async def test_elapsed_is_bounded(sequence: Any, failure: Any) -> None:
    """Calls that take 15 s each are not repeated beyond 40 s."""
    inner = sequence(failure(FailureKind.TIMEOUT, latency_ms=15_000))
    await wrapped(inner, SimulatedClock()).complete(ASKED)
    assert inner.calls == 3


async def test_retry_after_is_honoured(sequence: Any, failure: Any, reply: Reply) -> None:
    """No call before the time the provider named, and at most a tenth later; the wait is announced with its reason."""
    inner, clock, heard = sequence(failure(FailureKind.RATE_LIMIT, after=7.0), reply), SimulatedClock(), Recorder()
    await wrapped(inner, clock, listener=heard).complete(ASKED)
    assert 7.0 <= clock.slept[0] <= 7.7
    assert heard.events == [Waiting("test/sequence", clock.slept[0], "rate_limit happened")]


async def test_named_waits_have_their_own_bounds(sequence: Any, failure: Any) -> None:
    """A provider that names 30 s again and again is waited for longer than the elapsed bound, but not for ever."""
    inner, clock = sequence(failure(FailureKind.RATE_LIMIT, after=30.0)), SimulatedClock()
    outcome = await wrapped(inner, clock).complete(ASKED)
    assert 5 <= inner.calls <= 6
    assert 40 < sum(clock.slept) <= 150
    assert outcome.calls == inner.calls


async def test_a_wait_beyond_patience_is_not_begun(sequence: Any, failure: Any) -> None:
    """An hour's Retry-After is a failure now, not in an hour."""
    inner, clock = sequence(failure(FailureKind.RATE_LIMIT, after=3600.0)), SimulatedClock()
    await wrapped(inner, clock).complete(ASKED)
    assert (inner.calls, clock.slept) == (1, [])


async def test_retry_after_zero_ends_too(sequence: Any, failure: Any) -> None:
    """A provider that says "at once" for ever gets a bounded number of calls."""
    inner = sequence(failure(FailureKind.RATE_LIMIT, after=0.0))
    await wrapped(inner, SimulatedClock()).complete(ASKED)
    assert inner.calls == 20


async def test_a_fatal_failure_ends_the_retries(sequence: Any, failure: Any) -> None:
    """500 and then 401: the key is refused, and no third call is made."""
    inner = sequence(failure(FailureKind.SERVER_ERROR), failure(FailureKind.AUTH))
    outcome = await wrapped(inner, SimulatedClock()).complete(ASKED)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.calls, inner.calls) == (FailureKind.AUTH, 2, 2)


HELD = Failure(FailureKind.SERVER_ERROR, "breaker open: 500", retry_after=2.0, calls=0, held=True)


async def test_what_is_held_back_is_no_attempt(sequence: Any, reply: Reply) -> None:
    """Six waits for a breaker do not use up a single attempt, not even where only one call is allowed."""
    for attempts in (1, 5):
        inner, clock = sequence(*[HELD] * 6, reply), SimulatedClock()
        outcome = await wrapped(inner, clock, rule=RetryRule(attempts=attempts)).complete(ASKED)
        assert outcome == Reply("yes", calls=1)
        assert all(2.0 <= wait <= 2.2 for wait in clock.slept)


async def test_what_is_held_back_for_ever_ends(sequence: Any) -> None:
    """Alone it waits as long as an outage may last; the failure says how many calls were made: none."""
    clock = SimulatedClock()
    outcome = await wrapped(sequence(HELD), clock).complete(ASKED)
    assert isinstance(outcome, Failure)
    assert (outcome.calls, outcome.held, outcome.down) == (0, False, False)
    assert 30 < clock.now() < 35


async def test_the_first_of_many_says_that_the_provider_is_down(sequence: Any, event_clock: Any) -> None:
    """One of fifty; the others wait for the run to end around them, but not for ever."""
    retry = Retry(sequence(HELD), jitter=Stream("test"), clock=event_clock)
    ended: list[float] = []
    downs: list[float] = []

    async def one() -> None:
        outcome = await retry.complete(ASKED)
        assert isinstance(outcome, Failure)
        (downs if outcome.down else ended).append(event_clock.now())

    await event_clock.run(asyncio.gather(*(one() for _ in range(50))))
    assert (len(downs), len(ended)) == (1, 49)
    assert 30 < downs[0] < 33
    assert downs[0] + 14.9 < min(ended) <= max(ended) < downs[0] + 20


async def test_what_is_waited_for_can_be_asked(sequence: Any, event_clock: Any) -> None:
    """By reason and key, with how long and how many; nothing once it is over."""
    told = Failure(FailureKind.RATE_LIMIT, "HTTP 429 from host", retry_after=30.0, key="...3f2a")
    retry = Retry(sequence(*[told] * 12, Reply("yes")), jitter=Stream("test"), clock=event_clock)
    seen: list[str] = []

    async def look() -> None:
        await event_clock.sleep(5.0)
        seen.extend(str(wait) for wait in retry.waits())

    await event_clock.run(asyncio.gather(look(), *(retry.complete(ASKED) for _ in range(12))))
    (line,) = seen
    assert re.fullmatch(r"waiting 2[5-8] s: HTTP 429 from host \(key ...3f2a\), 12 items", line)
    assert retry.waits() == ()


@given(
    shares=st.lists(st.floats(0, 1), min_size=30, max_size=30),
    afters=st.lists(st.none() | st.floats(0, 100), min_size=30, max_size=30),
)
def test_every_course_of_failures_ends(shares: list[float], afters: list[float | None]) -> None:
    """Whatever the provider names, calls stay below both bounds together and waits within their budgets."""
    rule = RetryRule()
    tally = _Tally(rule, calls=1, spent=0.0)
    waits = 0
    for share, after in zip(shares, afters, strict=True):
        if tally.wait(Failure(FailureKind.RATE_LIMIT, "", retry_after=after), share) is None:
            break
        waits += 1
    assert waits < rule.attempts + rule.named_attempts
    assert tally.spent <= rule.elapsed
    assert tally.waited_as_told <= rule.patience
