"""Locks that die with their process, or with their transaction, however that ends."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from causal_eval.errors import StoreLocked

if sys.platform != "win32":  # there, two runs of one evaluation are kept apart by the unique key alone
    import fcntl

_LOOKS, _MOMENT = 5, 0.01
"""Who looks whether a lock is held holds it for a moment, which is waited out."""


def is_postgresql(connection: Connection) -> bool:
    """True: a PostgreSQL server; False: a SQLite file."""
    return connection.dialect.name == "postgresql"


def take_turn(connection: Connection, what: str) -> None:
    """Wait until no other transaction does *what*, and hold it for this one until its end.

    On SQLite nothing is to be done: a transaction that writes holds the whole database.
    """
    if is_postgresql(connection):
        connection.execute(_TURN, {"what": what})


_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))")


@contextlib.contextmanager
def hold_in_database(engine: Engine, what: str, *, refusal: str) -> Iterator[None]:
    """Hold *what* on a PostgreSQL server while the block runs, with a connection of its own.

    A transaction holds it, not a session: behind PgBouncer a session is nobody's. It neither reads nor writes, so it
    keeps no old rows alive, and the server ends it when this process or its machine is gone.

    Raises:
        StoreLocked: with the words of *refusal*: another process holds it.
    """
    with engine.connect() as connection:
        connection.detach()  # for as long as a run takes: the pool has others
        with connection.begin():
            for limit in _LIMITS:
                connection.exec_driver_sql(f"SET LOCAL {limit}")
            _hold(connection, what, refusal=refusal)
            yield


def _hold(connection: Connection, what: str, *, refusal: str) -> None:
    try:
        connection.execute(_HOLD, {"what": what})
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _HELD:
            raise StoreLocked(refusal) from error
        raise


def is_held_in_database(connection: Connection, what: str) -> bool:
    """Whether a living process holds *what* on a PostgreSQL server."""
    return not connection.execute(_TRY, {"what": what}).scalar_one()


_TRY = text("SELECT pg_try_advisory_xact_lock_shared(hashtextextended(:what, 1))")
_HOLD = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 1))")
_HELD = "55P03"
_LIMITS = (
    "lock_timeout = '1s'",  # the server needs a moment to see that an earlier holder was killed
    "idle_in_transaction_session_timeout = 0",
    "tcp_keepalives_idle = 30",
    "tcp_keepalives_interval = 10",
    "tcp_keepalives_count = 3",
)


@contextlib.contextmanager
def hold_file(path: str, refusal: str) -> Iterator[None]:
    """Hold the lock file *path* while the block runs; the file is gone afterwards.

    Raises:
        StoreLocked: with the words of *refusal*: another process holds it.
    """
    descriptor = _locked(path, refusal)
    try:
        yield
    finally:
        Path(path).unlink(missing_ok=True)
        os.close(descriptor)


def is_held(path: str) -> bool:
    """Whether a living process holds the lock file *path*; True also where that cannot be told."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        return sys.platform == "win32" or not _take(descriptor)
    finally:
        os.close(descriptor)


def _locked(path: str, refusal: str) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _take_soon(descriptor):
            os.close(descriptor)
            raise StoreLocked(refusal)
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)  # its last holder removed the file between our opening and locking it


def _take_soon(descriptor: int) -> bool:
    for _ in range(_LOOKS):
        if _take(descriptor):
            return True
        time.sleep(_MOMENT)
    return False


def _take(descriptor: int) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _is_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), Path(path).stat())
    except FileNotFoundError:
        return False
