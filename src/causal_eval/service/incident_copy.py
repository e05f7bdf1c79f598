"""Incidents copied from the sentinel and their marks put on results: by one process at a time, whoever is away."""

from __future__ import annotations

import logging

from causal_eval.effects import marking, mirror
from causal_eval.errors import SentinelAway
from causal_eval.incidents.view import LARGEST_PAGE
from causal_eval.service import readonly, sentinel
from causal_eval.service.wiring import Service
from causal_eval.store.workers import take_lease

LEASE = "incidents"
LEASE_SECONDS = 30.0
"""Longer than between two looks: the same process goes on, another one takes over when it is gone."""
_LOG = logging.getLogger(__name__)


def copy(service: Service, owner: str) -> bool:
    """Copy what changed and mark results, if it is for *owner* to do; False: another process does, or nobody may now.

    A sentinel that is away is noted with the copies, which stay as they are.
    """
    with service.store.writing() as connection:
        if readonly.is_read_only(connection) or not take_lease(connection, LEASE, owner=owner, seconds=LEASE_SECONDS):
            return False
    if service.settings.sentinel_url:
        _fetch(service)
    mark(service)
    return True


def mark(service: Service) -> None:
    """Mark results of incidents that have ended, and results of such that came late."""
    at, store = service.clock(), service.store
    with store.reading() as connection:
        waiting = marking.unmarked(connection)
    for one in waiting:
        count = marking.mark(store, one, at=at)
        _LOG.info("%s has ended: %d results and failed calls fall into it", one.id, count)
    marking.mark_late(store, at=at)


def _fetch(service: Service) -> None:
    with service.store.reading() as connection:
        cursor: int | None = mirror.freshness(connection).cursor
    try:
        while cursor is not None:
            cursor = _page(service, cursor)
    except SentinelAway as error:
        with service.store.writing() as connection:
            mirror.silent(connection, str(error), at=service.clock())


def _page(service: Service, cursor: int) -> int | None:
    """Copy what changed since *cursor*; what to go on with, None: that was all."""
    page, at = sentinel.changed(service.settings, since=cursor), service.clock()
    following = 0 if page.cursor < cursor else page.cursor  # less: the sentinel has another file
    with service.store.writing() as connection:
        kept = mirror.keep(connection, page.incidents, at=at)
        mirror.answered(connection, cursor=following, at=at)
        if kept.refused:
            mirror.silent(connection, _strange(kept.refused), at=at)
    if kept.refused:
        _LOG.warning("%s", _strange(kept.refused))
    return following if following < cursor or len(page.incidents) == LARGEST_PAGE else None


def _strange(refused: list[str]) -> str:
    names = ", ".join(refused[:5])
    return (
        f"the sentinel's file was replaced: its {names} is another incident than the one copied before under that id, "
        "and is left out; bring the former file back (CEB_INCIDENTS), or go on with later numbers"
    )
