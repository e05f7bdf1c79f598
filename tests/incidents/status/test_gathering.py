"""What is public: colours at once, words when somebody published them, of security what was reviewed."""

from __future__ import annotations

from typing import Any

import pytest

from causal_eval.incidents import maintenance, timeline
from causal_eval.incidents.incident import Severity
from causal_eval.incidents.maintenance import NewWindow
from causal_eval.incidents.status.gathering import publish_review
from causal_eval.incidents.status.page import Level, StatusPage
from causal_eval.incidents.timeline import Happened, Kind
from causal_eval.incidents.uptime import DAY, count

NOW = 1_790_000_000.0


def levels(page: StatusPage) -> dict[str, Level]:
    """Components that are not simply well."""
    return {one.id: one.level for one in page.components if one.level is not Level.OPERATIONAL}


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        (Severity.P0, Level.MAJOR),
        (Severity.P1, Level.PARTIAL),
        (Severity.P2, Level.DEGRADED),
        (Severity.P3, Level.NOTED),
    ],
)
def test_a_detected_incident_colours_its_component_at_once(hands: Any, severity: Severity, level: Level) -> None:
    """As bad as it is; nothing is said of it yet."""
    hands.open("api", severity)
    page = hands.page()
    assert levels(page) == {"api": level}
    assert page.level is level
    assert page.incidents == ()


def test_an_incident_has_words_when_it_is_published(hands: Any) -> None:
    """Those that were published, not those that were for us."""
    one = hands.open()
    hands.say(one, "Ask Igor about db-9.", at=60, public=False)
    assert hands.page(at=61).incidents == ()
    hands.say(one, "Requests fail.", at=120)
    (shown,) = hands.page(at=121).current
    assert [(update.state, update.text) for update in shown.updates] == [("investigating", "Requests fail.")]
    assert shown.name == "API and pages: major outage"


def test_nothing_of_ours_is_ever_shown(hands: Any, rendered: Any) -> None:
    """No alert, host or name of a person, whatever happens to an incident."""
    one = hands.open()
    with hands.book.writing() as rows:
        for kind in Kind:
            if kind not in {Kind.PUBLISHED, Kind.STATE}:
                timeline.add(rows, one, Happened(kind, f"leak {kind}", who="olga", data={"host": "leak"}), at=NOW)
    hands.say(one, "Requests fail.", at=60)
    hands.change(one, responder="olga", impact="leak", root_cause="leak", monitoring="olga")
    hands.end(one, "It was the disk.", at=600)
    told = " ".join(rendered(hands.page(at=601)).values())
    for secret in ("olga", "Olga", "leak", "internal.example", "10.1.2.3", "Alert"):
        assert secret not in told, secret
    assert "It was the disk." in told


def test_an_incident_that_is_published_without_words_has_ours(hands: Any) -> None:
    """The public is told that somebody noticed."""
    one = hands.open()
    hands.change(one, published_at=NOW + 600)
    (shown,) = hands.page(at=601).current
    assert [update.number for update in shown.updates] == [0]
    with hands.book.writing() as rows:
        timeline.add(rows, one, Happened(Kind.PUBLISHED, "the public is told"), at=NOW + 600)
    (shown,) = hands.page(at=601).current
    assert [update.text for update in shown.updates] == ["We have noticed a problem here, and look into it."]
    assert shown.updates[0].at == NOW + 600


def test_an_incident_that_comes_back_says_so(hands: Any) -> None:
    """Over, not over, and over at last by the words of who said so."""
    one = hands.open()
    hands.say(one, "Requests fail.", at=60)
    hands.end(one, "A restart helped.", at=120)
    assert hands.open(at=300) == one
    hands.end(one, "A new disk helped.", at=400)
    (shown,) = hands.page(at=401).past
    assert [(update.state, update.text) for update in shown.updates] == [
        ("investigating", "Requests fail."),
        ("resolved", "It is over."),
        ("investigating", "It has come back, and we look into it again."),
        ("resolved", "A new disk helped."),
    ]
    assert levels(hands.page(at=401)) == {}


def test_a_private_incident_is_shown_only_by_its_review(hands: Any, rendered: Any) -> None:
    """It colours nothing, is on no page while it lasts or is unreviewed, and then nothing but the review is told."""
    one = hands.open("security", family="exposure", security=True)
    hands.change(one, published_at=NOW + 1)
    with hands.book.writing() as rows:
        timeline.add(rows, one, Happened(Kind.PUBLISHED, "A key was in a log."), at=NOW + 2)
        publish_review(rows, one, text="Keys are redacted now.", who="olga", at=NOW + 3)
    assert (levels(hands.page()), hands.page().incidents) == ({}, ())
    hands.end(one, "The key of Olga was revoked.", at=60)
    (shown,) = hands.page(at=61).past
    assert (shown.name, shown.updates, shown.review) == ("Security incident", (), "Keys are redacted now.")
    assert "revoked" not in " ".join(rendered(hands.page(at=61)).values())


@pytest.mark.parametrize("is_published", [True, False])
def test_a_private_incident_that_is_over_needs_both(hands: Any, is_published: bool) -> None:
    """A review and the word that it is public: one alone shows nothing."""
    one = hands.open("security", family="exposure", security=True)
    hands.end(one, "Over.", at=60)
    if is_published:
        hands.change(one, published_at=NOW + 61)
    else:
        with hands.book.writing() as rows:
            publish_review(rows, one, text="All told.", who="olga", at=NOW + 62)
    assert hands.page(at=63).incidents == ()


def test_what_becomes_private_vanishes(hands: Any) -> None:
    """Words and colour, though they were public before."""
    one = hands.open()
    hands.say(one, "Somebody was in.", at=10)
    assert hands.page(at=11).current
    hands.change(one, private=1)
    page = hands.page(at=12)
    assert (levels(page), page.incidents) == ({}, ())


def test_which_of_several_is_nobodys_business(hands: Any, rendered: Any) -> None:
    """A mount or a machine in the name of a component stays ours; what has no line is among the others."""
    hands.open("host:/srv/secret-volume", Severity.P2, family="disk")
    hands.open("billing-box-3", Severity.P3, family="odd")
    page = hands.page()
    assert levels(page) == {"host": Level.DEGRADED, "other": Level.NOTED}
    told = " ".join(rendered(page).values())
    assert "secret-volume" not in told
    assert "billing-box" not in told


def test_maintenance_colours_what_is_well(hands: Any) -> None:
    """While it lasts; a worse incident is not hidden by it, and a note is no reason to hide it."""
    with hands.book.writing() as rows:
        maintenance.announce(rows, NewWindow("database", NOW + 60, NOW + 120, "A new disk."), at=NOW)
    assert levels(hands.page()) == {}
    assert [one.text for one in hands.page().upcoming] == ["A new disk."]
    assert levels(hands.page(at=60)) == {"database": Level.MAINTENANCE}
    hands.open("database", Severity.P1)
    assert levels(hands.page(at=61)) == {"database": Level.PARTIAL}


def test_incidents_are_past_for_90_days_and_have_pages_for_a_year(hands: Any) -> None:
    """Counted from when they ended."""
    one = hands.open()
    hands.say(one, "Requests fail.", at=10)
    hands.end(one, "Over.", at=60)
    for days, lists in ((0.1, (0, 1, 0)), (89.9, (0, 1, 0)), (90.1, (0, 0, 1)), (365.1, (0, 0, 0))):
        page = hands.page(at=days * DAY)
        assert (len(page.current), len(page.past), len(page.older)) == lists, days


def test_uptime_of_parts_is_that_of_the_component(hands: Any) -> None:
    """All probes of all providers are those of the model providers; what nothing probes has no days."""
    with hands.book.writing() as rows:
        count(rows, "model_api:one", at=NOW, up=True)
        count(rows, "model_api:other", at=NOW, up=False)
    found = {one.id: one for one in hands.page().components}
    assert (found["model_api"].uptime, len(found["model_api"].days)) == (0.5, 90)
    assert (found["api"].uptime, found["api"].days) == (None, ())
