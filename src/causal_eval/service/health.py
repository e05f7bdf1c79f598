"""Whether the service is well: for whoever asks a word, for operators the detail."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.errors import StoreError
from causal_eval.service.access import Permission, require
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.database import HEAD
from causal_eval.store.liveness import Beat, beats

SCHEMA = HEAD
"""The newest migration that this program knows."""

DEAD_SECONDS = 15.0
"""A worker that has not beaten for so long is not counted."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the service is."""

    ready: bool
    """The database answers and is up to date."""
    waiting: int | None
    """Shards in the queue; None: it cannot be asked."""
    workers: tuple[Beat, ...]
    """Those that live."""
    fault: str
    """Empty: none."""

    @property
    def status(self) -> str:
        """One word."""
        if not self.ready:
            return "down"
        return "ok" if self.workers or not self.waiting else "degraded"


def is_ready(service: Service) -> bool:
    """Whether a request can be answered: the database can be read."""
    try:
        with service.store.reading() as connection:
            beats(connection, since=service.clock())
    except StoreError:
        return False
    return True


def workers(visit: Visit) -> list[Beat]:
    """Those that live, by id."""
    require(visit.caller, Permission.OPERATE)
    with visit.service.store.reading() as connection:
        return beats(connection, since=visit.service.clock() - DEAD_SECONDS)


def health(service: Service) -> Health:
    """All of it."""
    try:
        with service.store.reading() as connection:
            living = beats(connection, since=service.clock() - DEAD_SECONDS)
        waiting = service.engine.waiting()
    except StoreError as error:
        return Health(ready=False, waiting=None, workers=(), fault=str(error))
    return Health(ready=True, waiting=waiting, workers=tuple(living), fault="")
