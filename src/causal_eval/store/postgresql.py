"""The database as a PostgreSQL server: its connections, and what its errors mean; imported where one is used."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from causal_eval.errors import StoreError, StoreFull, StoreLocked, StoreReadOnly
from causal_eval.store import dead_peer

POOL = 5
"""Connections that a process keeps open; more are closed when they are given back."""
WAIT_SECONDS = 10.0
"""For a connection, whether from the pool or from the server."""
RECYCLE_SECONDS = 1800
STALLED_SECONDS = 5.0
"""A process that stands still within a transaction holds its locks for no longer: the server ends it then."""
KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 3, "tcp_user_timeout": 15_000}
"""Of a connection on which nothing happens, or nothing that was sent is acknowledged: its end is seen within 20 s."""
FORGOTTEN_SECONDS = 3600
"""A connection that nobody uses for so long is ended by the server: one that was leaked keeps no slot for ever."""

_DRIVER = "postgresql+psycopg"
_AGAIN = "then run the same command again; all that was kept before is safe"


class CountedPool(QueuePool):
    """A pool that counts who got no connection in time."""

    timeouts = 0

    def connect(self) -> PoolProxiedConnection:
        """A connection; TimeoutError where none became free in time."""
        try:
            return super().connect()
        except PoolTimeout:
            self.timeouts += 1
            raise


def postgresql_engine(url: URL, *, most: int, wait: float = WAIT_SECONDS) -> Engine:
    """Connections to the database at *url*; safe behind PgBouncer, which shares a connection by transactions."""
    engine = create_engine(
        url.set(drivername=_DRIVER),
        creator=connecting(url, wait=wait),
        poolclass=CountedPool,
        pool_size=min(POOL, most),
        max_overflow=max(0, most - POOL),
        pool_timeout=wait,
        pool_recycle=RECYCLE_SECONDS,
        pool_pre_ping=True,  # a server that was restarted is noticed before a transaction begins
    )
    event.listen(engine, "connect", _limit)
    return engine


def connecting(url: URL, *, wait: float = WAIT_SECONDS) -> Callable[[], dead_peer.Connection]:
    """What makes connections to the database at *url*, whose statements end where nothing hears them any more."""
    given = url.set(drivername=_DRIVER)
    _, named = given.get_dialect()().create_connect_args(given)
    usual = {
        "prepare_threshold": None,  # a prepared statement belongs to one connection of the server
        "connect_timeout": int(wait),
        "application_name": "causal-eval",
        **KEEPALIVE,
    }
    return functools.partial(dead_peer.Connection.connect, **{**named, **usual})


def _limit(connection: psycopg.Connection[object], record: object) -> None:
    """Let the server break off what stalls; behind PgBouncer, for whoever has that connection of the server next."""
    del record
    connection.autocommit = True
    connection.execute(f"SET idle_in_transaction_session_timeout = '{STALLED_SECONDS:g}s'")
    connection.execute(f"SET idle_session_timeout = '{FORGOTTEN_SECONDS}s'")
    connection.autocommit = False


def place_of(url: URL) -> str:
    """The database for messages: server and name, without password and options."""
    return URL.create(
        "postgresql", username=url.username, host=url.host, port=url.port, database=url.database
    ).render_as_string()


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Raise a :class:`StoreError` in place of a driver's or the pool's error; *place* is the database."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.Error):
            raise _explain(error.orig, place) from error
        raise StoreError(f"database {place}: {error.orig}") from error
    except psycopg.Error as error:
        raise _explain(error, place) from error
    except PoolTimeout as error:
        raise StoreLocked(
            f"database {place}: all connections of this process (CEB_DATABASE_CONNECTIONS) are in use for "
            f"{WAIT_SECONDS:g} s: run fewer things at once, or more processes"
        ) from error


def _explain(error: psycopg.Error, place: str) -> StoreError:
    said = " ".join(str(error).split())
    state = error.sqlstate or ""
    for kind, states, advice in _BY_STATE:
        if state.startswith(states):
            return kind(f"database {place} {advice.format(said=said)}")
    if isinstance(error, psycopg.OperationalError) and (not state or state.startswith(("08", "57P"))):
        return _explain_connecting(said, place)
    return StoreError(f"database {place}: {said}")


def _explain_connecting(said: str, place: str) -> StoreError:
    """A server that refuses or breaks a connection says why in words alone."""
    for pattern, kind, advice in _BY_WORDS:
        if re.search(pattern, said):
            return kind(f"database {place} {advice}")
    return StoreError(
        f"database {place} cannot be reached ({said}): check that the server runs and that DATABASE_URL names its "
        f"host and port, {_AGAIN}"
    )


_CROWDED = (
    "takes no more connections: end some of what uses it, raise its max_connections, or put PgBouncer in front, "
    f"{_AGAIN}"
)
_BY_STATE = (
    (StoreFull, ("53100",), f"has no space left ({{said}}): free some space on its server, {_AGAIN}"),
    (StoreLocked, ("53300",), _CROWDED),
    (
        StoreReadOnly,
        ("25006",),
        f"takes no writes now ({{said}}): let DATABASE_URL name the primary and an account that may write, {_AGAIN}",
    ),
    (StoreReadOnly, ("42501",), f"refuses this account ({{said}}): give it rights on schema and tables, {_AGAIN}"),
    (StoreLocked, ("57014",), f"took longer than its statement_timeout allows ({{said}}): raise it, {_AGAIN}"),
    (StoreLocked, ("55P03", "40P01", "40001"), f"is held by other writers for too long ({{said}}): wait, {_AGAIN}"),
)
"""Kind of error, SQLSTATEs and words."""
_BY_WORDS = (
    (
        r"password authentication failed|no password supplied|authentication failed",
        StoreError,
        "refuses the password or the account: check user and password in DATABASE_URL",
    ),
    (r'role "[^"]*" does not exist', StoreError, "has no such account: check the user in DATABASE_URL"),
    (
        r'database "[^"]*" does not exist',
        StoreError,
        "does not exist: create it (`createdb`), or check the name in DATABASE_URL",
    ),
    (r"too many (clients|connections)|remaining connection slots", StoreLocked, _CROWDED),
    (
        r"starting up|shutting down|recovery mode|terminating connection|closed the connection",
        StoreLocked,
        f"is being restarted: wait for it, {_AGAIN}",
    ),
)
"""What the server said, kind of error and words."""
