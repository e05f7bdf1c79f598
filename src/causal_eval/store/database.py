"""The database itself: opened, whichever kind it is, and brought up to date."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from causal_eval.errors import StoreBehind, StoreNewer, UsageError
from causal_eval.store import faults
from causal_eval.store.locks import is_postgresql, take_turn
from causal_eval.store.sqlite import BUSY_SECONDS, lock_for_writing, sqlite_engine

HEAD = "0021"
"""The newest migration; a test compares it with the folder."""
FLOOR = "0012"
"""The newest migration that an earlier version must know to use a database at ``HEAD``; the migrations say the same."""
EXPECTED = "expected sqlite:///path/to/file.db or postgresql://user:password@host:port/database"

_MIGRATING = "migration"
MOST, ENGINE_CONNECTIONS = 20, 5
"""Connections to a server that a process has at once, at most: for itself, and for the queue's engine."""
_LOOKING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Store:
    """An open, up-to-date database."""

    engine: Engine
    place: str
    """The file, or the server and its database without a password, for messages; ``":memory:"`` is refused, because a
    run must outlive its process."""

    @property
    def is_postgresql(self) -> bool:
        """True: a PostgreSQL server; False: a SQLite file."""
        return self.engine.dialect.name == "postgresql"

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one consistent state; driver errors are explained."""
        with self.explained(), self.engine.connect() as connection, _looking(connection).begin():
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, committed whole at the end, or nothing of it.

        On SQLite no other writer shares it; on PostgreSQL others write at the same time, and what they must not do
        together takes a turn (``store.locks.take_turn``).
        """
        with self.explained(), self.writer() as connection, connection.begin():
            yield connection

    def writer(self) -> Connection:
        """A connection whose transactions take the write lock, where there is one, at their beginning."""
        return lock_for_writing(self.engine.connect())

    def more_connections(self) -> Engine | None:
        """A few more to the same server, for who keeps its own tables there; None: a file, which each opens."""
        if not self.is_postgresql:
            return None
        from causal_eval.store import postgresql  # an extra

        return postgresql.postgresql_engine(self.engine.url, most=ENGINE_CONNECTIONS)

    def explained(self) -> contextlib.AbstractContextManager[None]:
        """A block in which what the driver raises becomes a :class:`StoreError`."""
        if self.is_postgresql:
            from causal_eval.store import postgresql  # an extra

            return postgresql.explained(self.place)
        return faults.explained(self.place)

    def check_writable(self) -> None:
        """Write without changing what the database says.

        Raises:
            StoreError: nothing can be written, for the reason that the message names.
        """
        with self.writing() as connection:
            if self.is_postgresql:
                connection.execute(text("UPDATE projects SET name = name WHERE id = 'local'"))
            else:
                connection.exec_driver_sql("PRAGMA user_version = 0")  # unused, and 0 from the beginning

    def close(self) -> None:
        """Release every connection."""
        self.engine.dispose()


def open_store(url: str, *, busy_seconds: float = BUSY_SECONDS, kept: int = 0, most: int = MOST) -> Store:
    """The database at *url* (``sqlite:///path`` or ``postgresql://user:password@host:port/name``).

    An empty one is given its tables; one of a later version is used as it is, where that version leaves room for this
    one (``schema_floor``). A SQLite file of an earlier version is migrated; a PostgreSQL server's is not,
    because other processes use it: that is done when somebody says so (:func:`migrate_store`). Of a file, *kept*
    connections stay open for whoever comes next; to a server there are *most* at once.

    Raises:
        UsageError: *url* is none that is understood.
        StoreBehind: a server's database of an earlier version.
        StoreReadOnly, StoreFull, StoreLocked, StoreNewer, StoreError: it cannot be used; nothing is half-written.
    """
    store = _connect(url, busy_seconds, kept=kept, most=most)
    with _closed_on_error(store):
        if _revision(store) != HEAD:
            _bring_up_to_date(store, migrating=not store.is_postgresql)
    return store


def beside(store: Store) -> Store:
    """The same database by one connection of its own: who looks after it gets through when all others are taken."""
    if not store.is_postgresql:
        return Store(sqlite_engine(Path(store.place), _LOOKING_SECONDS, kept=1), store.place)
    from causal_eval.store import postgresql  # an extra

    return Store(postgresql.postgresql_engine(store.engine.url, most=1, wait=_LOOKING_SECONDS), store.place)


def bare_store(url: str) -> Store:
    """The database at *url* as it is: nothing is made, migrated or compared with what this version knows.

    Raises:
        UsageError, StoreError: as :func:`open_store`.
    """
    return _connect(url, BUSY_SECONDS)


def migrate_store(url: str) -> str:
    """Bring the database at *url* up to date, one process at a time; one line that says what was done.

    Raises:
        UsageError, StoreError: as :func:`open_store`; what was not finished is as it was.
    """
    store = _connect(url, BUSY_SECONDS)
    with _closed_on_error(store):
        before = _revision(store)
        if before != HEAD:
            before = _bring_up_to_date(store, migrating=True)
        after = _revision(store)
    store.close()
    if before == HEAD:
        return f"database {store.place} is up to date: schema {HEAD}"
    if after != HEAD:
        return f"database {store.place} is at schema {after}, of a later version: this one ({HEAD}) may use it as it is"
    if before is None:
        return f"database {store.place} was empty: its tables are made, schema {HEAD}"
    return f"database {store.place} is brought from schema {before} to {HEAD}"


def current_revision(connection: Connection) -> str | None:
    """The migration that the database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return None if row is None else str(row[0])


def create_tables(connection: Connection) -> None:
    """What all migrations lead to, in an empty database, without their history; a test compares the two."""
    from causal_eval.store.schema import create_all  # start-up time: most tables are the service's

    create_all(connection)
    connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})
    connection.execute(text("INSERT INTO schema_floor (revision) VALUES (:floor)"), {"floor": FLOOR})
    connection.execute(text("INSERT INTO projects VALUES ('local', 'Command line', CURRENT_TIMESTAMP)"))


def _has_tables(connection: Connection) -> bool:
    """Whether tables of ours are there; the engine's share a file with them."""
    from causal_eval.store.schema import metadata  # start-up time: most tables are the service's

    return not metadata.tables.keys().isdisjoint(inspect(connection).get_table_names())


def _looking(connection: Connection) -> Connection:
    """The same *connection*, whose transactions see one state; SQLite's do by themselves."""
    if is_postgresql(connection):
        return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return connection


@contextlib.contextmanager
def _closed_on_error(store: Store) -> Iterator[None]:
    try:
        yield
    except BaseException:
        store.close()
        raise


def _revision(store: Store) -> str | None:
    with store.reading() as connection:
        return current_revision(connection)


def _bring_up_to_date(store: Store, *, migrating: bool) -> str | None:
    """The revision that was found under the lock: another process may have been faster."""
    with store.writing() as connection:
        take_turn(connection, _MIGRATING)
        revision = current_revision(connection)
        if revision is None and not _has_tables(connection):
            create_tables(connection)
        elif revision != HEAD:
            _migrate(connection, store.place, revision=revision, migrating=migrating)
        return revision


def _migrate(connection: Connection, place: str, *, revision: str | None, migrating: bool) -> None:
    from causal_eval.store import migrate  # start-up time: Alembic is needed once

    known = migrate.revisions()
    if revision is not None and revision not in known:
        if _floor(connection) in known:
            return  # of a later version, which leaves room for this one while both run
        raise StoreNewer(
            f"database {place} was written by a later version of this program (its schema is "
            f"{revision!r}, this one knows up to {HEAD!r}): upgrade causal-eval-bench, or set CEB_DATA_DIR "
            "to another folder"
        )
    if not migrating:
        raise StoreBehind(
            f"database {place} is at schema {revision or 'none of ours'}, this program needs {HEAD}: "
            "run `causal-eval migrate`"
        )
    migrate.upgrade(connection)


def _floor(connection: Connection) -> str | None:
    """The oldest version that may use the tables; None: they are older than that rule."""
    if not inspect(connection).has_table("schema_floor"):
        return None
    return connection.execute(text("SELECT revision FROM schema_floor")).scalar()


def _connect(url: str, busy_seconds: float, *, kept: int = 0, most: int = MOST) -> Store:
    parsed = _parsed(url)
    if parsed.get_backend_name() == "postgresql":
        return _server(parsed, most)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise UsageError(f"DATABASE_URL is {parsed.render_as_string(hide_password=True)!r}: {EXPECTED}")
    path = Path(parsed.database).absolute()
    with faults.explained(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
    return Store(sqlite_engine(path, busy_seconds, kept=kept), str(path))


def _server(url: URL, most: int) -> Store:
    try:
        from causal_eval.store import postgresql  # an extra
    except ImportError as error:
        raise UsageError(
            f"DATABASE_URL names a PostgreSQL server, whose driver cannot be loaded ({error}): "
            "pip install 'causal-eval-bench[service]'"
        ) from error
    return Store(postgresql.postgresql_engine(url, most=most), postgresql.place_of(url))


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise UsageError(f"DATABASE_URL is {url!r}: {EXPECTED}") from error
