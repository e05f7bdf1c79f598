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
        """Whether there was one; a fault of this program ends no worker, and the report is tried again later."""
        writing = asyncio.create_task(asyncio.to_thread(reports.settle, self._service))
        try:
            await asyncio.wait({writing})
        finally:
            writing.cancel()
        error = writing.exception()
        if isinstance(error, StoreError):
            _LOG.warning("%s", error)
        elif error is not None:
            _LOG.error("a report", exc_info=error)
        return error is None and writing.result()
