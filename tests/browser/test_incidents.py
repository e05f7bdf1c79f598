"""In a real browser as small as a telephone: an incident from the alert to its end, and a problem that is reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.browser.conftest import served
from tests.browser.hands import Keyboard, Mouse, follow
from tests.sentinel.running import alert, answering, send

from causal_eval.service import accounts, users
from causal_eval.service.access import Role
from causal_eval.service.accounts import local_caller
from causal_eval.service.users import NewUser
from causal_eval.service.wiring import Service, Visit
from causal_eval.web.app import make_pages

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
AUDIT = "axe.run().then(found => found.violations.map(one => one.id + ': ' + one.nodes[0].html))"
FAILING = {"name": "ModelAPIFailing", "component": "model_api", "provider": "a-provider-with-a-very-long-name"}
PASSWORD = "correct horse battery"
THUMB = 44
"""Pixels: the least height of what is pressed with a thumb."""
SMALL = (
    "[...document.querySelectorAll('.acting button, .acting summary, .acting input:not([type=hidden], [type=checkbox]),"
    " .acting select')].filter(one => one.checkVisibility() && one.getBoundingClientRect().height < {})"
    ".map(one => one.outerHTML)"
)


@pytest.fixture
def sentinel(tmp_path: Path) -> Iterator[str]:
    """The address of a sentinel, which has heard an alert."""
    with answering(tmp_path) as address:
        send(address, alert(**FAILING))
        yield address


class Desk(NamedTuple):
    """Pages, and who logs in to them."""

    address: str
    email: str


@pytest.fixture
def desk(service: Service, sentinel: str) -> Iterator[Desk]:
    """Where an operator logs in to a service that knows it."""
    known = replace(service, settings=replace(service.settings, sentinel_url=sentinel))
    visit = Visit(known, local_caller(""))
    email = f"op-{sentinel.rpartition(':')[2]}@example.org"
    wanted = NewUser(email, "Olga Operator", Role.OPERATOR, PASSWORD, frozenset({"local"}))
    user = users.add(visit, wanted)
    with served(lambda: make_pages(known, identify=accounts)) as address:
        yield Desk(address, email)
    users.disable(visit, user.id)


async def log_in(tab: Any, desk: Desk) -> None:
    """As the operator."""
    await tab.go(f"{desk.address}/login")
    for field, words in (("f-email", desk.email), ("f-password", PASSWORD)):
        await tab.run(f"document.getElementById('{field}').focus()")
        await tab.write(words)
    await follow(tab, Keyboard(), "main form button")


async def is_for_everybody(tab: Any) -> None:
    """No violation, nothing wider than the window, nothing too small for a thumb, by day and by night."""
    for width, dark in ((1280, False), (1280, True), (390, True), (390, False)):
        await tab.size(width, 844, dark=dark)
        await tab.run(f"{AXE};0")
        assert await tab.run(AUDIT) == [], (width, dark)
        assert await tab.run("document.documentElement.scrollWidth <= innerWidth"), width
    assert await tab.run(SMALL.replace("{}", str(THUMB))) == []
    assert tab.complaints == []


async def test_an_incident_is_seen_through_with_a_thumb(tab: Any, desk: Desk, sentinel: str) -> None:
    """Detected, acknowledged by one tap, told of in one line, and over: every step from a page of 390 pixels."""
    hand = Mouse()
    await tab.size(390, 844)
    await log_in(tab, desk)
    await follow(tab, hand, "nav a[href='/incidents']")
    await is_for_everybody(tab)
    await follow(tab, hand, "th a[href='/incidents/INC-1']")
    await is_for_everybody(tab)
    await follow(tab, hand, "form[action$='/ack'] button")
    assert await tab.run("document.querySelector('.good').textContent.includes('Acknowledge')")
    await hand.enter(tab, "#update-text")
    await tab.write("asking another provider meanwhile")
    await follow(tab, hand, "form[action$='/update'] button")
    send(sentinel, alert(**FAILING, status="resolved"))
    await hand.press(tab, ".fold:first-child summary")
    await hand.enter(tab, "#resolve-resolution")
    await tab.write("their service is back")
    await follow(tab, hand, "form[action$='/resolve'] button")
    await is_for_everybody(tab)
    said = await tab.run("document.querySelector('.happened').textContent")
    for words in ("acknowledged", "asking another provider meanwhile", "resolved", "Olga Operator"):
        assert words in said


async def test_a_problem_is_reported_by_keyboard_alone(tab: Any, desk: Desk) -> None:
    """From the foot of a page, for that page."""
    hand = Keyboard()
    await tab.size(1280)
    await log_in(tab, desk)
    await tab.go(f"{desk.address}/leaderboard")
    await follow(tab, hand, "footer a")
    await is_for_everybody(tab)
    await hand.enter(tab, "#f-text")
    await tab.write("no interval <b>here</b>")
    await follow(tab, hand, "main form button")
    assert await tab.run("document.querySelector('.good').textContent.includes('INC-2')")
    await is_for_everybody(tab)
