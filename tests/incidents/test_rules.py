"""A game's book is in haste; nobody else's can be, and what has to be heard again is given the time for it."""

from __future__ import annotations

from dataclasses import fields

import pytest
from tests.incidents.conftest import NOW, Make

from causal_eval.errors import UsageError
from causal_eval.incidents import desk, keeping, timers
from causal_eval.incidents.book import Book
from causal_eval.incidents.incident import Severity
from causal_eval.incidents.rules import HEARD, HOUR, MINUTE, SHORTEST, USUAL, agree, rules_of
from causal_eval.incidents.timers import Deadline


def test_the_usual_times_are_those_of_the_runbook() -> None:
    """15 minutes to a day to acknowledge, 30 minutes and 2 hours to escalate, a review within 48 hours."""
    assert list(USUAL.response.values()) == [15 * MINUTE, HOUR, 4 * HOUR, 24 * HOUR]
    assert USUAL.escalation == {Severity.P0: 30 * MINUTE, Severity.P1: 2 * HOUR}
    assert (USUAL.updates[Severity.P0], USUAL.publish, USUAL.review) == (30 * MINUTE, 10 * MINUTE, 48 * HOUR)


def test_every_time_is_shorter_by_the_factor_but_for_what_cannot_be() -> None:
    """People have 5 s at least, and what Prometheus has to say again 15 s; who decides stays as it is."""
    quick = USUAL.quicker(60)
    assert quick.escalation == {Severity.P0: 30.0, Severity.P1: 120.0}
    assert quick.response[Severity.P0] == 15.0
    assert (quick.publish, quick.review, quick.by_hand) == (10.0, 48 * MINUTE, USUAL.by_hand)
    longest = USUAL.quicker(10**6)
    assert {longest.publish, *longest.response.values(), *longest.updates.values()} == {SHORTEST}
    assert {longest.absent, longest.silence, longest.reopen, longest.quiet} == {HEARD}
    assert USUAL.quicker(1) == USUAL


@pytest.mark.parametrize("name", [one.name for one in fields(USUAL) if one.name != "by_hand"])
def test_no_time_is_forgotten(name: str) -> None:
    """Each is another in haste."""
    assert getattr(USUAL.quicker(60), name) != getattr(USUAL, name)


def test_whoever_writes_into_a_hurried_book_waits_as_long(book: Book, signal: Make) -> None:
    """The sentinel that opens an incident, and people who classify it by another program."""
    with book.writing() as rows:
        rules = agree(rows, haste=60)
        found = keeping.hear(rows, signal(), at=NOW, rules=rules)
        assert found is not None
        assert timers.pending(rows, found.id)[Deadline.ESCALATE] == NOW + 30.0
    with book.writing() as rows:
        desk.classify(rows, found.id, severity=Severity.P1, reason="few see it", who="eve", at=NOW + 1)
        assert timers.pending(rows, found.id)[Deadline.ESCALATE] == NOW + 120.0
        assert rules_of(rows) == agree(rows, haste=60) == rules


def test_a_book_of_a_game_is_for_no_service(book: Book) -> None:
    """Nor for a game that is in another haste."""
    with book.writing() as rows:
        agree(rows, haste=60)
    for haste in (1, 120):
        with book.writing() as rows, pytest.raises(UsageError, match="set CEB_INCIDENTS to another file"):
            agree(rows, haste=haste)


def test_a_book_of_a_service_takes_on_no_haste(book: Book, signal: Make) -> None:
    """Once it holds an incident."""
    with book.writing() as rows:
        keeping.hear(rows, signal(), at=NOW, rules=agree(rows, haste=1))
    with book.writing() as rows, pytest.raises(UsageError, match="what a game wrote belongs to no service"):
        agree(rows, haste=60)
    with book.reading() as rows:
        assert rules_of(rows) == USUAL
