"""The file in which incidents are kept: SQLite, of nobody else, whole after a ``kill -9`` at any moment."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from causal_eval.errors import StoreError, StoreFull, StoreLocked, UnknownName
from causal_eval.incidents.incident import Incident, Key, Severity, State

VERSION = 1
_LONGEST = 15
"""Digits of a number."""
BUSY_SECONDS = 10.0
_FULL = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_READONLY"})
_BUSY = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_BUSY_SNAPSHOT"})

Rows = sqlite3.Connection
"""A transaction of the book."""
Values = Mapping[str, str | float | None]


@dataclass(frozen=True, slots=True)
class Book:
    """A file of incidents; several processes may have it open."""

    path: Path
    _raw: sqlite3.Connection = field(repr=False)
    _mine: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @contextmanager
    def writing(self) -> Iterator[Rows]:
        """A transaction: all of it is kept when the block ends, or nothing.

        Raises:
            StoreFull, StoreLocked, StoreError: nothing was kept.
        """
        with self._mine, explained(self.path):
            self._raw.execute("BEGIN IMMEDIATE")
            try:
                yield self._raw
            except BaseException:
                self._raw.rollback()
                raise
            self._raw.commit()

    @contextmanager
    def reading(self) -> Iterator[Rows]:
        """One consistent state."""
        with self._mine, explained(self.path):
            self._raw.execute("BEGIN")
            try:
                yield self._raw
            finally:
                self._raw.rollback()

    def close(self) -> None:
        """Release the file."""
        self._raw.close()


def open_book(path: Path) -> Book:
    """The book at *path*; it is made where there is none.

    Raises:
        StoreError: it cannot be opened, or a later version wrote it.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        raw.row_factory = sqlite3.Row
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("PRAGMA foreign_keys = ON")
        book = Book(path, raw)
        with book.writing() as rows:
            version = rows.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise StoreError(f"{path} was written by a later version of this program: use that one")
            if version == 0:
                _make(rows)
    return book


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """A block in which faults of SQLite become ours."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{path} cannot be used: {error.strerror}: set CEB_INCIDENTS to a file that can") from error
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        kind = StoreFull if name in _FULL else StoreLocked if name in _BUSY else StoreError
        raise kind(f"{path} cannot be used: {error}") from error


def _make(rows: Rows) -> None:
    text = (Path(__file__).parent / "schema.sql").read_text("utf-8")
    code = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    for statement in code.split(";"):
        if statement.strip():
            rows.execute(statement)
    rows.execute(f"PRAGMA user_version = {VERSION}")


def number_of(incident: str) -> int:
    """The number in the id of an incident.

    Raises:
        UnknownName: it is none.
    """
    digits = incident.upper().removeprefix("INC-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST):
        raise UnknownName("incident", incident, ())
    return int(digits)


def find(rows: Rows, incident: str) -> Incident:
    """The incident with that id.

    Raises:
        UnknownName: there is none.
    """
    row = rows.execute("SELECT * FROM incidents WHERE number = ?", (number_of(incident),)).fetchone()
    if row is None:
        newest = rows.execute("SELECT number FROM incidents ORDER BY number DESC LIMIT 40").fetchall()
        raise UnknownName("incident", incident, (f"INC-{one['number']}" for one in newest))
    return incident_from(row)


def live(rows: Rows) -> list[Incident]:
    """Every incident that is not over, worst and oldest first."""
    query = "SELECT * FROM incidents WHERE state NOT IN ('resolved', 'reviewed') ORDER BY severity, number"
    return [incident_from(row) for row in rows.execute(query)]


def live_with(rows: Rows, key: Key) -> Incident | None:
    """The incident of *key* that is not over; None: there is none."""
    row = rows.execute(
        "SELECT * FROM incidents WHERE component = ? AND family = ? AND state NOT IN ('resolved', 'reviewed') "
        "ORDER BY number LIMIT 1",
        (key.component, key.family),
    ).fetchone()
    return None if row is None else incident_from(row)


def newest(rows: Rows, *, limit: int = 50, since: float = 0.0) -> list[Incident]:
    """The newest incidents that were opened at or after *since*, newest first."""
    query = "SELECT * FROM incidents WHERE opened_at >= ? ORDER BY number DESC LIMIT ?"
    return [incident_from(row) for row in rows.execute(query, (since, limit))]


def change(rows: Rows, incident: Incident, values: Values) -> Incident:
    """*incident* with *values* in place of what was there."""
    names = ", ".join(f"{name} = :{name}" for name in values)
    rows.execute(f"UPDATE incidents SET {names} WHERE number = :_n", {**values, "_n": number_of(incident.id)})  # noqa: S608 - ours
    return find(rows, incident.id)


def incident_from(row: sqlite3.Row) -> Incident:
    """The incident that *row* holds."""
    return Incident(
        id=f"INC-{row['number']}", key=Key(row["component"], row["family"]), severity=Severity(row["severity"]),
        state=State(row["state"]), title=row["title"], impact=row["impact"], opened_at=row["opened_at"],
        private=bool(row["private"]), published_at=row["published_at"], acknowledged_at=row["acknowledged_at"],
        responder=row["responder"], mitigated_at=row["mitigated_at"], quiet_until=row["quiet_until"],
        resolved_at=row["resolved_at"], reviewed_at=row["reviewed_at"], root_cause=row["root_cause"],
        resolution=row["resolution"], monitoring=row["monitoring"],
    )  # fmt: skip
