"""Time as an argument: the system's clock, and a simulated twin whose sleeps cost nothing."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Tells time and waits."""

    def now(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""

    def wall(self) -> float:
        """Seconds since 1970 UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return after *seconds*."""


class SystemClock:
    """The machine's own time."""

    __slots__ = ()

    def now(self) -> float:
        """Seconds on the monotonic clock."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970 UTC."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Return after *seconds*."""
        await asyncio.sleep(seconds)


class SimulatedClock:
    """Time that passes only by sleeping, at once; ``slept`` lists every sleep in order of its start."""

    def __init__(self, start: float = 0.0, wall: float = 1_700_000_000.0) -> None:
        self._now = start
        self._offset = wall - start
        self.slept: list[float] = []

    def now(self) -> float:
        """Simulated seconds."""
        return self._now

    def wall(self) -> float:
        """Simulated seconds since 1970."""
        return self._now + self._offset

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        """Let other tasks run once, then be at the deadline (or later, if another sleeper went further)."""
        self.slept.append(seconds)
        deadline = self._now + seconds
        await asyncio.sleep(0)
        self._now = max(self._now, deadline)
