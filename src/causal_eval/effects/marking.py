"""Marks on results whose calls an incident may have touched: a row added to each, none rewritten, nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, and_, exists, func, insert, or_, select, update

from causal_eval.effects import mirror
from causal_eval.effects.overlap import FAILED, KEPT, Overlap, Wanted, Window, overlaps
from causal_eval.effects.relations import relation_of
from causal_eval.incidents.view import Told
from causal_eval.store import bulk
from causal_eval.store.database import Store
from causal_eval.store.incident_tables import incident_copy, incident_marks, incident_tallies, incidents
from causal_eval.store.locks import take_turn
from causal_eval.store.tables import attempts, evaluations
from causal_eval.store.work_tables import jobs

SETTLING = 120.0
"""Seconds for which an end may be written down after the moment that it names."""
_MINE = incident_copy.c.source == mirror.SENTINEL
LOOKED_AT = 200
"""The newest incidents: for these alone late results are looked for."""


def mark(store: Store, one: Told, *, at: float, only: str | None = None) -> int:
    """Mark what overlaps *one* (until *at*, while it lasts), of the evaluation *only* if named; how many overlap.

    The same again adds nothing. *one* must have been copied.
    """
    ended = mirror.ended_at(one)
    window = Window(one.began_at, at if ended is None else ended)
    touched: set[str] = set()
    count = 0
    for page in overlaps(store, Wanted(window, relation_of(one.component, one.family), only)):
        if page:
            touched |= {found.evaluation for found in page}
            count += len(page)
            with store.writing() as connection:
                _add(connection, one.id, page=page, at=at)
    for evaluation in sorted(touched):
        with store.writing() as connection:
            _count(connection, one.id, evaluation=evaluation)
    if ended is not None and only is None:
        with store.writing() as connection:
            connection.execute(update(incidents).where(incidents.c.id == one.id).values(marked_at=at))
    return count


def unmarked(connection: Connection) -> list[Told]:
    """Copies of incidents that have ended and whose results are still to be marked, oldest first."""
    row = incidents.c
    over = or_(row.mitigated_at.is_not(None), row.resolved_at.is_not(None))
    names = connection.scalars(select(row.id).where(row.marked_at.is_(None), over).order_by(row.opened_at))
    return [mirror.get(connection, name) for name in names]


def mark_late(store: Store, *, at: float) -> int:
    """Mark results of evaluations that ended since the last look, which may have come after their incident's end."""
    with store.reading() as connection:
        row, newest = incidents.c, incidents.c.opened_at.desc()
        first = connection.scalar(select(func.min(row.marked_at)))
        if first is None:
            return 0
        looked_at = connection.scalar(select(incident_copy.c.looked_at).where(_MINE))
        ended = _ended(connection, since=(first if looked_at is None else looked_at) - SETTLING)
        marked = select(row.id).where(row.marked_at.is_not(None)).order_by(newest).limit(LOOKED_AT)
        over = [mirror.get(connection, name) for name in connection.scalars(marked).all()] if ended else []
    count = sum(mark(store, one, at=at, only=name) for name in ended for one in over)
    with store.writing() as connection:
        mirror.looked(connection, at=at)
    return count


def _ended(connection: Connection, *, since: float) -> list[str]:
    """Evaluations that ended since *since*."""
    of_service = select(jobs.c.evaluation_id).where(jobs.c.ended_at >= since)
    run = evaluations.c
    by_hand = select(run.id).where(
        run.ended_at >= datetime.fromtimestamp(since, UTC), ~exists().where(jobs.c.evaluation_id == run.id)
    )
    return [*connection.scalars(of_service), *connection.scalars(by_hand)]


def _add(connection: Connection, incident: str, *, page: list[Overlap], at: float) -> None:
    rows = [
        {
            "evaluation_id": one.evaluation, "incident_id": incident, "outcome": one.outcome, "result": one.result,
            "question": one.question, "sample": one.sample, "reason": one.reason, "calls": one.calls, "marked_at": at,
        }
        for one in page
    ]  # fmt: skip
    bulk.add(connection, incident_marks, rows=rows)


def _count(connection: Connection, incident: str, *, evaluation: str) -> None:
    """Put down anew how many marks *evaluation* has of *incident*."""
    take_turn(connection, f"marks of {evaluation}")
    of = incident_marks.c
    mine = and_(of.evaluation_id == evaluation, of.incident_id == incident)
    kept = and_(
        attempts.c.evaluation_id == evaluation, attempts.c.question == of.question, attempts.c.sample == of.sample
    )
    lost = select(of.question, of.sample).where(mine, of.outcome == FAILED, ~exists().where(kept)).distinct()
    sums = select(func.count().filter(of.outcome == KEPT), func.coalesce(func.sum(of.calls), 0)).where(mine)
    marked, calls = connection.execute(sums).one()
    values = {
        "kept": marked, "calls": calls,
        "missing": connection.scalar(select(func.count()).select_from(lost.subquery())),
    }  # fmt: skip
    tallied = and_(incident_tallies.c.incident_id == incident, incident_tallies.c.evaluation_id == evaluation)
    if not connection.execute(update(incident_tallies).where(tallied).values(**values)).rowcount:
        row = {"incident_id": incident, "evaluation_id": evaluation, **values}
        connection.execute(insert(incident_tallies), row)
