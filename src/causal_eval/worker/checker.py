"""Goes through everything that is kept, now and then, and tells what does not hold."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from causal_eval.errors import StoreError
from causal_eval.operations.notices import Checked
from causal_eval.service.invariants import Rule, violations
from causal_eval.service.wiring import Service
from causal_eval.store.liveness import beats
from causal_eval.worker.pulse import DEAD_SECONDS

SOON_SECONDS = 60.0
"""After which a worker looks for the first time, if it is to look more rarely than that."""

_LOG = logging.getLogger(__name__)


class Checker:
    """Looks where this worker is the first by name among those that live: one does, as a rule, and two do no harm."""

    def __init__(self, service: Service, worker: str) -> None:
        self._service = service
        self._worker = worker
        self._every = service.settings.check_every

    async def run(self) -> None:
        """Look until cancelled."""
        if self._every is None:
            await asyncio.Event().wait()
            return
        pause = min(SOON_SECONDS, self._every)
        while True:
            await asyncio.sleep(pause)
            pause = self._every
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Look once, if it is this worker's turn; without the database the next look is the next try."""
        try:
            if self._is_first():
                self._check()
        except StoreError as problem:
            _LOG.warning("%s", problem)

    def _is_first(self) -> bool:
        with self._service.store.reading() as connection:
            living = beats(connection, since=self._service.clock() - DEAD_SECONDS)
        return not living or living[0].id == self._worker

    def _check(self) -> None:
        found = Counter[Rule]()
        for one in violations(self._service):
            found[one.rule] += 1
            _LOG.error("invariant %s does not hold: %s: %s", one.rule, one.where, one.problem)
        counts = {rule.replace(" ", "_"): found[rule] for rule in Rule}
        self._service.listener(Checked(self._service.clock(), counts, found[Rule.CONTENT]))
