"""A review says what is known, asks for what is not, and is over when nothing is left to do."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.incidents import actions, desk, keeping, review
from causal_eval.incidents.actions import NewAction
from causal_eval.incidents.book import Book, Rows
from causal_eval.incidents.impact import Impact, Share
from causal_eval.incidents.impact import rows as rows_of
from causal_eval.incidents.incident import Signal, State
from causal_eval.incidents.review_page import page
from causal_eval.incidents.rules import Rules

Make = Callable[..., Signal]
NOW = 1_790_000_000.0
GOLDEN = Path(__file__).parents[1] / "golden" / "incidents"


def over(rows: Rows, signal: Make) -> None:
    """An incident from its first alert to its end, seen through by ann."""
    down = signal(started_at=NOW - 30)
    keeping.hear(rows, down, at=NOW, rules=Rules())
    desk.acknowledge(rows, "INC-1", who="ann", at=NOW + 60)
    desk.update(rows, "INC-1", text="both replicas | are gone", public=True, who="ann", at=NOW + 120)
    ended = signal(started_at=NOW - 30, firing=False)
    keeping.hear(rows, ended, at=NOW + 600, rules=Rules())
    desk.resolve(rows, "INC-1", resolution="restarted", root_cause="", who="ann", at=NOW + 3720)


HURT = Impact(
    evaluations=3, users=2, results=1_234, missing=4, calls=56, given=Share(0.712, 0.65, 0.77),
    without=Share(0.75, 0.69, 0.8),
)  # fmt: skip


@pytest.mark.parametrize(("impact", "name"), [(HURT, "review"), (None, "review-of-nobody-knows")])
def test_a_review_as_it_is_written(book: Book, signal: Make, impact: Impact | None, name: str) -> None:
    """To the byte: times, impact or that nobody knows it, every entry, hostile text that makes no table and no tag."""
    with book.writing() as rows:
        over(rows, signal)
        wanted = NewAction("<b>more</b> replicas", "bob", NOW + 86_400)
        actions.plan(rows, "INC-1", wanted=wanted, who="ann", at=NOW + 4000)
        found = review.gather(rows, "INC-1")
    html = page(found, impact)
    (css,), (seal,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL), re.findall(r"style-src '([^']+)'", html)
    assert seal == f"sha256-{base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()}"
    bare = html.replace(css, "").replace(seal, "sha256-")
    for text, kind in ((review.markdown(found, impact), "md"), (bare, "html")):
        assert text == (GOLDEN / f"{name}.{kind}").read_text("utf-8")
        assert "<b>" not in text.replace("\\<b\\>", "")
    assert "http://" not in html


def test_an_impact_in_words() -> None:
    """Nothing touched is no change; what could not be worked out is said; a score of nothing is no number."""
    none = replace(HURT, evaluations=0, users=0, results=0, missing=0, calls=0, given=None, without=None)
    assert rows_of(none)[-1] == ("Score", "as it would have been")
    assert rows_of(replace(HURT, given=None))[-1] == ("Score", "not worked out")
    assert rows_of(replace(HURT, without=Share(None, None, None)))[-1][1] == "nothing was scored"
    assert rows_of(HURT)[-1] == ("Score without these results", "75.0 % (69.0 to 80.0): +3.8 points")


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
