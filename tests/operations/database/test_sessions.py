"""Sessions of a real server are listed rightly, and none is ended that should not be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

import psycopg
import pytest
from tests import servers

from causal_eval.errors import StoreLocked, UnknownName, UsageError
from causal_eval.operations.database.sessions import (
    End,
    Server,
    cancel,
    connected,
    idle_ones,
    long_ones,
    room,
    sessions,
    terminate,
)

Login = Callable[[], psycopg.Connection]
Within = Callable[[Callable[[], bool]], None]


def beside(connection: psycopg.Connection, statement: str) -> threading.Thread:
    """A thread that runs *statement*, however that ends."""

    def run() -> None:
        with suppress(psycopg.Error):
            connection.execute(statement.encode())

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_long_statement_is_found_and_cancelled(operator: Server, login: Login, within: Within) -> None:
    """The session lives on; a dry run leaves the statement alone."""
    one = login()
    pid = one.info.backend_pid
    thread = beside(one, "SELECT pg_sleep(60)")
    within(lambda: [each.pid for each in long_ones(operator, seconds=0.1)] == [pid])
    assert cancel(operator, pid, dry_run=True) is End.PLANNED
    assert cancel(operator, pid) is End.CANCELLED
    thread.join(timeout=20)
    assert one.execute("SELECT 1").fetchone() == (1,)
    assert not long_ones(operator, seconds=0)


def test_what_cannot_be_cancelled_is_ended(operator: Server, login: Login) -> None:
    """A session that idles in a transaction does nothing that a cancel could end."""
    one = login()
    one.execute("BEGIN")
    one.execute("SELECT 1")
    assert [each.pid for each in long_ones(operator, seconds=0)] == [one.info.backend_pid]
    assert cancel(operator, one.info.backend_pid, wait=0.3) is End.TERMINATED
    with pytest.raises(psycopg.OperationalError):
        one.execute("SELECT 1")


def test_the_blocker_is_ended_and_not_its_victims(operator: Server, login: Login, within: Within) -> None:
    """Who waits for a lock is refused, with the pid of who holds it; then the victim's statement ends well."""
    holder, victim, second = login(), login(), login()
    holder.execute("BEGIN")
    holder.execute("LOCK TABLE evaluations IN ACCESS EXCLUSIVE MODE")
    threads = [beside(one, "SELECT count(*) FROM evaluations") for one in (victim, second)]
    within(lambda: sum(bool(one.blocked_by) for one in sessions(operator)) == 2)
    for one in (victim, second):
        with pytest.raises(UsageError, match=rf"a lock that {holder.info.backend_pid} holds: cancel that"):
            cancel(operator, one.info.backend_pid)
    assert cancel(operator, holder.info.backend_pid, wait=0.2) is End.TERMINATED
    for thread in threads:
        thread.join(timeout=20)
    assert victim.execute("SELECT 1").fetchone() == second.execute("SELECT 1").fetchone() == (1,)


def test_what_is_the_servers_a_superusers_or_our_own_is_refused(operator: Server, postgres_url: str) -> None:
    """Nothing happens to it; a pid that nobody has is said to be none."""
    with connected(postgres_url) as other:
        mine, theirs = operator.info.backend_pid, other.info.backend_pid
        own_work = next(one.pid for one in sessions(operator) if one.kind == "checkpointer")
        for pid, why in ((mine, "own"), (theirs, "a superuser's"), (own_work, "the server's own work")):
            with pytest.raises(UsageError, match=why):
                cancel(operator, pid)
        assert other.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(UnknownName, match="session '999999999'"):
        cancel(operator, 999_999_999)


@pytest.mark.slow
def test_leaked_sessions_are_found_though_they_never_did_anything(
    operator: Server, login: Login, postgres_url: str
) -> None:
    """So are those in a transaction; busy ones, fresh ones and superusers' are not."""
    leaked = [login() for _ in range(9)]
    open_one = login()
    open_one.execute("BEGIN")
    open_one.execute("SELECT 1")
    pids = {one.info.backend_pid for one in (*leaked, open_one)}
    with connected(postgres_url):
        assert {one.pid for one in idle_ones(operator, seconds=0)} == pids
        assert idle_ones(operator, seconds=60) == []
        assert idle_ones(operator, seconds=0, user="somebody") == []
    env = {**os.environ, "DATABASE_URL": postgres_url}
    command = [
        sys.executable,
        "-c",
        "from causal_eval.cli.main import main; main()",
        "db",
        "reap-idle",
        "--older",
        "0s",
        "--json",
    ]
    for more, reaped in (([], 0), (["--yes"], 10)):
        said = subprocess.run([*command, *more], env=env, capture_output=True, text=True, check=True, timeout=60).stdout
        lines = [json.loads(line) for line in said.splitlines()]
        assert {one["pid"] for one in lines if one["event"] == "session"} == pids
        assert lines[-1] == {"event": "reaped", "sessions": reaped, "found": 10}
    assert idle_ones(operator, seconds=0) == []


@pytest.mark.slow
def test_an_operator_gets_in_when_every_slot_is_taken(own_postgres: servers.Postgres) -> None:
    """By a slot that is kept for superusers; what is in the way is ended, and the service's account gets in again."""
    with ExitStack() as stack, connected(own_postgres.url()) as first:
        first.execute("CREATE ROLE app LOGIN PASSWORD 'ordinary'")
        theirs = own_postgres.url().replace(f"postgres:{own_postgres.password}", "app:ordinary")
        limits = room(first)
        for _ in range(limits.most - limits.reserved - 1):
            stack.enter_context(psycopg.connect(theirs, autocommit=True))
        with pytest.raises(StoreLocked, match="takes no more connections"), connected(theirs):
            pass
        with connected(own_postgres.url()) as operator:
            found = idle_ones(operator, seconds=0, user="app")
            assert len(found) == limits.most - limits.reserved - 1
            assert terminate(operator, found[0].pid) is End.TERMINATED
        with connected(theirs) as again:
            assert again.execute("SELECT 1").fetchone() == (1,)
