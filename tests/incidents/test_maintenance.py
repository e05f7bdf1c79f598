"""Maintenance is announced before it begins, and shown while it lasts."""

from __future__ import annotations

import pytest

from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.incidents.book import Book
from causal_eval.incidents.maintenance import NewWindow, Window, announce, cancel, current, upcoming

NOW = 1_790_000_000.0


def window(book: Book, begin: float = 60.0, end: float = 120.0, text: str = "A new disk.") -> Window:
    """One that was announced at NOW."""
    with book.writing() as rows:
        return announce(rows, NewWindow("database", NOW + begin, NOW + end, text), at=NOW)


def shown(book: Book, *, at: float) -> tuple[list[int], list[int]]:
    """Numbers of what is current and of what is upcoming."""
    with book.reading() as rows:
        return [one.id for one in current(rows, at=at)], [one.id for one in upcoming(rows, at=at)]


def test_a_window_comes_lasts_and_goes(book: Book) -> None:
    """It lasts from its first moment until just before its last."""
    one = window(book)
    assert shown(book, at=NOW) == ([], [one.id])
    assert shown(book, at=one.starts_at) == ([one.id], [])
    assert shown(book, at=one.ends_at - 0.001) == ([one.id], [])
    assert shown(book, at=one.ends_at) == ([], [])


@pytest.mark.parametrize(
    ("begin", "end", "text"),
    [(-1, 60, "x"), (60, 60, "x"), (60, 59, "x"), (0, 15 * 86_400, "x"), (0, 60, " "), (0, 60, "x" * 501)],
    ids=["begun", "empty", "backwards", "endless", "silent", "a novel"],
)
def test_what_makes_no_sense_is_not_announced(book: Book, begin: float, end: float, text: str) -> None:
    """Least of all what has begun already: nothing is excused afterwards."""
    with pytest.raises(UsageError):
        window(book, begin, end, text)
    assert shown(book, at=NOW) == ([], [])


def test_what_is_cancelled_before_it_begins_never_was(book: Book) -> None:
    """It is shown nowhere, and cannot be cancelled again."""
    one = window(book)
    with book.writing() as rows:
        cancel(rows, one.id, at=NOW)
    assert shown(book, at=one.starts_at) == ([], [])
    with book.writing() as rows, pytest.raises(UnknownName, match="unknown maintenance"):
        cancel(rows, one.id, at=NOW)


def test_what_is_cancelled_while_it_lasts_ends_then(book: Book) -> None:
    """That it was stays true."""
    one = window(book)
    with book.writing() as rows:
        cancel(rows, one.id, at=one.starts_at + 10)
    assert shown(book, at=one.starts_at + 9) == ([one.id], [])
    assert shown(book, at=one.starts_at + 10) == ([], [])
    with book.writing() as rows, pytest.raises(Conflict, match="is over"):
        cancel(rows, one.id, at=one.starts_at + 11)
