"""Time of which only the waits are skipped: sockets take as long as they take, a Retry-After of a minute takes none."""

from __future__ import annotations

import asyncio
import heapq
import time

from causal_eval.cli.display import Display
from causal_eval.providers.events import CallEnded, CallStarted, Event, Waiting

_SKIPS_AFTER = 3


class SkippingClock:
    """The machine's time plus what was skipped: when everybody waits and no call is open, the next waiter is due."""

    def __init__(self) -> None:
        self.skipped = 0.0
        self.open_calls = 0
        self._number = 0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        """Seconds, skipped ones included."""
        return time.monotonic() + self.skipped

    def wall(self) -> float:
        """Seconds since 1970, skipped ones included."""
        return time.time() + self.skipped

    async def sleep(self, seconds: float) -> None:
        """Return once it is so late."""
        self._number += 1
        due = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self.now() + seconds, self._number, due))
        await due

    async def run(self) -> None:
        """Wake who is due, and skip what nobody needs; until cancelled."""
        quiet = 0
        while True:
            await asyncio.sleep(0.001)
            while self._waiting and self._waiting[0][2].done():  # who was cancelled waits no longer
                heapq.heappop(self._waiting)
            quiet = 0 if self.open_calls or not self._waiting else quiet + 1
            if quiet > _SKIPS_AFTER:
                self.skipped += max(0.0, self._waiting[0][0] - self.now())
                quiet = 0
            while self._waiting and self._waiting[0][0] <= self.now():
                due = heapq.heappop(self._waiting)[2]
                if not due.done():
                    due.set_result(None)


class Ear:
    """Hears the calls, keeps what a person would see, and tells the clock how many are open."""

    def __init__(self, clock: SkippingClock, shown: Display) -> None:
        self._clock = clock
        self._shown = shown
        self.waits: list[str] = []

    def on_event(self, event: Event) -> None:
        """Count, keep, and pass on to the display."""
        match event:
            case CallStarted():
                self._clock.open_calls += 1
            case CallEnded():
                self._clock.open_calls -= 1
            case Waiting():
                self.waits.append(str(event))
        self._shown.on_event(event)
