"""The database as a SQLite file: opened with the settings that a crash-safe run needs."""

from __future__ import annotations

import functools
import sqlite3
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

BUSY_SECONDS = 30.0
_WAL_TRIES = 50

_WRITES = "causal_eval_writes"

_TURNS: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
"""By file: who of this process writes. SQLite itself sleeps between looks at its lock, for longer each time."""


def sqlite_engine(path: Path, busy_seconds: float, *, kept: int = 0) -> Engine:
    """Connections to the file at *path*, which wait *busy_seconds* for another writer; *kept* stay open for the next.

    Where many short ones follow each other, as requests do, opening is most of what they cost; more than are kept
    may be open at once.
    """
    url, given = f"sqlite:///{path}", {"timeout": busy_seconds, "check_same_thread": False, "factory": _InTurn}
    if kept:
        engine = create_engine(
            url, poolclass=QueuePool, pool_size=kept, max_overflow=-1, pool_use_lifo=True, connect_args=given
        )
    else:  # few, long-lived connections, each owned by one thread
        engine = create_engine(url, poolclass=NullPool, connect_args=given)
    turn = _TURNS[str(path.resolve())]
    event.listen(engine, "connect", functools.partial(_prepare, turn=turn, patience=busy_seconds))
    event.listen(engine, "begin", _begin)
    return engine


def lock_for_writing(connection: Connection) -> Connection:
    """The same *connection*, whose transactions from now on take the write lock at their beginning, where there is one.

    PostgreSQL has none: what only one writer may do at a time takes a turn (``store.locks.take_turn``).
    """
    return connection.execution_options(**{_WRITES: True})


class _InTurn(sqlite3.Connection):
    """A connection whose transactions that write wait for each other within this process, and then for other ones.

    Who waited as long as it would wait for another process goes on without its turn, and hears from SQLite why not.
    """

    turn: threading.Lock | None = None
    patience: float = BUSY_SECONDS
    _has_turn = False

    def take_turn(self) -> None:
        """Wait for the others of this process."""
        if self.turn is not None:
            self._has_turn = self.turn.acquire(timeout=self.patience)

    def end_turn(self) -> None:
        """Let the next one in; idempotent."""
        if self._has_turn and self.turn is not None:
            self._has_turn = False
            self.turn.release()

    def commit(self) -> None:
        """Commit; the turn ends with the transaction, which is over where that fails, as on a full disk."""
        try:
            super().commit()
        except sqlite3.Error:
            self.rollback()
            raise
        self.end_turn()

    def rollback(self) -> None:
        """Roll back, and end the turn."""
        try:
            super().rollback()
        finally:
            self.end_turn()

    def close(self) -> None:
        """Close, and end the turn."""
        try:
            super().close()
        finally:
            self.end_turn()


def _prepare(raw: Any, _record: object, *, turn: threading.Lock, patience: float) -> None:
    assert isinstance(raw, _InTurn)
    raw.turn, raw.patience = turn, patience
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
    raw = connection.connection.driver_connection
    assert isinstance(raw, _InTurn)
    if not connection.get_execution_options().get(_WRITES, False):
        raw.execute("BEGIN")  # takes no lock, so that it cannot fail; a tenth of the time of a statement through Core
        return
    raw.take_turn()
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except BaseException:
        raw.end_turn()
        raise
