"""As many shards of an evaluation are under way as its calls need; the next one begins as one ends."""

from __future__ import annotations

import asyncio

import pytest

from causal_eval.performing.turns import MORE, Turns
from causal_eval.service.jobs import SHARD

pytestmark = pytest.mark.anyio


class Hall:
    """Shards that stay until they are let go."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.begun: list[str] = []
        self._gates: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def come(self, *shards: str) -> None:
        """Each wants its turn."""
        for shard in shards:
            self._gates[shard] = asyncio.Event()
            self._tasks[shard] = asyncio.create_task(self._stay(shard))

    async def end(self, shard: str) -> None:
        """Let it go."""
        self._gates[shard].set()
        await self._tasks[shard]
        await self.settle()

    async def drop(self, shard: str) -> None:
        """Cancel it."""
        self._tasks[shard].cancel()
        with pytest.raises(asyncio.CancelledError):
            await self._tasks[shard]
        await self.settle()

    async def settle(self) -> None:
        """Let everybody do what they can."""
        for _ in range(5):
            await asyncio.sleep(0)

    async def _stay(self, shard: str) -> None:
        async with self._turns.turn(shard[0]):
            self.begun.append(shard)
            await self._gates[shard].wait()


async def test_the_next_begins_as_one_ends() -> None:
    """With calls for one shard, that one and a few more are under way, each next one in its order."""
    hall = Hall(Turns(lambda: SHARD))
    hall.come(*(f"a{number}" for number in range(6)))
    await hall.settle()
    assert hall.begun == ["a0", "a1", "a2"][: 1 + MORE]
    await hall.end("a1")
    assert hall.begun == ["a0", "a1", "a2", "a3"]
    await hall.drop("a4")
    await hall.end("a0")
    assert hall.begun[-1] == "a5"


async def test_more_calls_let_more_begin() -> None:
    """A cap that is raised meanwhile is heeded when the next shard comes."""
    calls = 1
    hall = Hall(Turns(lambda: calls))
    hall.come(*(f"a{number}" for number in range(4)))
    await hall.settle()
    assert len(hall.begun) == 1 + MORE
    calls = 3 * SHARD
    hall.come("a4", "a5")
    await hall.settle()
    assert sorted(hall.begun) == ["a0", "a1", "a2", "a3", "a4"]


async def test_evaluations_do_not_wait_for_each_other() -> None:
    """Each has turns of its own, and none are kept for one that is over."""
    turns = Turns(lambda: 1)
    hall = Hall(turns)
    hall.come("a0", "a1", "a2", "a3", "b0")
    await hall.settle()
    assert "b0" in hall.begun
    await hall.end("b0")
    hall.come("b1")
    await hall.settle()
    assert hall.begun[-1] == "b1"
