"""Who waits for a lock in the database is counted, whoever it is, and for how long."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.serving import wait_until

from causal_eval.errors import StoreLocked
from causal_eval.store.database import Store, open_store
from causal_eval.store.lock_waits import LockWaits, lock_waits, wait_briefly

LOOK = text("SELECT count(*) FROM projects")


@pytest.fixture
def server_store(postgres_url: str) -> Iterator[Store]:
    """An empty, up-to-date database of the server."""
    store = open_store(postgres_url)
    yield store
    store.close()


@contextmanager
def locked(store: Store) -> Iterator[None]:
    """The table of projects, in somebody's hand."""
    with store.writing() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(text("LOCK TABLE projects IN ACCESS EXCLUSIVE MODE"))
        yield


def now(store: Store) -> LockWaits:
    """Who waits."""
    with store.reading() as connection:
        return lock_waits(connection)


def test_who_waits_is_counted(server_store: Store) -> None:
    """Nobody, then two, of whom the first waits longest, then nobody again."""
    both = threading.Barrier(3)

    def look() -> int:
        both.wait()
        with server_store.reading() as connection:
            return int(connection.execute(LOOK).scalar_one())

    with ThreadPoolExecutor(2) as threads:
        with locked(server_store):
            assert now(server_store) == LockWaits(0, 0.0)
            waiting = [threads.submit(look) for _ in range(2)]
            both.wait()
            wait_until(lambda: now(server_store).sessions == 2)
            time.sleep(0.3)
            assert 0.3 <= now(server_store).longest < 30
        assert [one.result() for one in waiting] == [1, 1]
    assert now(server_store) == LockWaits(0, 0.0)


def test_who_waits_briefly_gives_up(server_store: Store) -> None:
    """After a second, with the error of what is held by others."""

    def look() -> None:
        with server_store.reading() as connection:
            wait_briefly(connection)
            connection.execute(LOOK)

    with locked(server_store), pytest.raises(StoreLocked, match="held by other writers"):
        look()


def test_nobody_waits_in_a_file(tmp_path: Path) -> None:
    """Its writers take turns."""
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    assert now(store) == LockWaits()
    store.close()
