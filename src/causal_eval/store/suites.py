"""Question sets: kept in one pass with bounded memory, found again by hash, and put into a run's order."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy import Connection, Select, insert, select, text

from causal_eval.errors import UnknownName, UsageError
from causal_eval.evaluation.order import cluster_rank
from causal_eval.questions.file import SetHash
from causal_eval.questions.question import Question
from causal_eval.store import bulk
from causal_eval.store.database import Store
from causal_eval.store.locks import is_postgresql, take_turn
from causal_eval.store.rows import question_from, question_values
from causal_eval.store.sqlite import lock_for_writing
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
    with store.explained(), store.engine.connect() as connection, contextlib.ExitStack() as transaction:
        transaction.enter_context(connection.begin())
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
        if not store.is_postgresql:  # there, readers hold up nobody, and a temporary table lasts a transaction
            transaction.close()
            transaction.enter_context(lock_for_writing(connection).begin())
        take_turn(connection, f"set {staged.digest}")
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
        bodies = connection.execute(select(questions.c.digest, questions.c.body).where(questions.c.id == ids[0])).all()
        if len(bodies) == 1:
            return question_from(bodies[0].body)
        newest = connection.scalars(_newest([row.digest for row in bodies])).one()
    return question_from(newest)


def _newest(digests: list[str]) -> Select[bytes]:
    """The question among *digests* that stands in the set kept last."""
    return (
        select(questions.c.body)
        .join(set_members, set_members.c.question == questions.c.digest)
        .join(question_sets, question_sets.c.digest == set_members.c.set_digest)
        .where(questions.c.digest.in_(digests))
        .order_by(question_sets.c.created_at.desc(), questions.c.digest)
        .limit(1)
    )


def ensure_order(connection: Connection, digest: str, *, seed: str) -> None:
    """Write down the set's random cluster order under *seed* unless it is there; equals ``fair_order``."""
    orders = set_orders.c
    take_turn(connection, f"order {digest} {seed}")
    there = select(orders.position).where(orders.set_digest == digest, orders.seed == seed).limit(1)
    if connection.execute(there).first() is not None:
        return
    connection.exec_driver_sql("DROP TABLE IF EXISTS cluster_ranks")
    connection.exec_driver_sql("CREATE TEMPORARY TABLE cluster_ranks (cluster TEXT PRIMARY KEY, rank BIGINT)")
    clusters = connection.scalars(
        select(questions.c.cluster)
        .join(set_members, set_members.c.question == questions.c.digest)
        .where(set_members.c.set_digest == digest)
        .distinct()
        .execution_options(yield_per=_PAGE)
    )
    for page in clusters.partitions():
        ranks = [(cluster, cluster_rank(seed, cluster)) for cluster in page]
        bulk.fill(connection, "cluster_ranks", names=("cluster", "rank"), rows=ranks)
    bytewise = 'COLLATE "C"' if is_postgresql(connection) else ""
    connection.execute(text(_ORDER.format(bytewise=bytewise)), {"set_digest": digest, "seed": seed})
    connection.exec_driver_sql("DROP TABLE cluster_ranks")


_ORDER = """
    INSERT INTO set_orders (set_digest, seed, position, question)
    SELECT :set_digest, :seed,
           row_number() OVER (ORDER BY r.rank, m.cluster {bytewise}, m.group_start, m.position) - 1,
           m.question
    FROM (
        SELECT s.position, s.question, q.cluster,
               min(s.position) OVER (PARTITION BY q.cluster, coalesce(q.twin, q.id)) AS group_start
        FROM set_members s JOIN questions q ON q.digest = s.question
        WHERE s.set_digest = :set_digest
    ) m
    JOIN cluster_ranks r ON r.cluster = m.cluster
    """
"""Clusters by their rank, twin groups of a cluster in file order, members of a group in file order."""


@dataclass(frozen=True, slots=True)
class _Staged:
    digest: str
    hash: str
    generator: str
    count: int


def _stage(connection: Connection, given: Iterable[Question]) -> _Staged:
    """Read everything into a temporary table: on disk, and without holding the database's write lock."""
    kept = "ON COMMIT DROP" if is_postgresql(connection) else ""
    if not kept:  # there it lasts as long as the connection, which a service keeps open for the next
        connection.exec_driver_sql("DROP TABLE IF EXISTS temp.staged")
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE staged {kept} AS SELECT * FROM questions WHERE 0 = 1")  # noqa: S608 - ours
    staged = _staged(connection)
    connection.exec_driver_sql(f"ALTER TABLE {staged} ADD COLUMN position INTEGER")
    shown, digest, generator = SetHash(), hashlib.sha256(), ""
    stream = iter(given)
    with _unhurried(connection):
        while page := list(islice(stream, _PAGE)):
            rows = []
            for question in page:
                values = question_values(question)
                digest.update(values["body"] + b"\n")
                rows.append((*values.values(), shown.count))
                shown.add(question)
            bulk.fill(connection, staged, names=(*_NAMES, "position"), rows=rows)
            generator = page[-1].generator
    if shown.count == 0:
        raise UsageError("the question set is empty: `causal-eval generate --n 100 --out FILE` makes one")
    distinct = connection.exec_driver_sql(f"SELECT count(DISTINCT digest) FROM {staged}").scalar_one()  # noqa: S608 - ours
    if distinct != shown.count:
        raise UsageError(f"the question set holds {shown.count - distinct} questions twice: each may stand once")
    return _Staged(digest.hexdigest(), shown.hexdigest(), generator, shown.count)


@contextlib.contextmanager
def _unhurried(connection: Connection) -> Iterator[None]:
    """A block in which the server does not end a transaction that waits for us.

    Questions are made while the transaction is open, on a busy machine longer than it would wait; it holds nothing that
    another needs.
    """
    if not is_postgresql(connection):
        yield
        return
    patience = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one()
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
    yield
    connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{patience}'")


def _publish(connection: Connection, stored: StoredSet) -> StoredSet:
    """Make the staged questions a set; what other sets share with it is stored once."""
    connection.execute(insert(question_sets), asdict(stored))
    staged = _staged(connection)
    # two sets that share questions add them in one order, or each could wait for the other
    order = "ORDER BY digest" if is_postgresql(connection) else ""
    connection.exec_driver_sql(
        f"INSERT INTO questions ({_COLUMNS}) SELECT {_COLUMNS} FROM {staged} WHERE 1 = 1 {order} ON CONFLICT DO NOTHING"  # noqa: S608 - our own column names
    )
    connection.execute(
        text(f"INSERT INTO set_members (set_digest, position, question) SELECT :key, position, digest FROM {staged}"),  # noqa: S608 - ours
        {"key": stored.digest},
    )
    return stored


def _staged(connection: Connection) -> str:
    """The temporary table, which no other of that name can hide."""
    return "pg_temp.staged" if is_postgresql(connection) else "temp.staged"


_NAMES = tuple(column.name for column in questions.columns)
_COLUMNS = ", ".join(f'"{name}"' for name in _NAMES)


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
        count=row._mapping["count"],
        created_at=row.created_at.replace(tzinfo=UTC),
    )


def _has_question(connection: Connection, question: str) -> bool:
    return connection.execute(select(questions.c.id).where(questions.c.id == question).limit(1)).first() is not None
