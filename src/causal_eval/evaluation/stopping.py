"""A run that stops by what it has found: looks at what is over, and asks nothing more once that is enough."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from causal_eval.evaluation.attempt import Ask, Attempt

LOOK_SECONDS = 0.25
"""Between two looks; what is asked meanwhile is kept too, and the decision is the same."""


class StopGate:
    """A gate of ``evaluation/flow.py``: lets asks through until *look* says that enough is known.

    *look* blocks, and runs in a thread. It decides by the clusters that are over in the run's order, so a run that was
    killed and goes on decides as if nothing had happened; what was in flight is kept beside.
    """

    def __init__(self, look: Callable[[], bool]) -> None:
        self._looks = look
        self._turn = threading.Lock()
        self._news = asyncio.Event()
        self.is_met = False

    async def admit(self, ask: Ask) -> bool:
        """True until enough is known."""
        del ask
        return not self.is_met

    def kept(self, attempts: Sequence[Attempt]) -> None:
        """There is something to look at."""
        if attempts:
            self._news.set()

    def forgo(self, ask: Ask) -> None:
        """Nothing to take back."""

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look before anything is asked, each time something was kept while the block runs, and at its end."""
        self.is_met = await asyncio.to_thread(self._look)
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])  # unlike the task itself, which would take a cancellation of ours for its own
            if not task.cancelled():
                task.result()
        self.is_met = await asyncio.to_thread(self._look)

    def _look(self) -> bool:
        with self._turn:  # a look that was under way when the run ended goes on in its thread
            return self._looks()

    async def _watch(self) -> None:
        while not self.is_met:
            await self._news.wait()
            self._news.clear()
            self.is_met = await asyncio.to_thread(self._look)
            await asyncio.sleep(LOOK_SECONDS)
