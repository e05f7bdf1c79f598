"""The hard cap over all processes: this one's part of it, leased from the database for a few seconds at a time."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from causal_eval.errors import StoreError
from causal_eval.providers.stack import CAP
from causal_eval.providers.window import Window
from causal_eval.service.wiring import Service
from causal_eval.settings.words import MAX_CALLS
from causal_eval.store.leases import Demand, share
from causal_eval.store.switches import switched

LOOK_SECONDS, IDLE_SECONDS = 0.1, 0.5
"""Between two looks whether calls wait, while some are made and while none is."""
RENEW_SECONDS = 1.0
LEASE_SECONDS = 5.0
"""A worker that cannot renew its lease for so long begins no call; others have its slots from then on."""

_LOG = logging.getLogger(__name__)


class CallSlots:
    """Keeps ``window``, through which every call of this process goes, as wide as its lease."""

    def __init__(self, service: Service, worker: str) -> None:
        self.window = Window(0)
        self._service = service
        self._worker = worker
        self._until = 0.0
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="call-slots")

    async def run(self) -> None:
        """Renew the lease every second while calls are made, and at once when the first is to be, until cancelled."""
        loop = asyncio.get_running_loop()
        renewed = float("-inf")
        while True:
            now = loop.time()
            if self.window.open or self.window.waiting:
                if now - renewed >= RENEW_SECONDS or not self.window.limit:
                    renewed = now
                    await self.renew()
            elif self.window.limit and now > self._until - RENEW_SECONDS:
                self.window.resize(0)  # nobody calls: it runs out
            await asyncio.sleep(LOOK_SECONDS if self.window.limit else IDLE_SECONDS)

    async def renew(self) -> None:
        """Ask for as many slots as could be used now; without an answer for too long, let nobody in."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        hungry = self.window.open >= self.window.limit
        demand = Demand(self.window.open, MAX_CALLS if hungry else self.window.open + self.window.waiting)
        try:
            calls = await loop.run_in_executor(self._threads, self._share, demand)
        except StoreError as problem:
            _LOG.warning("%s", problem)
            if began > self._until:
                self.window.resize(0)
            return
        self._until = began + LEASE_SECONDS
        self.window.resize(calls)

    def close(self) -> None:
        """Release the thread."""
        self._threads.shutdown()

    def _share(self, demand: Demand) -> int:
        with self._service.store.writing() as connection:
            said = switched(connection, CAP) or ""
            cap = int(said) if said.isdecimal() else self._service.now.max_concurrent_api_calls
            return share(connection, self._worker, demand=demand, cap=cap, seconds=LEASE_SECONDS)
