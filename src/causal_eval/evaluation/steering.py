"""What a run is doing, for others to see, and what they want of it: pause, go on, more or fewer calls at once.

The run says it on a board about once a second and looks there twice a second, in a thread of its own: no call waits
for it, and while the board cannot be reached the run goes on as it was.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from causal_eval.errors import StoreError
from causal_eval.providers.clock import Clock, SystemClock

_T = TypeVar("_T")

LOOK = 0.5
"""Seconds between two looks at what is wanted."""
BEAT = 2.0
"""Seconds after which a run says again that it lives, though nothing has changed."""
SILENT = 15.0
"""Seconds without a word after which nobody should believe that a run goes on."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants of a run."""

    paused: bool = False
    concurrency: int | None = None
    """Open calls at most; None: as the run decides."""


class Board(Protocol):
    """Where one run says what it is doing; its methods may block and raise StoreError, and are called in one thread."""

    def begin(self) -> None:
        """Take away what was wanted of an earlier process: a run begins unpaused."""

    def say(self, state: str, moment: float) -> None:
        """What the run is doing (JSON) at *moment* (seconds since 1970), in place of what was said before."""

    def wanted(self) -> Wanted:
        """What is wanted now."""

    def end(self) -> None:
        """The run has ended: take away what it said."""

    def close(self) -> None:
        """Release what is held; idempotent."""


class MemoryBoard:
    """A :class:`Board` that ends with its process."""

    def __init__(self) -> None:
        self.state: str | None = None
        self.moment = 0.0
        self.want = Wanted()

    def begin(self) -> None:
        """Want nothing."""
        self.want = Wanted()

    def say(self, state: str, moment: float) -> None:
        """Keep it."""
        self.state, self.moment = state, moment

    def wanted(self) -> Wanted:
        """What was put into ``want``."""
        return self.want

    def end(self) -> None:
        """Say nothing."""
        self.state = None

    def close(self) -> None:
        """Hold nothing."""


class Steered(Protocol):
    """A run that can be looked at and steered; called on the event loop."""

    def snapshot(self) -> str:
        """What it is doing, as JSON."""

    def heed(self, wanted: Wanted) -> None:
        """Do what is wanted from now on."""


class Steering:
    """Joins a run with its board."""

    def __init__(
        self, board: Board, run: Steered, *, clock: Clock | None = None, trouble: Callable[[str], None]
    ) -> None:
        self._board = board
        self._run = run
        self._clock = clock or SystemClock()
        self._trouble = trouble
        self._wanted = Wanted()
        self._said = ""
        self._said_at = float("-inf")
        self._begun = False
        self._in_trouble = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="steering")

    async def serve(self) -> None:
        """Say and look until cancelled; a run that is over before the first look never touches the board."""
        while True:
            await self._clock.sleep(LOOK)
            await self.exchange()

    async def exchange(self) -> None:
        """Say what has changed, look what is wanted, and have it done."""
        state, now = self._run.snapshot(), self._clock.now()
        quiet = now - self._said_at
        due = quiet >= BEAT or (state != self._said and quiet >= 2 * LOOK)
        try:
            wanted = await self._do(self._exchange, state if due else None)
        except StoreError as error:
            if not self._in_trouble:
                self._trouble(f"ctl cannot reach this run: {error}")
            self._in_trouble = True
            return
        self._in_trouble = False
        if due:
            self._said, self._said_at = state, now
        if wanted != self._wanted:
            self._wanted = wanted
            self._run.heed(wanted)
            self._said_at = float("-inf")
            await self.exchange()  # whoever wants it waits to hear that it is done

    async def close(self) -> None:
        """Take away what was said."""
        try:
            if self._begun:
                await self._do(self._board.end)
        except StoreError as error:
            self._trouble(f"what ctl says of this run is out of date: {error}")
        finally:
            await self._do(self._board.close)
            self._thread.shutdown()

    def _exchange(self, state: str | None) -> Wanted:
        if not self._begun:
            self._board.begin()
            self._begun = True
        if state is not None:
            self._board.say(state, self._clock.wall())
        return self._board.wanted()

    async def _do(self, work: Callable[..., _T], *args: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, functools.partial(work, *args))
