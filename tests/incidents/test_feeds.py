"""What a provider says of itself is part of the story of its incidents, and of no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from causal_eval.errors import UsageError
from causal_eval.incidents import keeping, timeline
from causal_eval.incidents.book import Book
from causal_eval.incidents.feeds import LARGEST, Feed, changes, follow, read_feed
from causal_eval.incidents.incident import Key, Signal
from causal_eval.incidents.rules import Rules
from causal_eval.incidents.status import gather
from causal_eval.incidents.status.rendering import documents

Make = Callable[..., Signal]
NOW = 1_790_000_000.0


def feed(indicator: str = "none", api: str = "operational", **incidents: str) -> Feed:
    """What a status page of somebody says."""
    body: dict[str, Any] = {
        "page": {"id": "x", "name": "Provider", "url": "", "updated_at": "2026-09-21T14:13:20Z"},
        "status": {"indicator": indicator, "description": "All"},
        "components": [{"id": "c1", "name": "API", "status": api, "position": 1, "group": False}],
        "incidents": [
            {"id": name, "name": f"Trouble {name}", "status": status, "impact": "major", "incident_updates": []}
            for name, status in incidents.items()
        ],
        "scheduled_maintenances": [],
    }
    return read_feed(json.dumps(body).encode())


def entries(book: Book, incident: str) -> list[str]:
    """What providers said, in the timeline of *incident*."""
    with book.reading() as rows:
        return [one.text for one in timeline.entries(rows, incident) if one.kind is timeline.Kind.PROVIDER]


def opened(book: Book, signal: Signal) -> str:
    """The id of the incident that *signal* opens."""
    with book.writing() as rows:
        found = keeping.hear(rows, signal, at=NOW, rules=Rules())
    assert found is not None
    return found.id


def test_changes_are_told_and_nothing_else() -> None:
    """Status, components and incidents; what stays as it was is no news."""
    well, ill = feed(), feed("major", "partial_outage", a="investigating")
    assert changes(well, well) == ()
    assert changes(None, well) == ()
    assert changes(well, ill) == (
        "status: major, no longer none",
        "API: partial_outage, no longer operational",
        "incident 'Trouble a': investigating",
    )
    assert changes(None, ill) == changes(well, ill)
    assert changes(ill, feed(a="resolved"))[-1] == "incident 'Trouble a': resolved"
    assert changes(ill, well)[-1] == "incident 'Trouble a': no longer listed"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"status": {}}', b'{"status": {"indicator": 3}}', b"\xff", b" " * (LARGEST + 1)],
    ids=["nothing", "a page", "a list", "empty", "no indicator", "a number", "no text", "huge"],
)
def test_what_is_no_feed_is_refused(body: bytes) -> None:
    """With a word that says what was expected."""
    with pytest.raises(UsageError, match=r"summary\.json|status feed"):
        read_feed(body)


def test_a_page_of_ours_can_be_read(book: Book) -> None:
    """What we write has the shape that we read."""
    with book.reading() as rows:
        found = dict(documents(gather(rows, at=NOW)))["summary.json"]
    read = read_feed(found)
    assert read.status == "none"
    assert "api" in {one.id for one in read.components}


def test_endless_lists_and_names_are_cut() -> None:
    """Twenty lines of two hundred characters, whatever somebody else's server sends."""
    now = feed("critical", **{f"{'x' * 500}{number}": "new" for number in range(500)})
    lines = changes(None, now)
    assert len(lines) == 20
    assert max(map(len, lines)) == 200


def test_incidents_of_the_provider_learn_of_it(book: Book, signal: Make) -> None:
    """Each change once, also across a restart; an incident of somebody else learns nothing."""
    mine = opened(book, signal("ModelAPIFailing", key=Key("model_api:one", "failing")))
    other = opened(book, signal("ModelAPIFailing", key=Key("model_api:two", "failing"), fingerprint="other"))
    for now in (feed("major", "major_outage"), feed("major", "major_outage"), feed()):
        with book.writing() as rows:
            follow(rows, "one", now=now, at=NOW + 1)
    assert entries(book, mine) == [
        "one says of itself: status: major, no longer none; API: major_outage, no longer operational",
        "one says of itself: status: none, no longer major; API: operational, no longer major_outage",
    ]
    assert entries(book, other) == []


def test_an_incident_that_opens_later_learns_what_is_not_well(book: Book, signal: Make) -> None:
    """Though nothing has changed since it opened."""
    with book.writing() as rows:
        assert follow(rows, "one", now=feed("minor"), at=NOW - 60) == []
    mine = opened(book, signal("ModelAPIFailing", key=Key("model_api:one", "failing")))
    with book.writing() as rows:
        assert [one.id for one in follow(rows, "one", now=feed("minor"), at=NOW + 1)] == [mine]
        assert follow(rows, "one", now=feed("minor"), at=NOW + 2) == []
    assert entries(book, mine) == ["one says of itself: status: minor, no longer none"]
