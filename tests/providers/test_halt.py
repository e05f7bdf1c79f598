"""A run on a dead or refusing provider ends by itself, soon, and says why."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from causal_eval.errors import ProviderDown, ProviderRefused
from causal_eval.providers.assemble import resilient
from causal_eval.providers.clock import SimulatedClock
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.halt import Halt, HaltWatch
from causal_eval.providers.provider import FATAL, RETRYABLE, Failure, FailureKind, Prompt, Refusal, Reply

ASKED = Prompt((), text="?")


def noted(watch: HaltWatch, *kinds: FailureKind | None) -> Halt | None:
    halt = None
    for kind in kinds:
        halt = watch.note(Failure(kind, f"{kind} said the host") if kind else Reply("yes"))
    return halt


@pytest.mark.parametrize("kind", sorted(FATAL))
def test_a_fatal_failure_ends_the_run_at_once(kind: FailureKind) -> None:
    """One refused key, unknown model or empty account is enough: exit code 6."""
    halt = noted(HaltWatch(clock=SimulatedClock()), None, kind)
    assert halt == Halt(kind, f"{kind} said the host")
    assert isinstance(halt.error(), ProviderRefused)
    assert halt.error().exit_code == 6


@pytest.mark.parametrize("kind", sorted(RETRYABLE))
def test_ten_failures_in_a_row_end_the_run(kind: FailureKind) -> None:
    """Nine are borne, the tenth is too much: exit code 7, with the last message."""
    watch = HaltWatch(clock=SimulatedClock())
    assert noted(watch, *[kind] * 9) is None
    halt = noted(watch, kind)
    assert halt is not None
    assert isinstance(halt.error(), ProviderDown)
    assert halt.reason == f"10 failures in a row, the last: {kind} said the host"


def test_any_reply_ends_the_streak() -> None:
    """A provider that still answers now and then is not down; a refusal is an answer too."""
    watch = HaltWatch(clock=SimulatedClock())
    for answer in (Reply("yes"), Refusal("no"), Reply("yes")):
        assert noted(watch, *[FailureKind.SERVER_ERROR] * 9) is None
        watch.note(answer)
    assert watch.halt is None


def test_the_last_failure_is_remembered() -> None:
    """It is what is said of a run that was too short for a streak and got no answer."""
    watch = HaltWatch(clock=SimulatedClock())
    noted(watch, FailureKind.CONNECTION, FailureKind.TIMEOUT, None)
    assert watch.last == Failure(FailureKind.TIMEOUT, "timeout said the host")


def test_an_outage_may_change_its_face() -> None:
    """500, reset, timeout in turn are one streak."""
    kinds = [FailureKind.SERVER_ERROR, FailureKind.CONNECTION, FailureKind.TIMEOUT] * 4
    assert noted(HaltWatch(clock=SimulatedClock()), *kinds[:10]) is not None


def test_refused_prompts_are_a_streak_of_their_own() -> None:
    """Ten 400s in a row mean that no prompt is taken: exit code 6; mixed with outages they do not add up."""
    assert noted(HaltWatch(clock=SimulatedClock()), *[FailureKind.BAD_REQUEST, FailureKind.TIMEOUT] * 8) is None
    halt = noted(HaltWatch(clock=SimulatedClock()), *[FailureKind.BAD_REQUEST] * 10)
    assert halt is not None
    assert halt.error().exit_code == 6


def test_a_narrow_run_ends_by_time() -> None:
    """With one call at a time three failures over 25 s are enough, two are not."""
    clock = SimulatedClock()
    watch = HaltWatch(clock=clock)
    slow = Failure(FailureKind.SERVER_ERROR, "500", latency_ms=13_000)
    for expected in (False, False, True):
        clock.advance(13)
        assert (watch.note(slow) is not None) is expected


def test_a_halt_stays() -> None:
    """What arrives after the decision does not undo it."""
    watch = HaltWatch(clock=SimulatedClock())
    halt = noted(watch, FailureKind.AUTH)
    assert watch.note(Reply("yes")) is halt


@pytest.mark.anyio
@pytest.mark.parametrize("width", [1, 100])
async def test_a_constant_429_ends_too(sequence: Any, tmp_path: Any, *, width: int) -> None:
    """A provider that tells everybody to come back in a second, for ever, is left after our patience, not days."""
    clock = SimulatedClock()
    inner = sequence(Failure(FailureKind.RATE_LIMIT, "429", status=429, retry_after=1.0, latency_ms=5.0))
    provider = resilient(inner, ProviderConfig(env={}, cache_dir=tmp_path, clock=clock))
    watch = HaltWatch(clock=clock)

    async def worker() -> None:
        while watch.halt is None:
            watch.note(await provider.complete(ASKED))

    async with asyncio.timeout(60):
        await asyncio.gather(*(worker() for _ in range(width)))
    assert watch.halt is not None
    assert watch.halt.error().exit_code == 7
    assert clock.now() < 400


@pytest.mark.anyio
@pytest.mark.parametrize("width", [1, 8, 100])
@pytest.mark.parametrize("kind", [FailureKind.SERVER_ERROR, FailureKind.CONNECTION, FailureKind.BAD_REPLY])
async def test_a_constant_failure_ends_a_run_within_a_minute(
    sequence: Any, tmp_path: Any, *, width: int, kind: FailureKind
) -> None:
    """With default settings and any width, simulated time stays below 60 s and the calls are bounded."""
    clock = SimulatedClock()
    inner = sequence(Failure(kind, "always", latency_ms=50.0))
    provider = resilient(inner, ProviderConfig(env={}, cache_dir=tmp_path, clock=clock))
    watch = HaltWatch(clock=clock)

    async def worker() -> None:
        while watch.halt is None:
            watch.note(await provider.complete(ASKED))

    await asyncio.gather(*(worker() for _ in range(width)))
    assert watch.halt is not None
    assert clock.now() < 60
    assert inner.calls <= 5 * (10 + width)
