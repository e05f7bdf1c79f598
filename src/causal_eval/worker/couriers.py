"""What one worker at a time does for all: sends events, scores submissions that are done, deletes what is too old."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable

from causal_eval.errors import CausalEvalError
from causal_eval.operations.guard import Allowed, guarded
from causal_eval.performing import courier
from causal_eval.service import readonly, retention, submissions
from causal_eval.service.wiring import Service
from causal_eval.store import workers
from causal_eval.worker.pulse import Pulse

ROUND_SECONDS = 2.0
LEASE_SECONDS = 30.0
"""Longer than a round of deliveries takes."""
RETENTION_SECONDS = 600.0

_LOG = logging.getLogger(__name__)


class Couriers:
    """Goes round every other second, where it holds the lease and there is something to do."""

    def __init__(self, service: Service, pulse: Pulse) -> None:
        self._service = service
        self._pulse = pulse
        self._swept_at = float("-inf")

    async def run(self) -> None:
        """Go round until cancelled."""
        async with guarded(Allowed.parse(self._service.settings.allowed_networks)) as session:
            deliver = functools.partial(courier.deliver, self._service, session)
            while True:
                await self._round(deliver)
                await asyncio.sleep(ROUND_SECONDS)

    async def _round(self, deliver: Callable[[], Awaitable[int]]) -> None:
        try:
            if await asyncio.to_thread(self._prepare):
                await deliver()
        except CausalEvalError as problem:
            _LOG.warning("%s", problem)

    def _prepare(self) -> bool:
        """Do what needs no network, unless the service only reads; True: there are webhooks, and they are ours."""
        with self._service.store.reading() as connection:
            if readonly.is_read_only(connection):
                return False
        now = self._service.clock()
        is_time = now - self._swept_at >= RETENTION_SECONDS
        waits, has_webhooks = submissions.any_waiting(self._service), courier.is_needed(self._service)
        if not (is_time or waits or has_webhooks):
            return False
        if not self._is_ours():
            self._swept_at = now  # who holds the lease sweeps
            return False
        if waits:
            submissions.settle(self._service)
        if is_time and not retention.sweep(self._service):
            self._swept_at = now
        return has_webhooks

    def _is_ours(self) -> bool:
        with self._service.store.writing() as connection:
            return workers.take_lease(connection, "deliver", owner=self._pulse.id, seconds=LEASE_SECONDS)
