"""What happens in evaluations, for whoever listens."""

from __future__ import annotations

from typing import NamedTuple

from causal_eval.service import jobs
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.events import Happening, events_after, newest_event, told_after

PAGE = 100


def after(visit: Visit, evaluation: str, *, last: int) -> list[Happening]:
    """The events of *evaluation* after the one with id *last*, if the caller may see them."""
    found = jobs.find(visit, evaluation).evaluation
    with visit.service.store.reading() as connection:
        return events_after(connection, found.id, after=last, limit=PAGE)


class News(NamedTuple):
    """Where the events of all evaluations end, and of which ones something new is told."""

    last: int
    evaluations: frozenset[str]


def news(service: Service, *, last: int | None) -> News:
    """What is told after the event with id *last*; None: nothing yet, only where they end."""
    with service.store.reading() as connection:
        if last is None:
            return News(newest_event(connection), frozenset())
        rows = told_after(connection, last)
    return News(rows[-1].id if rows else last, frozenset(row.evaluation_id for row in rows))
