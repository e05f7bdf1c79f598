"""A review says what is known, asks for what is not, and is over when nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.incidents import actions, desk, keeping, review
from causal_eval.incidents.actions import NewAction
from causal_eval.incidents.book import Book, Rows
from causal_eval.incidents.incident import Signal, State
from causal_eval.incidents.rules import Rules

Make = Callable[..., Signal]
NOW = 1_790_000_000.0
GOLDEN = Path(__file__).parents[1] / "golden" / "incidents" / "review.md"


def over(rows: Rows, signal: Make) -> None:
    """An incident from its first alert to its end, seen through by ann."""
    down = signal(started_at=NOW - 30)
    keeping.hear(rows, down, at=NOW, rules=Rules())
    desk.acknowledge(rows, "INC-1", who="ann", at=NOW + 60)
    desk.update(rows, "INC-1", text="both replicas | are gone", public=True, who="ann", at=NOW + 120)
    ended = signal(started_at=NOW - 30, firing=False)
    keeping.hear(rows, ended, at=NOW + 600, rules=Rules())
    desk.resolve(rows, "INC-1", resolution="restarted", root_cause="", who="ann", at=NOW + 3720)


def test_a_review_as_it_is_written(book: Book, signal: Make) -> None:
    """To the byte, with times, every entry, hostile text that makes no table, and what is to be done."""
    with book.writing() as rows:
        over(rows, signal)
        wanted = NewAction("<b>more</b> replicas", "bob", NOW + 86_400)
        actions.plan(rows, "INC-1", wanted=wanted, who="ann", at=NOW + 4000)
        text = review.markdown(review.gather(rows, "INC-1"))
    assert text == GOLDEN.read_text("utf-8")


def test_times(book: Book, signal: Make) -> None:
    """Detection is counted from what the alert says of its beginning, all else from the opening."""
    with book.writing() as rows:
        over(rows, signal)
        assert review.gather(rows, "INC-1").times == review.Times(30.0, 60.0, 600.0, 3720.0)


def test_it_is_reviewed_when_nothing_is_left(book: Book, signal: Make) -> None:
    """Neither before it is resolved, nor without a cause, nor while something is to be done; then it stays as it is."""
    with book.writing() as rows:
        keeping.hear(rows, signal(), at=NOW, rules=Rules())
        with pytest.raises(Conflict, match="only what is resolved"):
            actions.reviewed(rows, "INC-1", who="ann", at=NOW)
        keeping.hear(rows, signal(firing=False), at=NOW, rules=Rules())
        desk.resolve(rows, "INC-1", resolution="restarted", root_cause="", who="ann", at=NOW)
        with pytest.raises(Conflict, match="no root cause"):
            actions.reviewed(rows, "INC-1", who="ann", at=NOW)
        actions.cause(rows, "INC-1", text="a full disk", who="ann", at=NOW)
        first = actions.plan(rows, "INC-1", wanted=NewAction("watch disks", "bob", NOW), who="ann", at=NOW)
        second = actions.plan(rows, "INC-1", wanted=NewAction("larger disks", "eve", NOW), who="ann", at=NOW)
        actions.close(rows, first.id, waived="", who="bob", at=NOW)
        with pytest.raises(Conflict, match="eve: larger disks"):
            actions.reviewed(rows, "INC-1", who="ann", at=NOW)
        actions.close(rows, second.id, waived="too dear", who="eve", at=NOW)
        assert actions.reviewed(rows, "INC-1", who="ann", at=NOW).state is State.REVIEWED
        for deed in (
            lambda: actions.cause(rows, "INC-1", text="another", who="ann", at=NOW),
            lambda: actions.plan(rows, "INC-1", wanted=NewAction("more", "bob", NOW), who="ann", at=NOW),
            lambda: actions.close(rows, first.id, waived="", who="bob", at=NOW),
        ):
            with pytest.raises(Conflict):
                deed()


def test_what_cannot_be_planned_is_refused(book: Book, signal: Make) -> None:
    """Nothing, nobody, and what is not there."""
    with book.writing() as rows:
        keeping.hear(rows, signal(), at=NOW, rules=Rules())
        for wanted in (NewAction(" ", "bob", NOW), NewAction("x", "", NOW)):
            with pytest.raises(UsageError):
                actions.plan(rows, "INC-1", wanted=wanted, who="ann", at=NOW)
        with pytest.raises(UnknownName):
            actions.close(rows, 9, waived="", who="ann", at=NOW)
        assert actions.of(rows, "INC-1") == []
