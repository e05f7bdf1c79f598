"""A counted door keeps its number and its order."""

from __future__ import annotations

import asyncio

import pytest

from causal_eval.providers.window import Window

pytestmark = pytest.mark.anyio


async def test_nobody_overtakes_who_waits() -> None:
    """A free slot belongs to the first in the queue, not to who happens to come."""
    window = Window(1)
    assert window.take()
    waiting = asyncio.create_task(window.enter())
    await asyncio.sleep(0)
    window.leave()
    assert not window.take()
    await waiting
    assert (window.open, window.waiting) == (1, 0)


async def test_it_says_when_everybody_has_gone() -> None:
    """Who is inside and who queues are waited for; an empty one is empty at once."""
    window = Window(1)
    await window.empty()
    window.take()
    queued = asyncio.create_task(window.enter())
    empty = asyncio.create_task(window.empty())
    await asyncio.sleep(0)
    window.leave()
    await queued
    assert not empty.done()
    window.leave()
    async with asyncio.timeout(1):
        await empty


async def test_a_smaller_limit_drains() -> None:
    """Those inside stay; nobody enters until there is room."""
    window = Window(3)
    for _ in range(3):
        window.take()
    window.resize(1)
    window.leave()
    window.leave()
    assert not window.take()
    window.leave()
    assert window.take()


async def test_a_held_window_lets_nobody_in() -> None:
    """Who is inside goes on; who waits or comes waits; a new limit holds as soon as it is released."""
    window = Window(2)
    assert window.take()
    window.hold()
    entering = asyncio.create_task(window.enter())
    await asyncio.sleep(0)
    window.leave()
    await asyncio.sleep(0)
    assert (window.open, window.waiting, window.held, window.take()) == (0, 1, True, False)
    window.resize(1)
    await asyncio.sleep(0)
    assert (window.open, window.limit) == (0, 1)
    window.release()
    await entering
    assert (window.open, window.held, window.take()) == (1, False, False)


async def test_who_gives_up_in_the_queue_costs_nobody_a_slot() -> None:
    """A slot that becomes free in the very moment in which the first in the queue gives up goes to the second."""
    window = Window(1)
    window.take()
    first, second = asyncio.create_task(window.enter()), asyncio.create_task(window.enter())
    await asyncio.sleep(0)
    first.cancel()
    window.leave()
    async with asyncio.timeout(1):
        await second
    assert (first.cancelled(), window.open, window.waiting) == (True, 1, 0)
