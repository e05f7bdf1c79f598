"""Adaptive concurrency costs a healthy provider little, and an overloaded one is left alone; simulated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from causal_eval.providers.limits import LimitRule, Limits, Outer
from causal_eval.providers.provider import Outcome, Prompt, Reply, Usage
from causal_eval.providers.window import Window
from causal_eval.seeds import Stream

pytestmark = pytest.mark.anyio
ASKED = Prompt((), text="?")
Length = Callable[[int, Stream], float]
"""Number of a call -> tokens of its reply."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a simulated server behaves."""

    length: Length
    """Tokens of a reply; a token takes 2 ms where nobody else is served."""
    slower: Callable[[int], float] = lambda _: 1.0
    """Calls that are open -> factor on time."""
    parallel: int = 10_000
    """Calls served at once; the others queue."""
    counts: bool = True
    """Whether replies say how long they are."""


class Server:
    """A provider on a simulated clock."""

    name = "test/server"

    def __init__(self, kind: Kind, clock: Any) -> None:
        self.kind = kind
        self.clock = clock
        self.open = 0
        self.asked = 0
        self.inside = Window(kind.parallel)
        self.dice = Stream("server")

    async def complete(self, prompt: Prompt) -> Outcome:  # noqa: ARG002 - all prompts are alike
        """A reply in its time."""
        began = self.clock.now()
        self.open += 1
        self.asked += 1
        tokens = self.kind.length(self.asked, self.dice)
        await self.inside.enter()
        await self.clock.sleep(0.002 * tokens * self.kind.slower(self.open))
        self.inside.leave()
        self.open -= 1
        usage = Usage(input=10, output=int(tokens)) if self.kind.counts else Usage()
        return Reply("yes", usage=usage, latency_ms=(self.clock.now() - began) * 1000)

    async def close(self) -> None:
        """Nothing is held."""


def same(_: int, __: Stream) -> float:
    return 100.0


def varied(_: int, dice: Stream) -> float:
    """Log-uniform over a factor of 50: 30 to 1,500 tokens."""
    return 30.0 * float(50.0 ** (dice.below(10_000) / 10_000))


def longer_later(number: int, dice: Stream) -> float:
    return varied(number, dice) * (1 if number < 1500 else 6)


async def limit_and_time(kind: Kind, clock: Any, *, fixed: bool, count: int = 5000) -> tuple[int, float]:
    limits = Limits(Server(kind, clock), LimitRule(most=100, fixed=fixed), outer=Outer(Window(100)), clock=clock)
    left = iter(range(count))

    async def worker() -> None:
        for _ in left:
            await limits.complete(ASKED)

    took = await clock.run(asyncio.gather(*(worker() for _ in range(100))))
    return limits.limit, took


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("kind", "share"),
    [
        (Kind(same), 0.85),
        (Kind(varied), 0.85),
        (Kind(varied, counts=False), 0.8),
        (Kind(longer_later, counts=False), 0.8),
        (Kind(varied, slower=lambda n: 1 + n / 40), 0.8),
        (Kind(same, parallel=20), 0.9),
    ],
    ids=["200 ms", "varied", "varied, uncounted", "longer later", "batching server", "queue"],
)
async def test_adaptive_is_nearly_as_fast_as_the_best_fixed_number(event_clock: Any, kind: Kind, share: float) -> None:
    """5,000 questions under a cap of 100: at least this share of the throughput of 100 from the start."""
    _, fixed = await limit_and_time(kind, event_clock, fixed=True)
    _, adaptive = await limit_and_time(kind, event_clock, fixed=False)
    assert fixed / adaptive >= share


async def test_a_server_that_thrashes_is_relieved(event_clock: Any) -> None:
    """Beyond 30 calls time grows with the square: adaptive is faster than the cap would be."""
    kind = Kind(varied, slower=lambda n: max(1.0, (n / 30) ** 2))
    _, fixed = await limit_and_time(kind, event_clock, fixed=True)
    limit, adaptive = await limit_and_time(kind, event_clock, fixed=False)
    assert adaptive < fixed / 1.5
    assert limit < 60


async def test_a_queue_is_not_filled_for_nothing(event_clock: Any) -> None:
    """A server for 20 at a time: what waits inside it stays below what it serves."""
    limit, _ = await limit_and_time(Kind(varied, parallel=20), event_clock, fixed=False)
    assert 20 <= limit <= 70
