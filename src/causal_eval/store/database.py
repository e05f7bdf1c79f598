"""The database itself: opened with the settings that a crash-safe run needs, and brought up to date."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from causal_eval.errors import StoreNewer, UsageError
from causal_eval.store.faults import explained

HEAD = "0008"
"""The newest migration; a test compares it with the folder."""

BUSY_SECONDS = 30.0
_WAL_TRIES = 50

_WRITES = "causal_eval_writes"


@dataclass(frozen=True, slots=True)
class Store:
    """An open, up-to-date database."""

    engine: Engine
    place: str
    """The file, for messages; ``":memory:"`` is refused, because a run must outlive its process."""

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one consistent state; driver errors are explained."""
        with explained(self.place), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that no other writer shares: committed whole at the end, or nothing of it."""
        with explained(self.place), self.writer() as connection, connection.begin():
            yield connection

    def writer(self) -> Connection:
        """A connection whose transactions take the write lock at their beginning."""
        return lock_for_writing(self.engine.connect())

    def check_writable(self) -> None:
        """Write to the file without changing what it says.

        Raises:
            StoreError: nothing can be written, for the reason that the message names.
        """
        with self.writing() as connection:
            connection.exec_driver_sql("PRAGMA user_version = 0")  # unused, and 0 from the beginning

    def close(self) -> None:
        """Release every connection."""
        self.engine.dispose()


def open_store(url: str, *, busy_seconds: float = BUSY_SECONDS) -> Store:
    """The database at *url* (``sqlite:///path``), created and migrated where needed.

    Raises:
        UsageError: *url* is none that is understood.
        StoreReadOnly, StoreFull, StoreLocked, StoreNewer, StoreError: it cannot be used; nothing is half-written.
    """
    path = _sqlite_path(url)
    with explained(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
    store = Store(_engine(path, busy_seconds), str(path))
    try:
        _bring_up_to_date(store)
    except BaseException:
        store.close()
        raise
    return store


def lock_for_writing(connection: Connection) -> Connection:
    """The same *connection*, whose transactions from now on take the write lock at their beginning."""
    return connection.execution_options(**{_WRITES: True})


def current_revision(connection: Connection) -> str | None:
    """The migration that the database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return None if row is None else str(row[0])


def create_tables(connection: Connection) -> None:
    """What all migrations lead to, in an empty database, without their history; a test compares the two."""
    from causal_eval.store.schema import metadata  # start-up time: most tables are the service's

    metadata.create_all(connection)
    connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})
    connection.execute(text("INSERT INTO projects VALUES ('local', 'Command line', CURRENT_TIMESTAMP)"))


def _bring_up_to_date(store: Store) -> None:
    with store.reading() as connection:
        if current_revision(connection) == HEAD:
            return
    with store.writing() as connection:  # another process may have been faster: look again under the lock
        if not _has_tables(connection):
            create_tables(connection)
            return
        from causal_eval.store import migrate  # start-up time: Alembic is needed once

        revision = current_revision(connection)
        if revision is not None and revision not in migrate.revisions():
            raise StoreNewer(
                f"database {store.place} was written by a later version of this program (its schema is "
                f"{revision!r}, this one knows up to {HEAD!r}): upgrade causal-eval-bench, or set CEB_DATA_DIR "
                "to another folder"
            )
        if revision != HEAD:
            migrate.upgrade(connection)


def _has_tables(connection: Connection) -> bool:
    """Whether tables of ours are there; the engine's share a file with them."""
    from causal_eval.store.schema import metadata  # start-up time: most tables are the service's

    return not metadata.tables.keys().isdisjoint(inspect(connection).get_table_names())


def _sqlite_path(url: str) -> Path:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UsageError(f"DATABASE_URL is {url!r}: expected sqlite:///path/to/file.db") from error
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        shown = parsed.render_as_string(hide_password=True)
        raise UsageError(f"DATABASE_URL is {shown!r}: expected sqlite:///path/to/file.db")
    return Path(parsed.database).absolute()


def _engine(path: Path, busy_seconds: float) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=NullPool,  # few, long-lived connections, each owned by one thread
        connect_args={"timeout": busy_seconds, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(raw: Any, _record: object) -> None:
    assert isinstance(raw, sqlite3.Connection)
    raw.isolation_level = None  # transactions begin where _begin says, and contain schema changes too
    _use_wal(raw)
    raw.execute("PRAGMA synchronous = NORMAL")
    raw.execute("PRAGMA foreign_keys = ON")


def _use_wal(raw: sqlite3.Connection) -> None:
    """Switch to the write-ahead log; SQLite does not wait for other openers here, so we do."""
    for tries_left in reversed(range(_WAL_TRIES)):
        try:
            raw.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if tries_left == 0 or not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise
            time.sleep(0.02)
        else:
            return


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
