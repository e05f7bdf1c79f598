"""PostgreSQL's own programs are told which database, and nothing of another."""

from __future__ import annotations

import pytest

from causal_eval.backups.postgres import reaching


def test_programs_reach_the_database_of_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was set for another server is left out; the file of passwords is kept: a stack's URL has none."""
    monkeypatch.setenv("PGHOST", "elsewhere")
    monkeypatch.setenv("PGPASSFILE", "/secrets/pgpass")
    env = reaching("postgresql://someone@127.0.0.1:5433/bench?sslmode=disable")
    told = {name: value for name, value in env.items() if name.startswith("PG")}
    assert told == {
        "PGHOST": "127.0.0.1", "PGPORT": "5433", "PGUSER": "someone", "PGDATABASE": "bench", "PGSSLMODE": "disable",
        "PGPASSFILE": "/secrets/pgpass",
    }  # fmt: skip
