"""What runs are doing and what is wanted of them, in the database: seen and said from any shell."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, Table, delete, select, text

from causal_eval.evaluation.steering import Wanted
from causal_eval.store.database import Store
from causal_eval.store.locks import is_postgresql, take_turn
from causal_eval.store.tables import run_controls, run_states

_T = TypeVar("_T")
_PATIENCE_MS = 2000
"""How long a word may wait for the database: the next one comes soon."""


@dataclass(frozen=True, slots=True)
class Process:
    """Who runs an evaluation."""

    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a run said last."""

    evaluation: str
    process: Process
    beat_at: float
    """Seconds since 1970."""
    state: str
    """JSON."""


class SqlBoard:
    """A :class:`~causal_eval.evaluation.steering.Board` in a :class:`~causal_eval.store.database.Store`.

    It has a connection of its own, whose patience is short.
    """

    def __init__(self, store: Store, evaluation: str, process: Process) -> None:
        self._store = store
        self._evaluation = evaluation
        self._process = process
        self._reader: Connection | None = None
        self._writer: Connection | None = None

    def begin(self) -> None:
        """Take away what was wanted of an earlier process."""
        self._write(lambda connection: _forget(connection, run_controls, evaluation=self._evaluation))

    def say(self, state: str, moment: float) -> None:
        """Insert or replace the run's row."""
        values = {
            "evaluation_id": self._evaluation,
            "host": self._process.host,
            "pid": self._process.pid,
            "beat_at": moment,
            "state": state,
        }
        self._write(lambda connection: connection.execute(_SAY, values))

    def wanted(self) -> Wanted:
        """What the controls' row says."""
        if self._reader is None:
            self._reader = _patient(self._store.engine.connect())
        with self._store.explained(), self._reader.begin():
            return _wanted(self._reader, self._evaluation)

    def end(self) -> None:
        """Take both rows away."""
        self._write(lambda connection: _forget(connection, run_states, evaluation=self._evaluation))
        self.begin()

    def close(self) -> None:
        """Disconnect; idempotent."""
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._reader = self._writer = None

    def _write(self, work: Callable[[Connection], _T]) -> _T:
        with self._store.explained():
            if self._writer is None:
                self._writer = _patient(self._store.writer())
            with self._writer.begin():
                return work(self._writer)


def said(store: Store, evaluation: str | None = None) -> list[Said]:
    """What runs said last, of one evaluation or of all; a killed process's word is still there."""
    row = run_states.c
    query = select(row.evaluation_id, row.host, row.pid, row.beat_at, row.state).order_by(row.evaluation_id)
    if evaluation is not None:
        query = query.where(row.evaluation_id == evaluation)
    with store.reading() as connection:
        return [
            Said(one.evaluation_id, Process(one.host, one.pid), one.beat_at, one.state)
            for one in connection.execute(query)
        ]


def want(store: Store, evaluation: str, change: Callable[[Wanted], Wanted]) -> Wanted:
    """Want *change* of what is wanted of a run so far."""
    with store.writing() as connection:
        take_turn(connection, f"controls of {evaluation}")
        wanted = change(_wanted(connection, evaluation))
        connection.execute(
            _WANT, {"evaluation_id": evaluation, "paused": wanted.paused, "concurrency": wanted.concurrency}
        )
    return wanted


def _wanted(connection: Connection, evaluation: str) -> Wanted:
    row = run_controls.c
    found = connection.execute(select(row.paused, row.concurrency).where(row.evaluation_id == evaluation)).first()
    return Wanted() if found is None else Wanted(bool(found.paused), found.concurrency)


def _forget(connection: Connection, table: Table, *, evaluation: str) -> None:
    connection.execute(delete(table).where(table.c.evaluation_id == evaluation))


def _patient(connection: Connection) -> Connection:
    """The same connection, which waits for a lock for a short time only; on PostgreSQL nobody else has one."""
    if is_postgresql(connection):
        return connection
    raw = connection.connection.driver_connection  # outside of a transaction, which would wait for the lock already
    assert isinstance(raw, sqlite3.Connection)
    raw.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
    return connection


_SAY = text(
    """
    INSERT INTO run_states (evaluation_id, host, pid, beat_at, state)
    VALUES (:evaluation_id, :host, :pid, :beat_at, :state)
    ON CONFLICT (evaluation_id) DO UPDATE
    SET host = excluded.host, pid = excluded.pid, beat_at = excluded.beat_at, state = excluded.state
    """
)
_WANT = text(
    """
    INSERT INTO run_controls (evaluation_id, paused, concurrency) VALUES (:evaluation_id, :paused, :concurrency)
    ON CONFLICT (evaluation_id) DO UPDATE SET paused = excluded.paused, concurrency = excluded.concurrency
    """
)
