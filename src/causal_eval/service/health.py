"""Whether a request can be answered, and who carries out jobs."""

from __future__ import annotations

from causal_eval.errors import StoreError
from causal_eval.service.access import Permission, require
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.database import HEAD
from causal_eval.store.liveness import Beat, beats

SCHEMA = HEAD
"""The newest migration that this program knows."""

DEAD_SECONDS = 15.0
"""A worker that has not beaten for so long is not counted."""


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
