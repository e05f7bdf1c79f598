"""A gate that closes once enough is known: before the first call where that is so, and soon after it becomes so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.stopping import StopGate
from causal_eval.providers.provider import Failure, FailureKind
from causal_eval.questions.question import Question

pytestmark = pytest.mark.anyio


async def test_it_closes_when_a_look_says_so(ten: Sequence[Question]) -> None:
    """Nothing kept, no look; something kept, a look in another thread, and nothing is let through any more."""
    looks = iter([False, True, True])
    seen: list[bool] = []

    def look() -> bool:
        seen.append(next(looks))
        return seen[-1]

    gate, ask = StopGate(look), Ask(ten[0])
    async with gate.watching():
        assert await gate.admit(ask)
        await asyncio.sleep(0.02)
        assert seen == [False]
        gate.kept([Attempt(ask, Failure(FailureKind.TIMEOUT, "x"))])
        for _ in range(500):
            if not await gate.admit(ask):
                break
            await asyncio.sleep(0.01)
    assert seen == [False, True, True]
    assert gate.is_met


async def test_a_run_that_is_decided_asks_nobody(ten: Sequence[Question]) -> None:
    """The first look comes before the first ask, and one at the end sees what came last."""
    gate = StopGate(lambda: True)
    async with gate.watching():
        assert not await gate.admit(Ask(ten[0]))


async def test_who_cancels_a_run_that_is_over_is_heard() -> None:
    """The end of the watch is a cancellation as well, but another one."""

    async def over() -> None:
        async with StopGate(lambda: False).watching():
            asyncio.current_task().cancel()  # type: ignore[union-attr]  # there is one

    task = asyncio.create_task(over())
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_look_that_fails_fails_the_run(ten: Sequence[Question]) -> None:
    """And is not taken for one that found too little."""
    looked: list[bool] = []

    def look() -> bool:
        looked.append(True)
        if len(looked) > 1:
            raise RuntimeError("no such table")
        return False

    async def over() -> None:
        async with (gate := StopGate(look)).watching():
            gate.kept([Attempt(Ask(ten[0]), Failure(FailureKind.TIMEOUT, "x"))])
            await asyncio.sleep(0.05)

    with pytest.raises(RuntimeError, match="no such table"):
        await over()
    assert len(looked) == 2
