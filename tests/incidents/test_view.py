"""An incident as others are told of it."""

from __future__ import annotations

from tests.incidents.conftest import NOW, Make

from causal_eval.incidents import keeping, view
from causal_eval.incidents.book import Book
from causal_eval.incidents.causes import key_of
from causal_eval.incidents.incident import Severity
from causal_eval.incidents.rules import Rules


def test_the_rule_that_decides_is_named_among_others(book: Book, signal: Make) -> None:
    """A probe may mean anything up to P0; of the two it is the alert that makes it a P2."""
    key = key_of("RedisDown", {})
    with book.writing() as rows:
        for name in ("SentinelProbeFailing", "RedisDown"):
            keeping.hear(rows, signal(name, key=key, severity=Severity.P2), at=NOW, rules=Rules())
        told = view.whole(rows, "INC-1")
    assert (told.ruling.rule, told.ruling.severity) == ("J3", Severity.P2)
    assert told.incident.firing == ("RedisDown", "SentinelProbeFailing")
