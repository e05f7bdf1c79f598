"""Plans, indexes and damage on a real server; nothing is changed by looking."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests import lacking, servers

from causal_eval.errors import UnknownName, UsageError
from causal_eval.operations.database.checks import damages, explain, indexes
from causal_eval.operations.database.sessions import Server, connected, sessions, statement_of


@pytest.mark.slow
def test_a_plan_is_shown_and_nothing_is_written(operator: Server) -> None:
    """A statement that writes, a second statement, and what takes too long are refused."""
    assert any("evaluations" in line for line in explain(operator, "SELECT * FROM evaluations WHERE id LIKE '50%'"))
    assert any("Execution Time" in line for line in explain(operator, "SELECT 1", analyze=True))
    explain(operator, "DELETE FROM projects")  # planned, never done
    for query in ("DELETE FROM projects", "SELECT 1; DROP TABLE projects", "SELECT pg_sleep(9)", "nonsense"):
        with pytest.raises(UsageError, match="the query is refused"):
            explain(operator, query, analyze=True, seconds=0.2)
    assert operator.execute("SELECT count(*) FROM projects").fetchone() == (1,)


def test_the_plan_of_what_a_session_does_is_shown(
    operator: Server, login: Callable[[], psycopg.Connection], postgres_url: str
) -> None:
    """By its pid, also where its values are not in the statement; what is longer than the server keeps is refused."""
    session = login()
    pid = session.info.backend_pid
    session.execute("SELECT * FROM evaluations WHERE id = %s AND id <> %s", ["a", "b"])
    text = statement_of(operator, pid)
    assert "$2" in text
    for _ in range(2):
        assert any("evaluations" in line for line in explain(operator, text))
    with pytest.raises(UsageError, match="values"):
        explain(operator, text, analyze=True)
    with pytest.raises(UsageError, match="the query is refused"):
        explain(operator, "SELECT $1; DROP TABLE projects")
    assert explain(operator, "SELECT '$1'")
    told = subprocess.run(
        [sys.executable, "-m", "causal_eval.cli", "db", "explain", str(pid)],
        env={**os.environ, "DATABASE_URL": postgres_url}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "evaluations" in told.stdout, told.stderr
    session.execute(f"SELECT '{'x' * 2000}'".encode())
    with pytest.raises(UsageError, match="give the statement itself"):
        statement_of(operator, pid)
    with pytest.raises(UnknownName):
        statement_of(operator, 2**22)
    checkpointer = next(one.pid for one in sessions(operator) if one.kind == "checkpointer")
    with pytest.raises(UsageError, match="not of this database"):
        statement_of(operator, checkpointer)


def test_indexes_that_are_missing_broken_or_nobodys_come_first(operator: Server) -> None:
    """The one that the runbook wants is there; a missing one is named."""
    assert {one.state for one in indexes(operator)} == {"ok"}
    assert any(one.name == "idx_evaluations_created_at" for one in indexes(operator))
    operator.execute("DROP INDEX idx_evaluations_created_at")
    operator.execute("CREATE INDEX of_mine ON evaluations (ended_at)")
    operator.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_jobs_status_priority'::regclass")
    found = {one.state: one.name for one in indexes(operator)}
    del found["ok"]
    assert found == {
        "missing": "idx_evaluations_created_at",
        "unknown": "of_mine",
        "invalid": "ix_jobs_status_priority",
    }


@pytest.mark.slow
def test_a_flipped_byte_is_found(own_postgres: servers.Postgres) -> None:
    """By amcheck where the extension is, and what is not protected is said."""
    with connected(own_postgres.url()) as server:
        said = [one for one in damages(server) if not one.certain]
        assert "amcheck" in {one.what for one in said}
        available = server.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'amcheck'").fetchone()
        if available is None:
            lacking.lacks("PostgreSQL's amcheck", is_brought=lacking.is_installed(servers.POSTGRES))
        server.execute("CREATE EXTENSION amcheck")
        server.execute("CREATE TABLE t AS SELECT n AS id, repeat('x', 50) AS body FROM generate_series(1, 500) n")
        server.execute("CREATE INDEX t_id ON t (id)")
        server.execute("CHECKPOINT")
        assert not [one for one in damages(server) if one.certain]
        row = server.execute("SELECT pg_relation_filepath('t')").fetchone()
        assert row is not None
    own_postgres.stop("fast")
    with Path(own_postgres.folder, "data", str(row[0])).open("r+b") as file:
        file.seek(8192 + 24)
        file.write(b"\xff\xff\xff\x7f")
    own_postgres.start()
    with connected(own_postgres.url()) as server:
        assert [one for one in damages(server) if one.certain]
