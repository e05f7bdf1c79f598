"""A counted door: at most so many inside at once, first come, first served; the number may change at any moment."""

from __future__ import annotations

import asyncio
from collections import deque


class Window:
    """At most ``limit`` holders at once; shared by several providers it is the hard cap over all of them."""

    __slots__ = ("_emptied", "_queue", "_room", "limit", "open")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._room = limit
        """The limit; nothing while nobody is let in."""
        self.open = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._emptied: asyncio.Event | None = None

    @property
    def waiting(self) -> int:
        """How many wait for a slot."""
        return len(self._queue)

    def resize(self, limit: int) -> None:
        """Set the limit; calls that are open beyond a lower one end in their own time."""
        if not self.held:
            self._room = limit
        self.limit = limit
        self._admit()

    @property
    def held(self) -> bool:
        """Whether nobody is let in for now."""
        return self._room < self.limit

    def hold(self) -> None:
        """Let nobody in until :meth:`release`; who is inside ends in their own time."""
        self._room = 0

    def release(self) -> None:
        """Let in again."""
        self._room = self.limit
        self._admit()

    def take(self) -> bool:
        """Hold a slot if one is free now; it must be given back by :meth:`leave`."""
        if self.open < self._room and not self._queue:
            self.open += 1
            return True
        return False

    async def enter(self) -> None:
        """Return when a slot is held; it must be given back by :meth:`leave`."""
        if self.take():
            return
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot came and the cancellation with it
                self.leave()
            elif turn in self._queue:  # else it was passed over already
                self._queue.remove(turn)
            raise

    def leave(self) -> None:
        """Give a slot back."""
        self.open -= 1
        if self._queue:
            self._admit()
        elif self._emptied is not None and not self.open:
            self._emptied.set()

    async def empty(self) -> None:
        """Return when nobody is inside and nobody waits."""
        while self.open or self._queue:
            self._emptied = self._emptied or asyncio.Event()
            self._emptied.clear()
            await self._emptied.wait()

    def _admit(self) -> None:
        while self._queue and self.open < self._room:
            turn = self._queue.popleft()
            if not turn.done():
                self.open += 1
                turn.set_result(None)
