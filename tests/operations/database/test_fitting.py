"""A process that may open more connections than the server takes does not start; too little room is told."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from sqlalchemy import text

from causal_eval.errors import UsageError
from causal_eval.operations.database.fitting import check_room
from causal_eval.store.database import ENGINE_CONNECTIONS, open_store


def test_a_file_has_room(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It has no server."""
    store = open_store(f"sqlite:///{tmp_path}/x.db")
    check_room(store)
    assert not caplog.records
    store.close()


def test_what_never_fits_is_refused(postgres_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """By the setting's name, with what the server takes; what fits passes without a word."""
    store = open_store(postgres_url)
    check_room(store)
    assert not caplog.records
    with store.reading() as connection:
        there = int(connection.execute(text("SELECT current_setting('max_connections')")).scalar_one())
    store.close()
    wide = open_store(postgres_url, most=there)
    with pytest.raises(UsageError, match=f"CEB_DATABASE_CONNECTIONS is {there}, with {ENGINE_CONNECTIONS} more"):
        check_room(wide)
    wide.close()


def test_what_others_leave_no_room_is_told(postgres_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """All but one connection fit, and one is taken: it starts, and says so."""
    store = open_store(postgres_url)
    with store.reading() as connection:
        there = int(
            connection.execute(
                text(
                    "SELECT current_setting('max_connections')::int"
                    " - current_setting('superuser_reserved_connections')::int"
                    " - coalesce(current_setting('reserved_connections', true)::int, 0)"
                )
            ).scalar_one()
        )
    store.close()
    wide = open_store(postgres_url, most=there - ENGINE_CONNECTIONS)
    with caplog.at_level(logging.WARNING):
        check_room(wide)
    assert "set CEB_DATABASE_CONNECTIONS lower" in caplog.text
    wide.close()
