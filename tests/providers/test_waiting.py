"""Who waits without a call can be sent away, and nobody else is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from causal_eval.providers.limits import LimitRule, Limits, Outer
from causal_eval.providers.provider import Outcome, Prompt, Reply
from causal_eval.providers.waiting import WaitingRoom
from causal_eval.providers.window import Window

pytestmark = pytest.mark.anyio


async def test_sleepers_are_sent_away_and_nobody_comes_in_after(event_clock: Any) -> None:
    """A sleep in the room passes as on the clock; closed, it cancels those inside and those who come."""
    room = WaitingRoom(event_clock)
    assert 5 <= await event_clock.run(room.sleep(5)) < 5.1
    asleep = asyncio.create_task(room.sleep(5))
    await asyncio.sleep(0)
    room.close()
    with pytest.raises(asyncio.CancelledError):
        await asleep
    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(room.sleep(0))


@pytest.mark.parametrize("cap", [Window(1), Window(9)], ids=["of all", "of a key"])
async def test_a_queue_is_sent_away_and_the_open_call_ends(prompt: Prompt, cap: Window) -> None:
    """Of three prompts for one slot, the one that has it is answered; no further call is made, no slot is lost."""
    room, answered, calls = WaitingRoom(), asyncio.Event(), list[Prompt]()

    class Slow:
        name = "slow/one"

        async def complete(self, prompt: Prompt) -> Outcome:
            calls.append(prompt)
            await answered.wait()
            return Reply("yes")

        async def close(self) -> None: ...

    limits = Limits(Slow(), LimitRule(most=1 if cap.limit > 1 else 3, fixed=True), outer=Outer(cap, room=room))
    tasks = [asyncio.create_task(limits.complete(prompt)) for _ in range(3)]
    await asyncio.sleep(0)
    room.close()
    answered.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(outcome, Reply) for outcome in outcomes] == [True, False, False]
    assert (len(calls), limits.window.open, limits.window.waiting, cap.open) == (1, 0, 0, 0)
