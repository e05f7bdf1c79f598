"""Whether the server has room for all connections that a process may open: seen at its start, not in the first rush."""

from __future__ import annotations

import logging

import psycopg
from sqlalchemy import text
from sqlalchemy.pool import QueuePool

from causal_eval.errors import UsageError
from causal_eval.store.database import ENGINE_CONNECTIONS, Store

_ROOM = text("""
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
       - coalesce(current_setting('reserved_connections', true)::int, 0) AS there,
       pg_backend_pid() AS pid, (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used
""")
"""Connections that the server gives to us and our like, who answers, and how many are taken."""

_LOG = logging.getLogger(__name__)


def check_room(store: Store) -> None:
    """Make sure that the server takes what this process may open; that others leave too little is a line of the log.

    Raises:
        UsageError: it never would.
    """
    pool = store.engine.pool
    if not store.is_postgresql or not isinstance(pool, QueuePool):
        return
    most = pool.size() + max(0, pool._max_overflow) + ENGINE_CONNECTIONS  # noqa: SLF001 - nothing public tells it
    with store.reading() as connection:
        there, pid, used = connection.execute(_ROOM).one()
        greeted = connection.connection.driver_connection
    if isinstance(greeted, psycopg.Connection) and greeted.info.backend_pid != pid:
        return  # a pooler stands between, which gives out fewer of the server's than it has of ours
    if most > there:
        raise UsageError(
            f"CEB_DATABASE_CONNECTIONS is {most - ENGINE_CONNECTIONS}, with {ENGINE_CONNECTIONS} more for the queue: "
            f"{store.place} takes {there} from all processes together; set it lower, or raise max_connections"
        )
    if most > there - used:
        _LOG.warning(
            "this process may open %d connections to %s, which has room for %d: set CEB_DATABASE_CONNECTIONS lower, "
            "run fewer processes, or raise max_connections",
            most, store.place, max(0, there - used),
        )  # fmt: skip
