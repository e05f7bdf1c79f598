"""Calls that were open while an incident lasted, found by an index on when they began, a page at a time.

What is stored: when a call began, to the millisecond, and how long its last try took. So its end is known to the
millisecond where it was made once. Where it was repeated, how long earlier tries and the waits between them took is
not known: such a call counts if it began at most ``RETRIED`` before. Calls of a batch last from its order to its end.
A reply from the cache counts by when it was first asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, and_, exists, or_, select, tuple_

from causal_eval.effects.moments import seconds, stamp
from causal_eval.effects.relations import Calls, Relation
from causal_eval.store.database import Store
from causal_eval.store.public_tables import submissions
from causal_eval.store.submissions import Tier
from causal_eval.store.tables import attempts, batches, failures
from causal_eval.store.work_tables import jobs

PAGE = 5_000
LONGEST = 3_600.0
"""Seconds: a single call that took longer is not found by its end."""
LONGEST_FAILED = 86_400.0
"""The same of a failed one, with all its tries and waits, which are stored."""
RETRIED = 600.0
_USUAL = 60.0
"""Few calls take longer: of those that began before, only they are looked at."""
KEPT, FAILED = "kept", "failed"
DURING, REPEATED = "during", "retried"


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when, in seconds since 1970."""

    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls are looked for."""

    window: Window
    relation: Relation
    only: str | None = None
    """Of this evaluation alone; None: of all."""


class Overlap(NamedTuple):
    """A result whose call overlapped."""

    evaluation: str
    result: int
    """Its id among attempts or failures."""
    question: str
    """Its digest."""
    sample: int
    outcome: str
    reason: str
    calls: int
    """That gave no reply: they were made again, or lost."""


class _Call(NamedTuple):
    evaluation: str
    id: int
    question: str
    sample: int
    calls: int
    latency_ms: float
    moment: str


def overlaps(store: Store, wanted: Wanted) -> Iterator[list[Overlap]]:
    """Every result that is wanted, a page after the other; the same may come twice."""
    if wanted.relation.calls is Calls.NONE or wanted.window.ended < wanted.window.began:
        return
    for source in (_KEPT, _CACHED, _FAILED):
        yield from source.pages(store, wanted)
    yield from _of_batches(store, wanted)


@dataclass(frozen=True, slots=True)
class _Source:
    """Rows that each tell of a call, and the indexed column that says when it began."""

    table: Table
    moment: Column[str]
    outcome: str
    longest: float
    single: ColumnElement[bool] | None = None
    """Which rows; None: all."""

    def pages(self, store: Store, wanted: Wanted) -> Iterator[list[Overlap]]:
        """What overlaps, in the order in which it began."""
        query, after = self._query(wanted), ("", 0)
        while True:
            with store.reading() as connection:
                where = (self.moment >= after[0], tuple_(self.moment, self.table.c.id) > after)
                rows = [_Call._make(row) for row in connection.execute(query.where(*where))]
            found = (self._overlap(row, wanted.window) for row in rows)
            yield [one for one in found if one is not None]
            if len(rows) < PAGE:
                return
            after = (rows[-1].moment, rows[-1].id)

    def _query(self, wanted: Wanted) -> Select[tuple[object, ...]]:
        of, window = self.table.c, wanted.window
        usual = [self.moment >= stamp(window.began - _USUAL), of.latency_ms >= _USUAL * 1000]
        if self.outcome == KEPT:
            usual.append(and_(of.calls > 1, self.moment >= stamp(window.began - RETRIED)))
        columns = (of.evaluation_id, of.id, of.question, of.sample, of.calls, of.latency_ms, self.moment)
        return (
            select(*columns)
            .where(self.moment >= stamp(window.began - self.longest), self.moment <= stamp(window.ended))
            .where(or_(*usual), *_related(self.table, wanted), *([] if self.single is None else [self.single]))
            .order_by(self.moment, of.id)
            .limit(PAGE)
        )

    def _overlap(self, row: _Call, window: Window) -> Overlap | None:
        began = seconds(row.moment)
        is_repeated = self.outcome == KEPT and row.calls > 1 and began >= window.began - RETRIED
        if began > window.ended or not (began + row.latency_ms / 1000 >= window.began or is_repeated):
            return None
        reason = REPEATED if began + row.latency_ms / 1000 < window.began else DURING
        lost = row.calls - 1 if self.outcome == KEPT else row.calls
        return Overlap(*row[:4], outcome=self.outcome, reason=reason, calls=lost)


_KEPT = _Source(
    attempts, attempts.c.started_at, KEPT, LONGEST, and_(attempts.c.asked_at.is_(None), attempts.c.batch.is_(None))
)
_CACHED = _Source(attempts, attempts.c.asked_at, KEPT, LONGEST, attempts.c.asked_at.is_not(None))
_FAILED = _Source(failures, failures.c.started_at, FAILED, LONGEST_FAILED)


def _related(table: Table, wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    relation, evaluation = wanted.relation, table.c.evaluation_id
    brought = and_(submissions.c.evaluation_id == evaluation, submissions.c.tier == Tier.SELF_REPORTED)
    yield ~exists().where(brought)  # somebody else made those calls, nobody knows when
    if wanted.only is not None:
        yield evaluation == wanted.only
    if relation.calls is Calls.SERVICE:
        yield exists().where(jobs.c.evaluation_id == evaluation)
    elif relation.provider:
        yield table.c.answerer.startswith(f"{relation.provider}/", autoescape=True)
    else:
        yield ~table.c.answerer.startswith("baseline/")
        yield ~table.c.answerer.startswith("local/")


def _of_batches(store: Store, wanted: Wanted) -> Iterator[list[Overlap]]:
    window, of = wanted.window, batches.c
    open_then = or_(of.closed_at.is_(None), of.closed_at >= stamp(window.began))
    orders = select(of.evaluation_id, of.handle).where(
        of.handle.is_not(None), of.made_at <= stamp(window.ended), open_then
    )
    with store.reading() as connection:
        found = connection.execute(orders).all()
    for evaluation, handle in found:
        if wanted.only in {None, evaluation}:
            with store.reading() as connection:
                yield _of_order(connection, evaluation, handle=handle, wanted=wanted)


def _of_order(connection: Connection, evaluation: str, *, handle: str, wanted: Wanted) -> list[Overlap]:
    of = attempts.c
    query = select(of.evaluation_id, of.id, of.question, of.sample).where(
        of.evaluation_id == evaluation, of.batch == handle, of.asked_at.is_(None), *_related(attempts, wanted)
    )
    return [Overlap(*row, KEPT, DURING, 0) for row in connection.execute(query)]
