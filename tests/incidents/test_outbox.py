"""A letter is kept until it was sent; what may come twice says so, and nothing else comes twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from causal_eval.incidents import outbox
from causal_eval.incidents.book import Book, open_book
from causal_eval.incidents.outbox import Letter, Waiting

NOW = 1_790_000_000.0


def letter(key: str = "INC-1/report/0/file:messages", target: str = "messages") -> Letter:
    """Something to send."""
    return Letter(key=key, incident=None, channel="file", target=target, subject="It is down", body="It is down\n")


def put(book: Book, *letters: Letter, at: float = NOW) -> list[bool]:
    """Have them sent."""
    with book.writing() as rows:
        return [outbox.put(rows, one, at=at) for one in letters]


def take(book: Book, at: float = NOW, limit: int = 20) -> list[Waiting]:
    """Begin to send."""
    with book.writing() as rows:
        return outbox.take(rows, at=at, limit=limit)


def test_the_same_key_twice_is_one_letter(book: Book) -> None:
    """Also once it was sent."""
    assert put(book, letter(), letter()) == [True, False]
    (one,) = take(book)
    with book.writing() as rows:
        outbox.done(rows, one.id, at=NOW)
    assert put(book, letter()) == [False]
    assert take(book, at=NOW + 10_000) == []


def test_a_letter_that_is_being_sent_is_taken_by_nobody_else(book: Book) -> None:
    """And it is no repeat the first time."""
    put(book, letter())
    (one,) = take(book)
    assert (one.tries, one.repeat, one.letter) == (1, False, letter())
    assert take(book, at=NOW + 5) == []


def test_the_longest_waiting_comes_first(book: Book) -> None:
    """No more than asked for."""
    put(book, letter("b"))
    put(book, letter("a"), letter("c"), at=NOW - 1)
    assert [one.letter.key for one in take(book, limit=2)] == ["a", "c"]


@pytest.mark.parametrize(("tries", "wait"), [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (5000, 300)])
def test_the_wait_doubles_to_five_minutes(tries: int, wait: float) -> None:
    """However often it failed, it is tried again."""
    assert outbox.wait_after(tries) == wait


def test_what_failed_is_tried_again_and_is_no_repeat(book: Book) -> None:
    """Where it surely did not arrive; the fault stands in its row."""
    put(book, letter())
    (one,) = take(book)
    with book.writing() as rows:
        assert outbox.failed(rows, one.id, fault="status 503", at=NOW) == NOW + 1
        assert rows.execute("SELECT fault FROM outbox").fetchone()["fault"] == "status 503"
    assert take(book, at=NOW + 0.5) == []
    (again,) = take(book, at=NOW + 1)
    assert (again.tries, again.repeat, again.token) == (2, False, one.token)


def test_what_perhaps_arrived_is_a_possible_repeat(book: Book) -> None:
    """Nobody answered in time."""
    put(book, letter())
    (one,) = take(book)
    with book.writing() as rows:
        outbox.failed(rows, one.id, fault="no answer", at=NOW, perhaps=True)
    assert [again.repeat for again in take(book, at=NOW + 1)] == [True]


def test_after_a_restart_what_was_begun_is_a_possible_repeat(book: Book) -> None:
    """It is taken up at once, and what was not begun is none."""
    put(book, letter("begun"))
    take(book)
    put(book, letter("fresh"))
    with book.writing() as rows:
        assert outbox.resume(rows, at=NOW + 2) == 1
        assert outbox.waiting(rows) == 2
    assert {one.letter.key: one.repeat for one in take(book, at=NOW + 2)} == {"begun": True, "fresh": False}


def test_a_lease_that_ran_out_is_taken_up_without_a_restart(book: Book) -> None:
    """Nobody waits for ever for who never said what became of it."""
    put(book, letter())
    take(book)
    assert [one.repeat for one in take(book, at=NOW + outbox.LEASE)] == [True]


KILLED = """
import os, sys
from pathlib import Path
from causal_eval.incidents import outbox
from causal_eval.incidents.book import open_book
book = open_book(Path(sys.argv[1]))
with book.writing() as rows:
    (one,) = outbox.take(rows, at=1_790_000_000.0)
if sys.argv[2] == "recorded":
    with book.writing() as rows:
        outbox.done(rows, one.id, at=1_790_000_000.0)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize(("moment", "left"), [("begun", [True]), ("recorded", [])])
def test_a_kill_between_sending_and_recording_leaves_one_repeat(tmp_path: Path, moment: str, left: list[bool]) -> None:
    """A process is really killed; after it was recorded nothing is left."""
    path = tmp_path / "incidents.db"
    book = open_book(path)
    put(book, letter())
    book.close()
    run = subprocess.run([sys.executable, "-c", KILLED, str(path), moment], check=False)
    assert run.returncode == -9
    book = open_book(path)
    with book.writing() as rows:
        outbox.resume(rows, at=NOW + 1)
    assert [one.repeat for one in take(book, at=NOW + 1)] == left
    book.close()


def test_a_token_fits_a_header(book: Book) -> None:
    """Whatever a key holds."""
    put(book, letter("ключ\r\nX: y"))
    (one,) = take(book)
    assert one.token.isascii()
    assert one.token.isalnum()
