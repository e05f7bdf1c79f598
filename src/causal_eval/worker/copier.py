"""Keeps the copies of incidents as the sentinel tells them, and marks the results that one may have touched."""

from __future__ import annotations

import asyncio
import logging

from causal_eval.errors import StoreError
from causal_eval.service import incident_copy
from causal_eval.service.wiring import Service

LOOK_SECONDS = 5.0

_LOG = logging.getLogger(__name__)


class Copier:
    """Looks every few seconds; one of all workers copies."""

    def __init__(self, service: Service, worker: str) -> None:
        self._service = service
        self._worker = worker

    async def run(self) -> None:
        """Look until cancelled; without the database the next look is the next try."""
        while True:
            try:
                await asyncio.to_thread(incident_copy.copy, self._service, self._worker)
            except StoreError as problem:
                _LOG.warning("%s", problem)
            await asyncio.sleep(LOOK_SECONDS)
