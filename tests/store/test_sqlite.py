"""Writers of one process take turns, and a turn ends however its transaction does."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from causal_eval.store.sqlite import lock_for_writing, sqlite_engine

SOON = 10.0


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A file with an empty table."""
    made = sqlite_engine(tmp_path / "x.db", 0.2)
    with lock_for_writing(made.connect()) as connection, connection.begin():
        connection.execute(text("CREATE TABLE rows (n INTEGER)"))
    return made


def write(engine: Engine, number: int) -> None:
    """Add one row in a transaction of its own."""
    with lock_for_writing(engine.connect()) as connection, connection.begin():
        connection.execute(text("INSERT INTO rows VALUES (:n)"), {"n": number})


def rows(engine: Engine) -> list[int]:
    """What is there."""
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT n FROM rows ORDER BY n")))


def test_writers_wait_for_each_other(engine: Engine) -> None:
    """Many threads that write at the same time each get their turn, and nothing is lost."""

    def ten(at: int) -> None:
        for number in range(10):
            write(engine, at * 10 + number)

    threads = [threading.Thread(target=ten, args=(at,)) for at in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(SOON)
    assert rows(engine) == list(range(80))


def test_who_waited_long_enough_hears_that_another_writes(engine: Engine) -> None:
    """A writer that holds on is named by SQLite to the next one, whose turn is given back."""
    with lock_for_writing(engine.connect()) as holder, holder.begin():
        with pytest.raises(OperationalError, match="locked"):
            write(engine, 1)
        holder.execute(text("INSERT INTO rows VALUES (2)"))
    write(engine, 3)
    assert rows(engine) == [2, 3]


@pytest.mark.parametrize("how", ["fails", "closes", "rolls back"])
def test_a_turn_ends_with_its_transaction(engine: Engine, how: str) -> None:
    """Another thread writes after a transaction that failed, was rolled back, or was dropped with its connection."""
    connection = lock_for_writing(engine.connect())
    transaction = connection.begin()
    if how == "fails":
        with pytest.raises(OperationalError, match="no such table"), transaction:
            connection.execute(text("INSERT INTO absent VALUES (1)"))
    elif how == "rolls back":
        transaction.rollback()
    connection.close()
    other = threading.Thread(target=write, args=(engine, 1))
    other.start()
    other.join(SOON)
    assert rows(engine) == [1]


def test_a_turn_ends_with_a_commit_that_fails(engine: Engine) -> None:
    """Others write at once, and so does the same connection, which stays open: nothing of what failed is there."""
    write(engine, 1)
    connection = lock_for_writing(engine.connect())
    with connection.begin():
        connection.execute(text("CREATE TABLE known (n INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE late (n INTEGER REFERENCES known DEFERRABLE INITIALLY DEFERRED)"))

    def fail() -> None:
        with connection.begin():
            connection.execute(text("INSERT INTO late VALUES (1)"))
            connection.execute(text("INSERT INTO rows VALUES (2)"))

    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        fail()
    other = threading.Thread(target=write, args=(engine, 3))
    other.start()
    other.join(SOON)
    with connection.begin():
        connection.execute(text("INSERT INTO rows VALUES (4)"))
    assert rows(engine) == [1, 3, 4]
    write(engine, 5)
    assert rows(engine) == [1, 3, 4, 5]


def test_those_who_read_wait_for_nobody(engine: Engine) -> None:
    """While one writes, others read what was there before."""
    write(engine, 1)
    with lock_for_writing(engine.connect()) as holder, holder.begin():
        holder.execute(text("INSERT INTO rows VALUES (2)"))
        assert rows(engine) == [1]
