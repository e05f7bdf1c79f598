"""Question sets: kept in one pass with bounded memory, found again by hash, and put into a run's order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy import Connection, insert, select, text

from causal_eval.errors import UnknownName, UsageError
from causal_eval.evaluation.order import cluster_rank
from causal_eval.questions.file import SetHash
from causal_eval.questions.question import Question
from causal_eval.store.database import Store, lock_for_writing
from causal_eval.store.faults import explained
from causal_eval.store.rows import question_from, question_values
from causal_eval.store.tables import question_sets, questions, set_members, set_orders

_PAGE = 500


@dataclass(frozen=True, slots=True)
class StoredSet:
    """A question set that lies in the database."""

    digest: str
    """Its key: SHA-256 of all canonical lines, answers included."""
    hash: str
    """The hash that is shown, equal for a public file and its private twin."""
    name: str
    generator: str
    """Version of the generator; empty for a user's own file."""
    count: int
    created_at: datetime


def keep_set(store: Store, given: Iterable[Question], *, name: str, now: datetime | None = None) -> StoredSet:
    """Store *given* as a set, or find the equal one that is there; *given* is read once, a page at a time.

    An error while reading (a malformed line, a full disk) leaves nothing behind.

    Raises:
        UsageError: the set is empty or holds the same question twice.
    """
    with explained(store.place), store.engine.connect() as connection:
        with connection.begin():
            staged = _stage(connection, given)
            found = _find(connection, staged.digest)
        if found is not None:
            return found
        stored = StoredSet(
            staged.digest,
            staged.hash,
            name,
            staged.generator,
            count=staged.count,
            created_at=now or datetime.now(UTC),
        )
        with lock_for_writing(connection).begin():
            return _find(connection, staged.digest) or _publish(connection, stored)


def load_set(store: Store, digest: str) -> StoredSet:
    """The set with that key, or with that shown hash (the newest, if several).

    Raises:
        UnknownName: there is none.
    """
    with store.reading() as connection:
        found = _find(connection, digest)
        if found is None:
            known = connection.scalars(select(question_sets.c.hash).order_by(question_sets.c.created_at.desc()))
            raise UnknownName("question set", digest, known)
        return found


def set_questions(store: Store, digest: str) -> Iterator[Question]:
    """The questions of a set in file order, a page in memory at a time."""
    after = -1
    query = (
        select(set_members.c.position, questions.c.body)
        .join(questions, questions.c.digest == set_members.c.question)
        .where(set_members.c.set_digest == digest)
        .order_by(set_members.c.position)
        .limit(_PAGE)
    )
    while True:
        with store.reading() as connection:
            page = connection.execute(query.where(set_members.c.position > after)).all()
        for row in page:
            yield question_from(row.body)
        if len(page) < _PAGE:
            return
        after = page[-1].position


def find_question(store: Store, beginning: str) -> Question:
    """The stored question whose id begins so; of several versions under the same id, the one kept last.

    Raises:
        UnknownName: there is none.
        UsageError: several different ids begin so.
    """
    query = (
        select(questions.c.id)
        .where(questions.c.id.startswith(beginning, autoescape=True))
        .distinct()
        .order_by(questions.c.id)
        .limit(5)
    )
    with store.reading() as connection:
        ids = [beginning] if _has_question(connection, beginning) else list(connection.scalars(query))
        if not ids:
            raise UnknownName("question", beginning, connection.scalars(select(questions.c.id).limit(1000)))
        if len(ids) > 1:
            raise UsageError(f"several questions begin with {beginning!r}: {', '.join(ids)}; give more of the id")
        body = connection.scalars(
            select(questions.c.body).where(questions.c.id == ids[0]).order_by(text("rowid DESC")).limit(1)
        ).one()
    return question_from(body)


def ensure_order(connection: Connection, digest: str, *, seed: str) -> None:
    """Write down the set's random cluster order under *seed* unless it is there; equals ``fair_order``."""
    orders = set_orders.c
    there = select(orders.position).where(orders.set_digest == digest, orders.seed == seed).limit(1)
    if connection.execute(there).first() is not None:
        return
    connection.exec_driver_sql("DROP TABLE IF EXISTS cluster_ranks")
    connection.exec_driver_sql("CREATE TEMPORARY TABLE cluster_ranks (cluster TEXT PRIMARY KEY, rank BIGINT)")
    clusters = connection.execution_options(yield_per=_PAGE).scalars(
        select(questions.c.cluster)
        .join(set_members, set_members.c.question == questions.c.digest)
        .where(set_members.c.set_digest == digest)
        .distinct()
    )
    for page in clusters.partitions():
        ranks = [(cluster, cluster_rank(seed, cluster)) for cluster in page]
        connection.exec_driver_sql("INSERT INTO cluster_ranks VALUES (?, ?)", ranks)
    connection.execute(_ORDER, {"set_digest": digest, "seed": seed})
    connection.exec_driver_sql("DROP TABLE cluster_ranks")


_ORDER = text(
    """
    INSERT INTO set_orders (set_digest, seed, position, question)
    SELECT :set_digest, :seed,
           row_number() OVER (ORDER BY r.rank, m.cluster, m.group_start, m.position) - 1,
           m.question
    FROM (
        SELECT s.position, s.question, q.cluster,
               min(s.position) OVER (PARTITION BY q.cluster, coalesce(q.twin, q.id)) AS group_start
        FROM set_members s JOIN questions q ON q.digest = s.question
        WHERE s.set_digest = :set_digest
    ) m
    JOIN cluster_ranks r ON r.cluster = m.cluster
    """
)
"""Clusters by their rank, twin groups of a cluster in file order, members of a group in file order."""


@dataclass(frozen=True, slots=True)
class _Staged:
    digest: str
    hash: str
    generator: str
    count: int


def _stage(connection: Connection, given: Iterable[Question]) -> _Staged:
    """Read everything into a temporary table: on disk, and without holding the database's write lock."""
    connection.exec_driver_sql("CREATE TEMPORARY TABLE staged AS SELECT * FROM questions WHERE 0 = 1")
    connection.exec_driver_sql("ALTER TABLE temp.staged ADD COLUMN position INTEGER")
    shown, digest, generator = SetHash(), hashlib.sha256(), ""
    stream = iter(given)
    while page := list(islice(stream, _PAGE)):
        rows = []
        for question in page:
            values = question_values(question)
            digest.update(values["body"] + b"\n")
            rows.append((*values.values(), shown.count))
            shown.add(question)
        connection.exec_driver_sql(_STAGE, rows)
        generator = page[-1].generator
    if shown.count == 0:
        raise UsageError("the question set is empty: `causal-eval generate --n 100 --out FILE` makes one")
    distinct = connection.exec_driver_sql("SELECT count(DISTINCT digest) FROM temp.staged").scalar_one()
    if distinct != shown.count:
        raise UsageError(f"the question set holds {shown.count - distinct} questions twice: each may stand once")
    return _Staged(digest.hexdigest(), shown.hexdigest(), generator, shown.count)


def _publish(connection: Connection, stored: StoredSet) -> StoredSet:
    """Make the staged questions a set; what other sets share with it is stored once."""
    connection.execute(insert(question_sets), asdict(stored))
    connection.exec_driver_sql(
        f"INSERT INTO questions ({_COLUMNS}) SELECT {_COLUMNS} FROM temp.staged WHERE 1 = 1 ON CONFLICT DO NOTHING"  # noqa: S608 - our own column names
    )
    connection.execute(
        text("INSERT INTO set_members (set_digest, position, question) SELECT :key, position, digest FROM temp.staged"),
        {"key": stored.digest},
    )
    return stored


_NAMES = tuple(column.name for column in questions.columns)
_COLUMNS = ", ".join(f'"{name}"' for name in _NAMES)
_STAGE = f"INSERT INTO temp.staged ({_COLUMNS}, position) VALUES ({', '.join('?' * (len(_NAMES) + 1))})"  # noqa: S608 - our own column names
"""Half the time of a Core insert, which matters here."""


def _find(connection: Connection, key: str) -> StoredSet | None:
    sets = question_sets.c
    row = connection.execute(
        select(question_sets).where((sets.digest == key) | (sets.hash == key)).order_by(sets.created_at.desc()).limit(1)
    ).first()
    if row is None:
        return None
    return StoredSet(
        row.digest,
        row.hash,
        row.name,
        row.generator,
        count=row._mapping["count"],  # noqa: SLF001 - public API; a tuple has a method of that name
        created_at=row.created_at.replace(tzinfo=UTC),
    )


def _has_question(connection: Connection, question: str) -> bool:
    return connection.execute(select(questions.c.id).where(questions.c.id == question).limit(1)).first() is not None
