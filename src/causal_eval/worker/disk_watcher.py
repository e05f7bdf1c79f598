"""Watches the disks, and has the service only read before one is full."""

from __future__ import annotations

import asyncio
import logging

from causal_eval.errors import StoreError
from causal_eval.operations.disk import DiskWatch, watched_folders
from causal_eval.service.readonly import note_disk
from causal_eval.service.wiring import Service

LOOK_SECONDS = 2.0

_LOG = logging.getLogger(__name__)


class DiskWatcher:
    """Looks every other second."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._watch = DiskWatch(watched_folders(service.settings), service.settings.disk_reserve)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Look once; without the database the next look is the next try."""
        reason = self._watch.reason()
        try:
            if note_disk(self._service, reason):
                _LOG.warning("read-only: %s", reason or "over, there is room again")
        except StoreError as problem:
            _LOG.warning("%s", problem)
