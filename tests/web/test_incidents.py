"""Pages of incidents, and of problems that are reported: each step by a form alone, in the name of who sends it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.sentinel.running import alert, send

from causal_eval.effects import mirror
from causal_eval.service import sentinel as sentinels
from causal_eval.service.wiring import Service

Make = Callable[..., Any]


@pytest.fixture
def service(service: Service, sentinel: str) -> Service:
    """One that knows a sentinel, with an incident that an alert opened."""
    send(sentinel, alert())
    return replace(service, settings=replace(service.settings, sentinel_url=sentinel))


def test_an_operator_sees_one_through(visitor: Make, sentinel: str) -> None:
    """From the list to the review; what a step does stands on the page that follows."""
    browser = visitor("operator")
    listed = browser.get("/incidents").text
    assert {word for word in ("INC-1", "P2", "detected", "cache/", "Public:") if word not in listed} == set()
    page = browser.submit("/incidents/INC-1/ack").text
    assert "Recorded: Acknowledge." in page
    assert "· operator" in page
    steps = [
        ("classify", {"severity": "P3", "reason": "one team"}), ("assign", {"to": "bob"}),
        ("update", {"text": "restarted it", "state": "mitigating", "public": "on", "eta": "at noon"}),
        ("escalate", {"reason": "it did not help", "to": "dba"}), ("snapshot", {}),
    ]  # fmt: skip
    for act, fields in steps:
        page = browser.submit(f"/incidents/INC-1/{act}", **fields)
        assert page.status_code == 200, (act, page.text)
    assert all(
        word in page.text for word in ("restarted it", "one team", "bob", "health is", "it did not help", "at noon")
    )
    refused = browser.submit("/incidents/INC-1/resolve", resolution="half an hour of work")
    assert (refused.status_code, "RedisDown still fires" in refused.text) == (409, True)
    assert 'value="half an hour of work"' in refused.text
    send(sentinel, alert(status="resolved"))
    browser.submit("/incidents/INC-1/resolve", resolution="restarted")
    browser.submit("/incidents/INC-1/cause", text="too little memory")
    planned = browser.submit("/incidents/INC-1/todo", text="more memory", owner="bob", until="2026-12-24")
    assert all(word in planned.text for word in ("too little memory", "more memory", "2026-12-24"))
    assert browser.submit("/incidents/INC-1/reviewed").status_code == 409
    browser.submit("/incidents/INC-1/done", task="1")
    assert "reviewed" in browser.submit("/incidents/INC-1/reviewed").text
    assert "No incident is open." in browser.get("/incidents").text
    assert "INC-1" in browser.get("/incidents?state=all").text


def test_why_it_is_so_bad_is_said(visitor: Make) -> None:
    """By the line of the runbook that its alert reaches."""
    page = visitor("operator").get("/incidents/INC-1").text
    assert "Why it is P2" in page
    assert "a part is down that others stand in for" in page


def test_a_form_that_is_sent_twice_does_one_thing(visitor: Make) -> None:
    """As two taps on a bad connection do."""
    browser = visitor("operator")
    [once, *_] = re.findall(r'name="once" value="([^"]+)"', browser.get("/incidents/INC-1").text)
    for _ in range(2):
        page = browser.submit("/incidents/INC-1/update", text="looking at it", once=once).text
    assert page.count("looking at it") == 1


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_cannot_be_taken_is_said_at_its_form(visitor: Make, language: str) -> None:
    """With what was typed, in the language of the page."""
    browser = visitor("operator")
    browser.cookies.set("ceb_language", language)
    page = browser.submit("/incidents/INC-1/classify", severity="P3", reason="")
    assert page.status_code == 422
    assert ("say why it is only P3" if language == "en" else "warum es nur P3 ist") in page.text
    assert re.search(r'<details class="fold" name="steps" open>\s*<summary>(Change severity|Schwere)', page.text)
    assert browser.submit("/incidents/INC-1/todo", text="t", owner="o", until="soon").status_code == 422
    assert browser.submit("/incidents/INC-9/ack").status_code == 404
    assert browser.submit("/incidents/INC-1/explode").status_code == 404


def test_one_is_opened_by_hand(visitor: Make) -> None:
    """And the form says what it cannot take."""
    browser = visitor("operator")
    page = browser.submit("/incidents", title="scores look odd", severity="P1", component="worker", impact="all")
    assert page.url.path == "/incidents/INC-2"
    assert "worker/" in page.text
    wrong = browser.submit("/incidents", title="x", severity="P1", component="<b>")
    assert (wrong.status_code, 'value="&lt;b&gt;"' in wrong.text) == (422, True)


def test_incidents_are_for_operators(visitor: Make) -> None:
    """Others see neither them nor a link to them."""
    for role in ("viewer", "evaluator"):
        assert visitor(role).get("/incidents").status_code == 403
        assert visitor(role).submit("/incidents/INC-1/ack").status_code == 403
        assert "/incidents" not in visitor(role).get("/evaluations").text
    assert 'href="/incidents"' in visitor("operator").get("/evaluations").text


def test_a_copy_is_read_while_the_sentinel_is_away(visitor: Make, service: Service) -> None:
    """It says of when it is and where to act, and has no button."""
    with service.store.writing() as connection:
        mirror.keep(connection, sentinels.changed(service.settings, since=0).incidents, at=1_789_999_000.0)
        mirror.answered(connection, cursor=1, at=1_789_999_000.0)
    away = replace(service, settings=replace(service.settings, sentinel_url="http://127.0.0.1:9"))
    browser = visitor("operator", away)
    for path in ("/incidents", "/incidents/INC-1"):
        page = browser.get(path)
        assert page.status_code == 200
        assert re.search(r"this is a copy as of <time [^>]*>2026-09-21", page.text)
        assert "causal-eval incident ack INC-" in page.text
        assert 'action="/incidents' not in page.text
    assert browser.submit("/incidents/INC-1/ack").status_code == 503


def test_whoever_is_logged_in_reports_a_problem(visitor: Make) -> None:
    """From the foot of any page, for that page; operators see who said what."""
    browser = visitor("viewer")
    assert 'href="/problem?page=/evaluations"' in browser.get("/evaluations").text
    assert 'value="/compare"' in browser.get("/problem?page=/compare").text
    sent = browser.submit("/problem", trouble="score", text="it was <b>higher</b> yesterday", page="/compare")
    assert "It is recorded as part of INC-2" in sent.text
    page = visitor("operator").get("/incidents/INC-2").text
    assert "/compare: it was &lt;b&gt;higher&lt;/b&gt; yesterday" in page
    assert "viewer (user:viewer)" in page
    assert browser.submit("/problem", trouble="score", text="").status_code == 422
    assert 'href="/problem' not in visitor().get("/login").text


def test_a_report_that_is_not_recorded_is_not_lost(visitor: Make, service: Service) -> None:
    """The words stay in the form, which says what to do."""
    away = replace(service, settings=replace(service.settings, sentinel_url=""))
    page = visitor("viewer", away).submit("/problem", trouble="slow", text="an hour for one page")
    assert page.status_code == 503
    assert "This was not recorded" in page.text
    assert "an hour for one page" in page.text
