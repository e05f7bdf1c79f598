"""A few shards of an evaluation at a time: the others that the engine gave out wait here, and begin as one ends."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

from causal_eval.providers.window import Window
from causal_eval.service.jobs import SHARD

MORE = 2
"""Shards beyond those that fill all calls: the last asks of one leave calls free, which the next ones take."""

AHEAD = 2
"""Shards that wait here, so that no call stands still until the engine looks; more would be kept from others."""


def evaluation_of(shard: str) -> str:
    """The evaluation that *shard*, an id, is part of."""
    return shard.rpartition("-")[0]


def at_once(calls: int) -> int:
    """How many shards fill *calls* calls."""
    return -(-calls // SHARD) + MORE


def in_hand(calls: int) -> int:
    """How many shards of one provider a process that may have *calls* calls open takes from the engine."""
    return at_once(calls) + AHEAD


class Turns:
    """Who may begin. All at once would also end all at once, and nothing be asked until the engine looks again."""

    def __init__(self, calls: Callable[[], int]) -> None:
        self._calls = calls
        """How many calls this process may have open."""
        self._lines: defaultdict[str, Window] = defaultdict(lambda: Window(0))

    @contextlib.asynccontextmanager
    async def turn(self, evaluation: str) -> AsyncIterator[None]:
        """A block in which one shard of *evaluation* is under way."""
        line = self._lines[evaluation]
        line.resize(at_once(self._calls()))
        await line.enter()
        try:
            yield
        finally:
            line.leave()
            if not line.open and not line.waiting:
                self._lines.pop(evaluation, None)
