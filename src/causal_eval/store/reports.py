"""Reports as rows: ordered at a door, claimed and written by a worker, read until they are too old."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, tuple_, update

from causal_eval.store.public_tables import report_parts, reports

OPEN, DONE, FAILED = "open", "done", "failed"


@dataclass(frozen=True, slots=True)
class Report:
    """A report without its texts."""

    id: str
    project: str
    status: str
    requested_by: str
    created_at: float
    ended_at: float | None
    note: str
    evaluations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """The texts of a report."""

    page: str
    document: str


def insert_report(connection: Connection, one: Report) -> None:
    """Add a report that is to be written."""
    row = {
        "id": one.id, "project": one.project, "status": one.status, "requested_by": one.requested_by,
        "parts": len(one.evaluations), "created_at": one.created_at, "tries": 0, "note": one.note,
    }  # fmt: skip
    connection.execute(insert(reports), row)
    parts = [{"report_id": one.id, "evaluation_id": name, "place": place} for place, name in enumerate(one.evaluations)]
    connection.execute(insert(report_parts), parts)


def list_reports(
    connection: Connection,
    projects: frozenset[str] | None,
    *,
    report: str | None = None,
    before: tuple[float, str] | None = None,
    limit: int = 1,
) -> list[Report]:
    """The newest of *projects* (None: all), newest first; only *report*, where it is named."""
    query = select(*_SHOWN).where(_is_whole())
    if projects is not None:
        query = query.where(reports.c.project.in_(projects))
    if report is not None:
        query = query.where(reports.c.id == report)
    if before is not None:
        query = query.where(tuple_(reports.c.created_at, reports.c.id) < before)
    rows = connection.execute(query.order_by(reports.c.created_at.desc(), reports.c.id.desc()).limit(limit)).all()
    named: dict[str, list[str]] = {row.id: [] for row in rows}
    of_them = select(report_parts).where(report_parts.c.report_id.in_(named)).order_by(report_parts.c.place)
    for part in connection.execute(of_them):
        named[part.report_id].append(part.evaluation_id)
    return [Report(**row._mapping, evaluations=tuple(named[row.id])) for row in rows]


def read_texts(connection: Connection, report: str) -> Written | None:
    """Its texts; None: it is not written."""
    row = connection.execute(select(reports.c.page, reports.c.document).where(reports.c.id == report)).first()
    return None if row is None or row.page is None else Written(row.page, row.document)


def count_open(connection: Connection, project: str) -> int:
    """How many of *project* are to be written."""
    query = select(func.count()).where(reports.c.project == project, reports.c.status == OPEN)
    return connection.execute(query).scalar_one()


def next_open(connection: Connection, *, stale: float) -> str | None:
    """The oldest that nobody has claimed since *stale*; None: there is none."""
    query = select(reports.c.id).where(_is_free(stale)).order_by(reports.c.created_at).limit(1)
    return connection.scalar(query)


def claim(connection: Connection, report: str, *, stale: float, at: float) -> int:
    """Take it up, and return how often that was done; 0: somebody else has."""
    taken = {"claimed_at": at, "tries": reports.c.tries + 1}
    if not connection.execute(update(reports).where(reports.c.id == report, _is_free(stale)).values(taken)).rowcount:
        return 0
    return int(connection.execute(select(reports.c.tries).where(reports.c.id == report)).scalar_one())


def end(connection: Connection, report: str, *, at: float, texts: Written | None, note: str = "") -> None:
    """Keep what was written, or why it could not be."""
    values: dict[str, object] = {"status": FAILED, "ended_at": at, "note": note}
    if texts is not None:
        values |= {"status": DONE, "page": texts.page, "document": texts.document}
    connection.execute(update(reports).where(reports.c.id == report, reports.c.status == OPEN).values(**values))


def purge(connection: Connection, *, before: float) -> int:
    """Delete reports from before *before*, and those of which an evaluation is gone; how many."""
    gone = list(connection.scalars(select(reports.c.id).where(or_(reports.c.created_at < before, ~_is_whole()))))
    connection.execute(delete(report_parts).where(report_parts.c.report_id.in_(gone)))
    return connection.execute(delete(reports).where(reports.c.id.in_(gone))).rowcount


_SHOWN = [reports.c[name] for name in Report.__slots__ if name != "evaluations"]


def _is_whole() -> ColumnElement[bool]:
    """All its evaluations are there."""
    there = select(func.count()).where(report_parts.c.report_id == reports.c.id).correlate(reports)
    return reports.c.parts == there.scalar_subquery()


def _is_free(stale: float) -> ColumnElement[bool]:
    return and_(reports.c.status == OPEN, or_(reports.c.claimed_at.is_(None), reports.c.claimed_at < stale))
