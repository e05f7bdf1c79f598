"""Real driver errors, each turned into the line of the one error tree that it belongs to."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from causal_eval.errors import StoreError, StoreFull, StoreReadOnly
from causal_eval.store.database import Store
from causal_eval.store.faults import explained


def test_a_full_database_is_store_full(file_store: Store) -> None:
    """SQLite's own "database or disk is full" names the file and says that what was kept is safe."""

    def overfill() -> None:
        with file_store.writing() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
            connection.execute(
                text("INSERT INTO projects VALUES ('big', :name, '2026-01-01')"), {"name": "x" * 100_000}
            )

    with pytest.raises(StoreFull, match="free some space") as full:
        overfill()
    assert file_store.place in str(full.value)
    with file_store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM projects")).scalar_one() == 1


def test_a_read_only_connection_is_store_read_only(file_store: Store) -> None:
    """SQLite's "attempt to write a readonly database" becomes advice."""

    def write() -> None:
        with file_store.writing() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
            connection.execute(text("DELETE FROM projects"))

    with pytest.raises(StoreReadOnly, match="check the rights"):
        write()


def test_a_broken_rule_is_a_store_error(store: Store) -> None:
    """Anything else keeps the driver's words and the place."""
    with pytest.raises(StoreError, match=r"(?i)foreign key"), store.writing() as connection:
        connection.execute(text("INSERT INTO set_members (set_digest, position, question) VALUES ('none', 0, 'none')"))


def test_the_drivers_own_errors_are_explained_too() -> None:
    """An error that SQLAlchemy does not wrap (while connecting) is not let through."""
    with pytest.raises(StoreReadOnly), explained("/nowhere/x.db"):
        sqlite3.connect("/nowhere/at/all/x.db")


def test_no_space_in_the_file_system_is_store_full(tmp_path: Path) -> None:
    """ENOSPC while making the folder is a full disk, not a missing right."""
    with pytest.raises(StoreFull), explained(str(tmp_path)):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_what_is_no_database_error_passes() -> None:
    """A bug stays a bug."""
    with pytest.raises(KeyError), explained("x"):
        raise KeyError
