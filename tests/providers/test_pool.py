"""A prompt leaves a bad key at once, and keys come and go without a failed item."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from causal_eval.providers.breaker import Breaker
from causal_eval.providers.clock import SimulatedClock
from causal_eval.providers.events import KeyChanged, KeyStatus, Recorder
from causal_eval.providers.keys import key_label, read_keys
from causal_eval.providers.limits import LimitRule, Limits
from causal_eval.providers.live import Variables
from causal_eval.providers.pool import KeyPool, Lane
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt, Reply
from causal_eval.providers.quota import Allowance, Quota

pytestmark = pytest.mark.anyio
ASKED = Prompt((), text="?")
DEAD = Failure(FailureKind.AUTH, "HTTP 401 from host: Incorrect API key provided", status=401)
BROKE = Failure(FailureKind.QUOTA, "HTTP 429 from host: out of credit", status=429)
A, B, C = "sk-key-number-aaaa", "sk-key-number-bbbb", "sk-key-number-cccc"


def slow_down(after: float | None) -> Failure:
    return Failure(FailureKind.RATE_LIMIT, "HTTP 429 from host", status=429, retry_after=after)


class Upstream:
    """A provider behind several keys: what each gets stands in a table, a reply where nothing stands."""

    def __init__(self, *keys: str) -> None:
        self.gets: dict[str, Outcome] = {}
        self.calls: Counter[str] = Counter()
        self.closed: list[str] = []
        self.clock = SimulatedClock()
        self.heard = Recorder()
        self.live = Variables({"X_API_KEY": ",".join(keys)})
        self.pool = KeyPool(
            "x/m",
            self.lane,
            live=self.live,
            keys=lambda live: read_keys("X_API_KEY", live.env),
            listener=self.heard,
        )

    def lane(self, key: str) -> Lane:
        """What stands behind *key*."""
        breaker = Breaker(_Key(self, key), key=key_label(key), clock=self.clock)
        return Lane(Limits(breaker, LimitRule(most=8, fixed=True), key=key_label(key), clock=self.clock), breaker)

    def now_listed(self, *keys: str) -> None:
        """Let *keys* be listed from now on."""
        self.live.set({"X_API_KEY": ",".join(keys)})

    async def ask(self, count: int) -> list[Outcome]:
        """*count* outcomes, one after the other."""
        return [await self.pool.complete(ASKED) for _ in range(count)]

    def statuses(self) -> dict[str, KeyStatus]:
        """Name of a key -> what it is good for."""
        return {state.key: state.status for state in self.pool.states()}


class _Key:
    name = "x/m"

    def __init__(self, upstream: Upstream, key: str) -> None:
        self.upstream = upstream
        self.key = key

    async def complete(self, prompt: Prompt) -> Outcome:  # noqa: ARG002 - the key alone decides
        """What stands in the table."""
        self.upstream.calls[self.key] += 1
        await asyncio.sleep(0)
        return self.upstream.gets.get(self.key, Reply("yes"))

    async def close(self) -> None:
        """Note it."""
        self.upstream.closed.append(self.key)


async def test_one_key_gives_the_very_outcome(sequence: Any, reply: Reply) -> None:
    """Nothing is added to a reply."""
    clock = SimulatedClock()

    def lane(_: str) -> Lane:
        breaker = Breaker(sequence(reply), clock=clock)
        return Lane(Limits(breaker, clock=clock), breaker)

    pool = KeyPool("x/m", lane, live=Variables({}), keys=lambda _: ())
    assert await pool.complete(ASKED) is reply


@pytest.mark.parametrize(("refusal", "status"), [(DEAD, KeyStatus.REVOKED), (BROKE, KeyStatus.EXHAUSTED)])
async def test_a_dead_key_among_four_costs_no_item(*, refusal: Failure, status: KeyStatus) -> None:
    """It is asked once, the item that met it is answered with another key, and nobody asks it again."""
    upstream = Upstream("sk-dead-key-0000", A, B, C)
    upstream.gets["sk-dead-key-0000"] = refusal
    outcomes = await upstream.ask(40)
    assert all(isinstance(outcome, Reply) for outcome in outcomes)
    assert upstream.calls["sk-dead-key-0000"] == 1
    assert sum(outcome.calls for outcome in outcomes) == 41
    assert upstream.statuses()["...0000"] is status
    assert KeyChanged("x/m", "...0000", status, refusal.message) in upstream.heard.events


async def test_many_at_once_lose_nothing_to_a_dead_key() -> None:
    """Those that were under way with it move too; their calls are counted."""
    upstream = Upstream(A, B)
    upstream.gets[A] = DEAD
    outcomes = await asyncio.gather(*(upstream.pool.complete(ASKED) for _ in range(100)))
    assert all(isinstance(outcome, Reply) for outcome in outcomes)
    assert sum(outcome.calls for outcome in outcomes) == sum(upstream.calls.values())
    assert upstream.calls[A] == 8  # its window; who queued behind made no call with it


async def test_no_key_left_is_a_refusal() -> None:
    """Only then; the message says so, and no further call is made."""
    upstream = Upstream(A, B)
    upstream.gets |= {A: DEAD, B: DEAD}
    first, second = await upstream.ask(2)
    assert isinstance(first, Failure)
    assert isinstance(second, Failure)
    assert (first.kind, first.calls, second.kind, second.calls) == (FailureKind.AUTH, 2, FailureKind.AUTH, 0)
    assert first.message == f"no key is left: {DEAD.message}"
    assert sum(upstream.calls.values()) == 2


async def test_a_429_moves_to_another_key_at_once() -> None:
    """No wait, no attempt: the item is answered, and the key that cools is left alone until its time."""
    upstream = Upstream(A, B)
    upstream.gets[A] = slow_down(30.0)
    outcomes = await upstream.ask(10)
    assert all(isinstance(outcome, Reply) for outcome in outcomes)
    assert (upstream.calls[A], upstream.calls[B], upstream.clock.slept) == (1, 10, [])
    upstream.clock.advance(30.0)
    del upstream.gets[A]
    await upstream.ask(10)
    assert upstream.calls[A] > 1


async def test_when_every_key_cools_the_soonest_is_told() -> None:
    """A failure that is no attempt, with the shortest wait and the name of its key."""
    upstream = Upstream(A, B)
    upstream.gets |= {A: slow_down(30.0), B: slow_down(10.0)}
    first, second = await upstream.ask(2)
    assert isinstance(first, Failure)
    assert isinstance(second, Failure)
    assert (first.kind, first.calls) == (FailureKind.RATE_LIMIT, 2)
    assert (second.calls, second.held, second.retry_after, second.key) == (0, True, 10.0, "...bbbb")


async def test_an_outage_is_not_the_keys_fault() -> None:
    """A 500 goes back to be retried later; another key would meet the same server."""
    upstream = Upstream(A, B)
    upstream.gets |= dict.fromkeys((A, B), Failure(FailureKind.SERVER_ERROR, "HTTP 500", status=500))
    (outcome,) = await upstream.ask(1)
    assert isinstance(outcome, Failure)
    assert (outcome.calls, outcome.held) == (1, False)


async def test_load_goes_where_quota_is_left() -> None:
    """90 requests left against 10: nine in ten or more go there, until they are level."""
    upstream = Upstream(A, B)
    left = {A: 90.0, B: 10.0}
    for key, count in left.items():
        upstream.gets[key] = Reply("yes", quota=Quota(requests=Allowance(count, 100, 60.0)))
    await upstream.ask(2)  # each new key is tried once
    await upstream.ask(50)
    assert (upstream.calls[A], upstream.calls[B]) == (51, 1)


async def test_without_quota_load_is_even() -> None:
    """The key with fewest open calls is taken."""
    upstream = Upstream(A, B, C)
    await asyncio.gather(*(upstream.pool.complete(ASKED) for _ in range(24)))
    assert upstream.calls == {A: 8, B: 8, C: 8}


async def test_rotation_fails_no_item() -> None:
    """A new key in place of the old one, in mid-run: every item is answered, the old key is drained and closed."""
    upstream = Upstream(A)
    open_calls = [asyncio.create_task(upstream.pool.complete(ASKED)) for _ in range(4)]
    await asyncio.sleep(0)
    upstream.now_listed(B)
    outcomes = [*await upstream.ask(10), *await asyncio.gather(*open_calls)]
    assert all(isinstance(outcome, Reply) for outcome in outcomes)
    await upstream.ask(1)
    assert upstream.closed == [A]
    before = upstream.calls[A]
    await upstream.ask(10)
    assert (upstream.calls[A], upstream.statuses()) == (before, {"...bbbb": KeyStatus.READY})


async def test_a_bad_new_key_does_not_replace_a_good_old_one() -> None:
    """The old one is used on until another has proved itself; then it goes."""
    upstream = Upstream(A)
    await upstream.ask(1)
    upstream.gets[B] = DEAD
    upstream.now_listed(B)
    outcomes = await upstream.ask(5)
    assert all(isinstance(outcome, Reply) for outcome in outcomes)
    assert upstream.statuses() == {"...aaaa": KeyStatus.RETIRING, "...bbbb": KeyStatus.REVOKED}
    upstream.now_listed(C)
    await upstream.ask(2)
    assert upstream.statuses() == {"...cccc": KeyStatus.READY}


async def test_a_key_revoked_before_it_is_replaced_is_replaced_in_the_same_call() -> None:
    """The successor that is listed already is found when the last key is refused."""
    upstream = Upstream(A)
    upstream.gets[A] = DEAD

    class Late(Variables):
        def look(self, *, now: bool = False) -> int:
            """The file has changed by now."""
            if now:
                self.set({"X_API_KEY": B})
            return self.version

    upstream.live = Late(upstream.live.env)
    upstream.pool = KeyPool(
        "x/m", upstream.lane, live=upstream.live, keys=lambda live: read_keys("X_API_KEY", live.env)
    )
    assert await upstream.ask(1) == [Reply("yes", calls=2)]


async def test_an_empty_list_changes_nothing() -> None:
    """A file that somebody is just writing."""
    upstream = Upstream(A)
    upstream.now_listed()
    assert await upstream.ask(1) == [Reply("yes")]


async def test_the_state_names_no_key() -> None:
    """Name, status, open calls, what is left, and why it waits."""
    upstream = Upstream(A)
    upstream.gets[A] = slow_down(30.0)
    await upstream.ask(1)
    (state,) = upstream.pool.states()
    assert (state.key, state.wait, state.reason, state.open_calls) == ("...aaaa", 30.0, "HTTP 429 from host", 0)
    assert A not in repr(state)
    await upstream.pool.close()
    assert upstream.closed == [A]
