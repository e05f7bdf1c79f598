"""Who waits for a turn has no call open: all who do can be sent away at once, when nobody is to be asked any more."""

from __future__ import annotations

import asyncio
from types import TracebackType

from causal_eval.providers.clock import Clock, SystemClock


class WaitingRoom:
    """A clock whose sleepers, and whoever else waits in it (``with room:``), can be sent away for good.

    Retries, paces, switches and queues wait here; calls never do, so that what is paid for is never lost.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._inside: set[asyncio.Task[object]] = set()
        self._closed = False

    def now(self) -> float:
        """That of the clock."""
        return self._clock.now()

    def wall(self) -> float:
        """That of the clock."""
        return self._clock.wall()

    async def sleep(self, seconds: float) -> None:
        """Return after *seconds*.

        Raises:
            CancelledError: the room is closed.
        """
        with self:
            await self._clock.sleep(seconds)

    def close(self) -> None:
        """Cancel everybody inside, and from now on whoever comes: no further call begins by waiting for it."""
        self._closed = True
        for task in self._inside:
            task.cancel()

    def __enter__(self) -> None:
        """The current task begins to wait."""
        if self._closed:
            raise asyncio.CancelledError
        task = asyncio.current_task()
        assert task is not None
        self._inside.add(task)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It waits no longer."""
        task = asyncio.current_task()
        assert task is not None
        self._inside.discard(task)
