"""Makes and checks the question sets that doors have put down; one is made by one worker at a time."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Collection

from causal_eval.errors import StoreError
from causal_eval.service import makings
from causal_eval.service.wiring import Service
from causal_eval.store import workers
from causal_eval.worker.pulse import DEAD_SECONDS, Pulse

LOOK_SECONDS = 2.0

_LOG = logging.getLogger(__name__)


class Maker:
    """Looks every other second whether something is to be made; what a dead worker had in hand it goes on with."""

    def __init__(self, service: Service, pulse: Pulse, *, stop: Callable[[], bool]) -> None:
        self._service = service
        self._pulse = pulse
        self._stop = stop
        self._alone = service.store.engine.dialect.name == "sqlite"
        self._ends = threading.Event()

    async def run(self) -> None:
        """Make what waits until the worker ends; what is under way then is given back with what is made of it."""
        while True:
            if self._stop() or not await self._made():
                await asyncio.sleep(LOOK_SECONDS)

    async def _made(self) -> bool:
        """Whether there was something; a fault of this program ends no worker."""
        making = asyncio.create_task(asyncio.to_thread(self._settle))
        try:
            await asyncio.wait({making})
        except asyncio.CancelledError:
            self._ends.set()
            await asyncio.wait({making})
            raise
        error = making.exception()
        if isinstance(error, StoreError):
            _LOG.warning("%s", error)
        elif error is not None:
            _LOG.error("a question set", exc_info=error)
        return error is None and making.result()

    def _settle(self) -> bool:
        return makings.settle(self._service, worker=self._pulse.id, others=self._others(), stop=self._is_over)

    def _is_over(self) -> bool:
        return self._ends.is_set() or self._stop()

    def _others(self) -> Collection[str] | None:
        """Who else lives; None: that cannot be told now."""
        if self._alone:
            return frozenset()
        if not self._pulse.steady():
            return None
        with self._service.store.reading() as connection:
            return workers.hands(connection, within=DEAD_SECONDS).keys() - {self._pulse.id}
