"""Writes the reports that doors have put down; any worker may, one report is written by one at a time."""

from __future__ import annotations

import asyncio
import logging

from causal_eval.errors import StoreError
from causal_eval.service import reports
from causal_eval.service.wiring import Service

LOOK_SECONDS = 2.0

_LOG = logging.getLogger(__name__)


class Reporter:
    """Looks every other second whether a report waits."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def run(self) -> None:
        """Write what waits until cancelled."""
        while True:
            if not await self._wrote():
                await asyncio.sleep(LOOK_SECONDS)

    async def _wrote(self) -> bool:
        try:
            return await asyncio.to_thread(reports.settle, self._service)
        except StoreError as problem:
            _LOG.warning("%s", problem)
            return False
