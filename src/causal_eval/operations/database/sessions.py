"""Sessions of a PostgreSQL server: listed, and ended with care."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import psycopg
from psycopg.rows import class_row, scalar_row

from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.store.postgresql import explained

CONNECT_SECONDS = 10
LONG_SECONDS = 30.0
"""What runs, or keeps a transaction open, for longer is listed."""
IDLE_SECONDS = 3600.0
_LOOKS_A_SECOND = 10
_APPLICATION = "causal-eval-operator"

Server = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Session:
    """A process of the server."""

    pid: int
    user: str
    application: str
    client: str
    """Its address; empty: on the server itself."""
    kind: str
    """``client backend``, ``autovacuum worker``, ``walsender`` ..."""
    state: str
    """``active``, ``idle``, ``idle in transaction`` ...; empty where that is not told."""
    waits_for: str
    """``Lock: transactionid``; empty: for nothing."""
    connected: float
    """Seconds."""
    in_state: float
    """Seconds; of one that never did anything, since it connected."""
    in_transaction: float | None
    query: str
    """What it does, or did last; the beginning."""
    blocked_by: Sequence[int]
    """Whose locks it waits for."""
    superuser: bool
    replication: bool
    here: bool
    """Connected to this database."""
    own: bool


_SESSIONS = """
SELECT s.pid, coalesce(s.usename, '') AS "user", coalesce(s.application_name, '') AS application,
  coalesce(host(s.client_addr), '') AS client, s.backend_type AS kind, coalesce(s.state, '') AS state,
  coalesce(s.wait_event_type || ': ' || s.wait_event, '') AS waits_for,
  extract(epoch FROM clock_timestamp() - s.backend_start)::float AS connected,
  extract(epoch FROM clock_timestamp() - coalesce(s.state_change, s.backend_start))::float AS in_state,
  extract(epoch FROM clock_timestamp() - s.xact_start)::float AS in_transaction,
  left(coalesce(s.query, ''), 400) AS query, pg_blocking_pids(s.pid) AS blocked_by,
  coalesce(r.rolsuper, false) AS superuser, coalesce(r.rolreplication, false) AS replication,
  coalesce(s.datname = current_database(), false) AS here, s.pid = pg_backend_pid() AS own
FROM pg_stat_activity s LEFT JOIN pg_roles r ON r.oid = s.usesysid
WHERE s.backend_start IS NOT NULL
ORDER BY in_state DESC, s.pid
"""

_STATEMENT = """
SELECT a.query, (SELECT setting FROM pg_settings WHERE name = 'track_activity_query_size'), a.datname,
  coalesce(a.datname = current_database(), false)
FROM pg_stat_activity a WHERE a.pid = %s
"""

_LIMITS = """
SELECT coalesce(current_setting(name, true), '0')::int FROM unnest(%s::text[]) WITH ORDINALITY u(name, i) ORDER BY i
"""


class Room(NamedTuple):
    """Connections that a server takes."""

    most: int
    reserved: int
    """For superusers and those with ``pg_use_reserved_connections``."""
    used: int


@contextmanager
def connected(url: str) -> Iterator[Server]:
    """A connection of one's own to the server of *url*, each statement a transaction.

    Raises:
        UsageError: the database is a file: it has no server.
        StoreError: it cannot be reached, or refuses.
    """
    if not url.startswith("postgresql://"):
        raise UsageError("the database is a SQLite file, which has no server: this command is for PostgreSQL")
    place = url.rpartition("@")[2]
    with explained(place):
        opened = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS, application_name=_APPLICATION)
        with opened as connection:
            yield connection


def sessions(server: Server) -> list[Session]:
    """All that the account may see, the longest in their state first."""
    with server.cursor(row_factory=class_row(Session)) as cursor:
        return cursor.execute(_SESSIONS).fetchall()


def room(server: Server) -> Room:
    """How many connections there may be, and are."""
    names = ["max_connections", "superuser_reserved_connections", "reserved_connections"]
    with server.cursor(row_factory=scalar_row) as cursor:
        most, *reserved = cursor.execute(_LIMITS, [names]).fetchall()
        used = cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'").fetchone()
    return Room(most, sum(reserved), used or 0)


def long_ones(server: Server, *, seconds: float = LONG_SECONDS) -> list[Session]:
    """Clients of this database that run a statement, or keep a transaction open, for longer."""

    def takes_long(one: Session) -> bool:
        busy = one.in_state if one.state == "active" else one.in_transaction
        return one.kind == "client backend" and one.here and not one.own and busy is not None and busy >= seconds

    return [one for one in sessions(server) if takes_long(one)]


def statement_of(server: Server, pid: int) -> str:
    """The whole of what the session *pid* does, or did last.

    Raises:
        UnknownName: there is no such session.
        UsageError: it cannot be told; the message says why.
    """
    found = server.execute(_STATEMENT, [pid]).fetchone()
    if found is None:
        raise UnknownName("session", str(pid), ())
    query, kept, place, here = found
    if not here:
        raise UsageError(f"session {pid} is not of this database, but of {place or 'none'}")
    if not isinstance(query, str) or not query or query.startswith("<"):
        raise UsageError(f"session {pid} has no statement, or this account may not see it")
    if len(query.encode()) >= int(str(kept)) - 1:
        raise UsageError(
            f"the statement of session {pid} is longer than what the server keeps of it (track_activity_query_size, "
            f"{kept} bytes): give the statement itself"
        )
    return query


class End(StrEnum):
    """How a session took it."""

    CANCELLED = "cancelled"
    """Its statement was ended, the session lives."""
    TERMINATED = "terminated"
    GONE = "gone"
    """It ended by itself."""
    PLANNED = "planned"
    """Nothing was done."""


def cancel(server: Server, pid: int, *, wait: float = 5.0, dry_run: bool = False, victim: bool = False) -> End:
    """Cancel what *pid* does; after *wait* seconds without effect, end its session.

    Args:
        server: the connection to ask by.
        pid: the process of the server.
        wait: seconds for the cancel to have an effect.
        dry_run: only check whether it may be done.
        victim: end it although it only waits for a lock of somebody else.

    Raises:
        UnknownName: there is no such session.
        UsageError: it is none that may be ended; the message says why.
        Conflict: it cannot be ended.
    """
    before = _find(server, pid)
    if before is None:
        raise UnknownName("session", str(pid), ())
    _refuse(server, before, victim=victim)
    if dry_run:
        return End.PLANNED
    server.execute("SELECT pg_cancel_backend(%s)", [pid])
    for _ in _looks(server, wait):
        now = _find(server, pid)
        if now is None or now.connected < before.connected:
            return End.GONE
        if now.in_transaction is None or now.state == "idle":
            return End.CANCELLED
    return terminate(server, pid)


def terminate(server: Server, pid: int, *, wait: float = 5.0) -> End:
    """End the session *pid*.

    Raises:
        Conflict: it is still there.
    """
    server.execute("SELECT pg_terminate_backend(%s)", [pid])
    for _ in _looks(server, wait):
        if _find(server, pid) is None:
            return End.TERMINATED
    raise Conflict(f"session {pid} was told to end and is still there: look at its server's log and disk")


def idle_ones(server: Server, *, seconds: float = IDLE_SECONDS, user: str | None = None) -> list[Session]:
    """Clients of this database that have done nothing for longer: those in a transaction, and never used ones, too."""
    return [
        one
        for one in sessions(server)
        if one.kind == "client backend" and one.here and not (one.own or one.superuser or one.replication)
        and one.state.startswith("idle") and one.in_state >= seconds and user in {None, one.user}
    ]  # fmt: skip


def _refuse(server: Server, one: Session, *, victim: bool) -> None:
    """See that *one* may be ended."""
    refused = f"session {one.pid} is not ended"
    if one.own:
        raise UsageError(f"{refused}: it is this command's own")
    if one.kind != "client backend":
        raise UsageError(f"{refused}: it is the server's own work ({one.kind})")
    if one.superuser or one.replication:
        what = "a superuser's" if one.superuser else "a replica's"
        raise UsageError(f"{refused}: it is {what} ({one.user}): ask them, or end it in psql")
    if one.blocked_by and not victim:
        roots = ", ".join(str(pid) for pid in _roots(sessions(server), one))
        raise UsageError(f"{refused}: it waits for a lock that {roots} holds: cancel that, or give --victim")


def _roots(known: Sequence[Session], one: Session) -> list[int]:
    """Who blocks *one* in the end."""
    by_pid, seen, todo, found = {each.pid: each for each in known}, set[int](), list(one.blocked_by), list[int]()
    while todo:
        pid = todo.pop()
        if pid in seen:
            continue
        seen.add(pid)
        blockers = by_pid[pid].blocked_by if pid in by_pid else ()
        todo += blockers
        found += [] if blockers else [pid]
    return sorted(found) or sorted(one.blocked_by)


def _find(server: Server, pid: int) -> Session | None:
    return next((one for one in sessions(server) if one.pid == pid), None)


def _looks(server: Server, seconds: float) -> Iterator[None]:
    for _ in range(max(1, round(seconds * _LOOKS_A_SECOND))):
        yield
        server.execute("SELECT pg_sleep(%s)", [1 / _LOOKS_A_SECOND])
