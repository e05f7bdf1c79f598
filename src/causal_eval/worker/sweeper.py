"""What no worker has under way any more is started again, by one worker at a time."""

from __future__ import annotations

import asyncio
import logging

from causal_eval.errors import StoreError
from causal_eval.performing.ending import end_job
from causal_eval.service import readonly, switches
from causal_eval.service.engine import Scene, ShardJob
from causal_eval.service.wiring import Service
from causal_eval.store import shards, workers
from causal_eval.worker.pulse import DEAD_SECONDS, Pulse

SWEEP_SECONDS = 2.0
LEASE_SECONDS = 6.0
PURGE_SECONDS = 600.0
KEPT_SECONDS = 3600.0
"""For which the engine remembers what has ended."""
FORGOTTEN_SECONDS = 300.0
"""After which a dead worker is no longer shown."""

_LOG = logging.getLogger(__name__)


class Sweeper:
    """Sweeps every other second, where it holds the lease and its own pulse is steady."""

    def __init__(self, service: Service, pulse: Pulse) -> None:
        self._service = service
        self._pulse = pulse
        self._alone = service.store.engine.dialect.name == "sqlite"
        self._purged_at = service.clock()
        self._idle = False
        """At the last look nothing was left to do; the one after that is spared."""

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            if self._alone or self._pulse.steady():
                try:
                    await asyncio.to_thread(self.sweep)
                except StoreError as problem:
                    _LOG.warning("%s", problem)
            await asyncio.sleep(SWEEP_SECONDS)

    def sweep(self) -> int:
        """Start again what is nobody's, if it is for us to do; returns how many shards that were."""
        scene = self._look()
        with self._service.store.reading() as connection:
            ready, held = shards.ready_jobs(connection), readonly.is_read_only(connection)
        if held:
            return 0
        was_idle, self._idle = self._idle, not scene.wanted and not ready
        if was_idle and self._idle:
            return 0
        if not self._is_ours():
            return 0
        for evaluation in ready:
            end_job(self._service, evaluation)
        count = self._service.engine.sweep(scene, self._look)
        if count:
            _LOG.warning("%d shards were nobody's and are started again", count)
        self._purge()
        return count

    def _look(self) -> Scene:
        with self._service.store.reading() as connection:
            hands = workers.hands(connection, within=DEAD_SECONDS)
            left = shards.unfinished(connection, off=switches.paused(connection))
        wanted = [ShardJob(one.id, one.answerer.partition("/")[0], one.priority) for one in left]
        return Scene({self._pulse.id: None, **hands}, wanted)

    def _is_ours(self) -> bool:
        with self._service.store.writing() as connection:
            return workers.take_lease(connection, "sweep", owner=self._pulse.id, seconds=LEASE_SECONDS)

    def _purge(self) -> None:
        now = self._service.clock()
        if now - self._purged_at < PURGE_SECONDS:
            return
        self._purged_at = now
        self._service.engine.purge(before=now - KEPT_SECONDS)
        with self._service.store.writing() as connection:
            workers.forget_dead(connection, after=FORGOTTEN_SECONDS)
