"""The files of the page: hostile text is text in each, and the same page is the same bytes."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from causal_eval.incidents import maintenance
from causal_eval.incidents.incident import Severity
from causal_eval.incidents.maintenance import NewWindow
from causal_eval.incidents.status.gathering import publish_review
from causal_eval.incidents.status.words import harmless, lasted, percent
from causal_eval.incidents.uptime import count

NOW = 1_790_000_000.0
ATOM = {"a": "http://www.w3.org/2005/Atom"}
HOSTILE = "</p><script>alert(1)</script>]]>\"'&amp;<!--\x00\x1b[31m\u202eevil\ufffe{{ 7 * 7 }}</content>"


class Tags(HTMLParser):
    """Counts what could do something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag] * (tag in {"script", "iframe", "img", "object", "style", "base", "form"})
        self.found += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        if tag not in {"meta", "link", "path", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "path":
            assert self.open.pop() == tag


@pytest.fixture
def busy(hands: Any) -> Any:
    """A page on which everything that people write is hostile."""
    one, other = hands.open("api", Severity.P1), hands.open("cache", Severity.P2)
    hands.say(one, HOSTILE, at=1)
    hands.say(other, HOSTILE, at=2)
    hands.end(other, HOSTILE, at=200)
    with hands.book.writing() as rows:
        publish_review(rows, other, text=HOSTILE, who=HOSTILE, at=NOW + 201)
        maintenance.announce(rows, NewWindow("cache", NOW + 300, NOW + 400, HOSTILE), at=NOW)
        for at in range(100):
            count(rows, "api", at=NOW - at * 3600, up=at != 50)
    return hands


def test_hostile_text_is_text(busy: Any, rendered: Any) -> None:
    """In HTML, XML and JSON: no tag, no attribute, no expression and no character that does anything."""
    for name, content in rendered(busy.page(at=300)).items():
        assert "<script" not in content, name
        assert ("{{ 7 * 7 }}" in content) is (name not in {"status.css", "icon.svg", "history.html"}), name
        assert not set(content) & set("\x00\x1b\u202e\ufffe"), name
        if name.endswith(".html"):
            tags = Tags()
            tags.feed(content)
            tags.close()
            assert (tags.found, tags.open) == ([], []), name
    feed = ET.fromstring(rendered(busy.page(at=300))["feed.atom"])
    texts = [one.text or "" for one in feed.findall(".//a:content", ATOM)]
    assert all("</p><script>alert(1)</script>]]>" in text for text in texts)
    summary = json.loads(rendered(busy.page(at=300))["summary.json"])
    assert summary["incidents"][0]["incident_updates"][0]["body"] == harmless(HOSTILE)


def test_the_same_page_is_the_same_bytes(busy: Any, rendered: Any) -> None:
    """Twice; a second later only what tells the moment differs."""
    before, after = rendered(busy.page(at=300)), rendered(busy.page(at=300))
    assert before == after
    later = rendered(busy.page(at=301))
    assert {name for name in before if before[name] != later[name]} == {"summary.json"}


def test_every_link_leads_somewhere(busy: Any, rendered: Any) -> None:
    """From each page to files that are there."""
    found, linked = rendered(busy.page(at=300)), set[str]()
    for name, content in found.items():
        folder = name.rpartition("/")[0]
        for part in content.split('href="')[1:]:
            target = part.partition('"')[0].partition("#")[0]
            if target and name.endswith(".html"):
                path = target.removeprefix("../") if folder else target
                assert path in found, (name, target)
                linked.add(path)
    assert "index.html" in linked


def test_the_summary_has_the_shape_that_programs_read(busy: Any, rendered: Any) -> None:
    """That of Statuspage: indicator, components, incidents, maintenance."""
    found = json.loads(rendered(busy.page(at=300))["summary.json"])
    assert found["status"] == {"indicator": "major", "description": "A part of the service is down"}
    states = {one["id"]: one["status"] for one in found["components"]}
    assert (states["api"], states["cache"], states["database"]) == (
        "partial_outage", "under_maintenance", "operational",
    )  # fmt: skip
    assert [(one["id"], one["status"], one["impact"]) for one in found["incidents"]] == [
        ("INC-1", "investigating", "major")
    ]
    assert [one["status"] for one in found["scheduled_maintenances"]] == ["in_progress"]
    assert {one["id"]: one.get("uptime_90_days") for one in found["components"]}["auth"] is None


def test_the_feed_names_each_incident_once(busy: Any, rendered: Any) -> None:
    """By ids that stay, the newest word first."""
    ids = []
    for at in (300, 5000):
        feed = ET.fromstring(rendered(busy.page(at=at))["feed.atom"])
        ids.append([one.text for one in feed.findall("a:entry/a:id", ATOM)])
        updated = [one.text or "" for one in feed.findall("a:entry/a:updated", ATOM)]
        assert updated == sorted(updated, reverse=True)
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_a_day_on_which_a_probe_failed_looks_and_reads_like_one(busy: Any, rendered: Any) -> None:
    """A bar with a part cut off, a line in the history, and never 100 %."""
    found = rendered(busy.page(at=300))
    (bar,) = [part for part in found["index.html"].split("<svg") if "API and pages, last 90 days" in part]
    assert '"down"' in bar
    assert "probes failed on 1 days, none were made on 85 days" in bar
    assert "1 of 24" in found["history.html"]
    assert "99.00 % of probes answered, on 5 of 90 days" in found["index.html"]


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "no data"), (1.0, "100 %"), (0.99999999, "99.99 %"), (0.9, "90.00 %"), (0.0, "0.00 %"), (0.29, "29.00 %")],
)
def test_a_share_is_never_rounded_up(share: float | None, text: str) -> None:
    """100 % is said where nothing failed."""
    assert percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1 min"), (600, "10 min"), (3600, "1 h"), (3660, "1 h 1 min"), (90_000, "1 d 1 h"), (86_460, "1 d")],
)
def test_how_long_it_lasted(seconds: float, text: str) -> None:
    """In the two greatest units."""
    assert lasted(seconds) == text
