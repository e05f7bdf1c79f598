"""The heartbeat of a worker, in a thread of its own: a busy event loop does not make it look dead."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from types import TracebackType
from typing import Self

from causal_eval.errors import StoreError
from causal_eval.store import workers
from causal_eval.store.database import Store
from causal_eval.store.workers import Worker

BEAT_SECONDS = 2.0
DEAD_SECONDS = 8.0
"""Without a beat for so long, a worker is taken for dead."""

_LOG = logging.getLogger(__name__)


class Pulse:
    """Says every other second that the worker lives; a context manager that signs it in and out."""

    def __init__(
        self, store: Store, worker: Worker, *, stop: Callable[[], bool], in_hand: Callable[[], Collection[str]]
    ) -> None:
        self._store = store
        self._worker = worker
        self._stop = stop
        self._in_hand = in_hand
        self._since: float | None = None
        self._last = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        with self._store.writing() as connection:
            if self._store.engine.dialect.name == "sqlite":  # nobody else works here: who is down is dead
                workers.forget_dead(connection, after=0)
            workers.sign_in(connection, self._worker)
        self._note()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        try:
            with self._store.writing() as connection:
                workers.sign_out(connection, self._worker.id)
        except StoreError as problem:
            _LOG.warning("%s", problem)  # the others will take us for dead, which we are

    @property
    def id(self) -> str:
        """The worker's name."""
        return self._worker.id

    def steady(self) -> bool:
        """True: every beat of the last eight seconds and more arrived, so whoever is silent is dead.

        After an outage of the database everybody is silent, and everybody but the dead is about to speak.
        """
        now = time.monotonic()
        since = self._since
        return since is not None and now - since > DEAD_SECONDS and now - self._last < 2 * BEAT_SECONDS

    def _run(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                self._beat()
            except StoreError as problem:
                _LOG.warning("%s", problem)
                self._since = None

    def _beat(self) -> None:
        with self._store.writing() as connection:
            known = workers.beat(connection, self._worker.id, draining=self._stop(), in_hand=self._in_hand())
            if not known:
                workers.sign_in(connection, self._worker)
        if not known:  # others took us for dead: so does everything that we took for steady
            self._since = None
        self._note()

    def _note(self) -> None:
        now = time.monotonic()
        if self._since is None or now - self._last > DEAD_SECONDS:  # it may have been stopped for a while
            self._since = now
        self._last = now
