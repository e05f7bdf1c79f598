"""Both clocks keep the same contract."""

from __future__ import annotations

import asyncio

import pytest

from causal_eval.providers.clock import Clock, SimulatedClock, SystemClock

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("clock", [SystemClock(), SimulatedClock()])
async def test_sleeping_takes_at_least_its_time(clock: Clock) -> None:
    """Both readings advance by what was slept."""
    now, wall = clock.now(), clock.wall()
    await clock.sleep(0.01)
    assert clock.now() - now >= 0.0099
    assert clock.wall() - wall >= 0.005


async def test_simulated_sleepers_share_time() -> None:
    """Sleeping side by side takes as long as the longest."""
    clock = SimulatedClock()
    await asyncio.gather(clock.sleep(3), clock.sleep(5), clock.sleep(4))
    assert clock.now() == 5
    assert clock.slept == [3, 5, 4]
