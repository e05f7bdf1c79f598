"""What users report: one incident for each kind, and nothing of it public."""

from __future__ import annotations

import pytest
from tests.incidents.conftest import NOW

from causal_eval.errors import TooSoon
from causal_eval.incidents import acting, desk, timeline, timers
from causal_eval.incidents.book import Book, Rows, find, live
from causal_eval.incidents.contacts import to_file
from causal_eval.incidents.incident import Incident, Severity, State
from causal_eval.incidents.reported import MOST, MOST_KEPT, Report, Trouble
from causal_eval.incidents.status import gather
from causal_eval.incidents.status.rendering import documents
from causal_eval.incidents.timers import Deadline

SECRET = "<script>alert(1)</script> Olga's key is sk-1"


def report(rows: Rows, *, by: str = "ada", text: str = SECRET, trouble: Trouble = Trouble.PAGE, at: float) -> Incident:
    """The incident that a report is part of."""
    return Report(by=by, text=text, trouble=trouble, page="/compare").do(rows, at=NOW + at)


def test_reports_of_a_kind_are_one_incident(book: Book) -> None:
    """A P3 that nobody has seen yet; who says what is in its timeline, the same said again is not."""
    with book.writing() as rows:
        first = report(rows, at=0)
        assert (first.severity, first.state, str(first.key)) == (Severity.P3, State.DETECTED, "reports/page")
        assert report(rows, by="bob", text="me too", at=60).id == first.id
        assert report(rows, at=61).id == first.id
        assert report(rows, trouble=Trouble.SLOW, at=62).id != first.id
        said = [(one.who, one.text) for one in timeline.entries(rows, first.id) if one.kind == "signal"]
    assert said == [("ada", f"/compare: {SECRET}"), ("bob", "/compare: me too")]


def test_one_that_comes_soon_after_the_end_opens_it_again(book: Book) -> None:
    """Within a quarter of an hour the same, later another."""
    with book.writing() as rows:
        first = report(rows, at=0)
        desk.resolve(rows, first.id, resolution="reloaded", root_cause="", who="op", at=NOW + 60)
        assert report(rows, text="again", at=120).id == first.id
        desk.resolve(rows, first.id, resolution="reloaded", root_cause="", who="op", at=NOW + 180)
        assert report(rows, text="and again", at=3600).id != first.id


def test_nothing_of_it_is_public_before_somebody_publishes_something(book: Book) -> None:
    """Neither words nor a colour: not after ten minutes, not by an acknowledgement, not at its end."""
    with book.writing() as rows:
        nothing = _public(rows, at=0)
        one = report(rows, at=0)
        assert Deadline.PUBLISH not in timers.pending(rows, one.id)
        acting.act_on_all(rows, contacts=to_file(book.path.with_name("m.jsonl")), at=NOW + 700)
        desk.acknowledge(rows, one.id, who="op", at=NOW + 700)
        acting.act_on_all(rows, contacts=to_file(book.path.with_name("m.jsonl")), at=NOW + 701)
        assert _public(rows, at=0) == nothing
        assert find(rows, one.id).published_at is None
        desk.update(rows, one.id, text="comparisons show too little", public=True, who="op", at=NOW + 702)
        shown = _public(rows, at=0)
        assert b"comparisons show too little" in shown
        assert b"Olga" not in shown
        assert b"ada" not in shown


def test_whoever_is_on_call_is_told_once(book: Book) -> None:
    """A letter when it is opened, none for each who joins."""
    with book.writing() as rows:
        report(rows, at=0)
        contacts = to_file(book.path.with_name("m.jsonl"))
        acting.act_on_all(rows, contacts=contacts, at=NOW + 1)
        letters = rows.execute("SELECT count(*) FROM outbox").fetchone()[0]
        report(rows, by="bob", text="me too", at=2)
        acting.act_on_all(rows, contacts=contacts, at=NOW + 3)
        assert rows.execute("SELECT count(*) FROM outbox").fetchone()[0] == letters > 0


def test_nobody_floods(book: Book) -> None:
    """Few reports of one person within minutes; of one incident no more words than anybody reads."""
    with book.writing() as rows:
        for number in range(MOST):
            report(rows, text=f"no. {number}", at=number)
        with pytest.raises(TooSoon, match="try again in 59"):
            report(rows, text="one more", trouble=Trouble.SLOW, at=MOST)
        report(rows, text="later", at=700)
        for number in range(MOST_KEPT + 5):
            report(rows, by=f"user {number}", at=701)
        (one,) = live(rows)
        assert sum(entry.kind == "signal" for entry in timeline.entries(rows, one.id)) == MOST_KEPT


def _public(rows: Rows, *, at: float) -> bytes:
    return b"".join(body for _, body in documents(gather(rows, at=NOW + at)))
