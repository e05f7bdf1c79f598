"""The database as a SQLite file: opened with the settings that a crash-safe run needs."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

BUSY_SECONDS = 30.0
_WAL_TRIES = 50

_WRITES = "causal_eval_writes"


def sqlite_engine(path: Path, busy_seconds: float, *, kept: int = 0) -> Engine:
    """Connections to the file at *path*, which wait *busy_seconds* for another writer; *kept* stay open for the next.

    Where many short ones follow each other, as requests do, opening is most of what they cost; more than are kept
    may be open at once.
    """
    url, given = f"sqlite:///{path}", {"timeout": busy_seconds, "check_same_thread": False}
    if kept:
        engine = create_engine(
            url, poolclass=QueuePool, pool_size=kept, max_overflow=-1, pool_use_lifo=True, connect_args=given
        )
    else:  # few, long-lived connections, each owned by one thread
        engine = create_engine(url, poolclass=NullPool, connect_args=given)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def lock_for_writing(connection: Connection) -> Connection:
    """The same *connection*, whose transactions from now on take the write lock at their beginning, where there is one.

    PostgreSQL has none: what only one writer may do at a time takes a turn (``store.locks.take_turn``).
    """
    return connection.execution_options(**{_WRITES: True})


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
