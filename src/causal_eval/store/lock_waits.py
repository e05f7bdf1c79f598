"""Sessions of the database that wait for a lock which another one holds."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from causal_eval.store.locks import is_postgresql

_WAITS = text("""
SELECT count(*), coalesce(extract(epoch FROM max(clock_timestamp() - waiting.waitstart)), 0)
FROM pg_locks AS waiting JOIN pg_stat_activity AS session USING (pid)
WHERE NOT waiting.granted AND session.datname = current_database()
""")


@dataclass(frozen=True, slots=True)
class LockWaits:
    """Who waits now."""

    sessions: int = 0
    longest: float = 0.0
    """Seconds that the one has waited that waits longest."""


def lock_waits(connection: Connection) -> LockWaits:
    """Who waits in this database, whoever it is; nobody in a file, whose writers take turns."""
    if not is_postgresql(connection):
        return LockWaits()
    sessions, longest = connection.execute(_WAITS).one()
    return LockWaits(int(sessions), float(longest))


def wait_briefly(connection: Connection) -> None:
    """Let no statement of this transaction wait for a lock for longer than a second: StoreLocked then."""
    if is_postgresql(connection):
        connection.execute(text("SET LOCAL lock_timeout = '1s'"))
