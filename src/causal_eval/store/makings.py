"""Question sets that a worker makes, and what waits for them, as rows; who has lost one writes nothing more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, or_, select, tuple_, update

from causal_eval.questions.question import Question, canonical
from causal_eval.store.database import Store
from causal_eval.store.public_tables import making_parts, makings
from causal_eval.store.rows import question_from

OPEN, DONE, FAILED = "open", "done", "failed"
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Making:
    """Something that a worker makes, without its texts."""

    id: str
    project: str
    kind: str
    """``set``, ``check``, ``evaluation`` or ``submission``."""
    name: str
    asked: str
    """JSON."""
    requested_by: str
    created_at: float
    wanted: int = 0
    """Questions."""
    made: int = 0
    """Questions that are made, or looked at."""
    after: str | None = None
    """The making that has to be done before."""
    status: str = OPEN
    ended_at: float | None = None
    note: str = ""
    """Why it could not be made."""
    question_set: str | None = None
    evaluation: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A making that a worker has in hand."""

    making: Making
    worker: str
    tries: int
    """How often one was taken up: nothing is written by whoever does not know the last."""


def insert_making(connection: Connection, one: Making) -> None:
    """Add something that is to be made."""
    connection.execute(insert(makings), {**asdict(one), "tries": 0})


def find_making(connection: Connection, making: str, *, projects: frozenset[str] | None = None) -> Making | None:
    """The making with that id, if it is of *projects* (None: of any); None: there is none."""
    found = list_makings(connection, projects, making=making)
    return found[0] if found else None


def list_makings(
    connection: Connection, projects: frozenset[str] | None, *, making: str | None = None,
    before: tuple[float, str] | None = None, limit: int = 1,
) -> list[Making]:  # fmt: skip
    """The newest of *projects* (None: of all), newest first; only *making*, where it is named."""
    query = select(*_SHOWN)
    if projects is not None:
        query = query.where(makings.c.project.in_(projects))
    if making is not None:
        query = query.where(makings.c.id == making)
    if before is not None:
        query = query.where(tuple_(makings.c.created_at, makings.c.id) < before)
    rows = connection.execute(query.order_by(makings.c.created_at.desc(), makings.c.id.desc()).limit(limit))
    return [Making(**row._mapping) for row in rows]


def read_texts(connection: Connection, making: str) -> tuple[str, str] | None:
    """Page and document of a check; None: they are not written."""
    row = connection.execute(select(makings.c.page, makings.c.document).where(makings.c.id == making)).first()
    return None if row is None or row.page is None else (row.page, row.document)


def count_open(connection: Connection, project: str) -> int:
    """How many of *project* are to be made."""
    query = select(func.count()).where(makings.c.project == project, makings.c.status == OPEN)
    return connection.execute(query).scalar_one()


def reopen(connection: Connection, making: str, *, by: str) -> None:
    """Have made again, from the beginning, what failed."""
    fresh: dict[str, object] = {"status": OPEN, "tries": 0, "made": 0, "note": "", "ended_at": None, "requested_by": by}
    connection.execute(update(makings).where(makings.c.id == making, makings.c.status != OPEN).values(fresh))


def next_open(connection: Connection, *, worker: str, others: Collection[str] | None) -> str | None:
    """The oldest that *worker*, who has none in hand, may take up; None: there is none.

    *others* are the workers that live: what anybody else has in hand is nobody's. None: it is not known who lives.
    """
    query = select(makings.c.id).where(_is_free(worker, others), ~_waits()).order_by(makings.c.created_at, makings.c.id)
    return connection.scalar(query.limit(1))


def claim(connection: Connection, making: str, *, worker: str, others: Collection[str] | None) -> Hold | None:
    """Take it up as *worker*; None: somebody else has, meanwhile."""
    taken = {"claimed_by": worker, "tries": makings.c.tries + 1}
    free = and_(makings.c.id == making, _is_free(worker, others))
    if not connection.execute(update(makings).where(free).values(taken)).rowcount:
        return None
    tries = connection.execute(select(makings.c.tries).where(makings.c.id == making)).scalar_one()
    found = find_making(connection, making)
    assert found is not None
    return Hold(found, worker, int(tries))


def keep_part(connection: Connection, hold: Hold, *, questions: Sequence[Question], made: int) -> bool:
    """Keep *questions*, the next after the first *made*; False: another has taken it up, and nothing is kept."""
    if not _change(connection, hold, values={"made": made + len(questions)}):
        return False
    rows = [
        {"making_id": hold.making.id, "position": made + place, "body": canonical(question)}
        for place, question in enumerate(questions)
    ]
    if rows:
        connection.execute(insert(making_parts), rows)
    return True


def parts(store: Store, making: str) -> Iterator[Question]:
    """The questions that are made so far, in order, a page in memory at a time."""
    after = -1
    mine = select(making_parts.c.position, making_parts.c.body).where(making_parts.c.making_id == making)
    while True:
        query = mine.where(making_parts.c.position > after).order_by(making_parts.c.position).limit(_PAGE)
        with store.reading() as connection:
            page = connection.execute(query).all()
        for row in page:
            yield question_from(row.body)
        if len(page) < _PAGE:
            return
        after = page[-1].position


def release(connection: Connection, hold: Hold) -> None:
    """Give it back: another may go on, and this was no try."""
    _change(connection, hold, values={"claimed_by": None, "tries": hold.tries - 1})


def end(connection: Connection, hold: Hold, *, at: float, values: Mapping[str, object], note: str = "") -> bool:
    """Keep what came of it, or (a *note*) why nothing did; False: another has taken it up meanwhile."""
    status = FAILED if note else DONE
    ended = _change(
        connection, hold, values={**values, "status": status, "note": note, "ended_at": at, "claimed_by": None}
    )
    if ended:
        connection.execute(delete(making_parts).where(making_parts.c.making_id == hold.making.id))
    return ended


def cancel(connection: Connection, making: str, *, at: float, note: str) -> bool:
    """End what is open, whoever has it in hand, and forget its parts; False: it is not open."""
    values = {"status": FAILED, "note": note, "ended_at": at, "claimed_by": None}
    is_open = and_(makings.c.id == making, makings.c.status == OPEN)
    ended = connection.execute(update(makings).where(is_open).values(**values)).rowcount == 1
    if ended:
        connection.execute(delete(making_parts).where(making_parts.c.making_id == making))
    return ended


def purge(connection: Connection, *, before: float) -> int:
    """Forget what ended before the moment *before*; the sets stay. How many those are."""
    old = and_(makings.c.status != OPEN, makings.c.created_at < before)
    return connection.execute(delete(makings).where(old)).rowcount


_SHOWN = [makings.c[name] for name in Making.__slots__]
_BEFORE = makings.alias()


def _change(connection: Connection, hold: Hold, *, values: Mapping[str, object]) -> bool:
    mine = and_(
        makings.c.id == hold.making.id, makings.c.status == OPEN, makings.c.claimed_by == hold.worker,
        makings.c.tries == hold.tries,
    )  # fmt: skip
    return connection.execute(update(makings).where(mine).values(**values)).rowcount == 1


def _is_free(worker: str, others: Collection[str] | None) -> ColumnElement[bool]:
    holder = makings.c.claimed_by
    nobodys = [holder.is_(None), holder == worker]
    if others is not None:
        nobodys.append(holder.not_in(others))
    return and_(makings.c.status == OPEN, or_(*nobodys))


def _waits() -> ColumnElement[bool]:
    return exists().where(_BEFORE.c.id == makings.c.after, _BEFORE.c.status == OPEN)
