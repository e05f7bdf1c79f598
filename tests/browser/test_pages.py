"""In a real browser: nobody is shut out, nothing is cut off, and the way from log in to a comparison works."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.browser.looks import LOOKS

from causal_eval.questions.generate import generate
from causal_eval.questions.suite import suite
from causal_eval.scoring.format import example

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
HERE = Path(__file__).parent
AXE = (HERE / "axe.min.js").read_text("utf-8")
AUDIT = "axe.run().then(found => found.violations.map(one => one.id + ': ' + one.nodes[0].html))"
LIST = "[...document.querySelectorAll('th a')].map(one => one.getAttribute('href'))"
ENTER, TAB = ("Enter", 13), ("Tab", 9)


def test_axe_is_what_its_makers_published() -> None:
    """The file has the hash that stands beside it."""
    [digest] = re.findall(r"`([0-9a-f]{64})`", (HERE / "VENDORED.md").read_text("utf-8"))
    assert hashlib.sha256((HERE / "axe.min.js").read_bytes()).hexdigest() == digest


@LOOKS
async def test_every_page_is_for_everybody(tab: Any, site: str, stocked: list[str], width: int, dark: bool) -> None:
    """Axe finds no violation, nothing is wider than the window, and the strict policy stops nothing of ours."""
    await tab.size(width, dark=dark)
    await tab.go(f"{site}/evaluations")
    *_, one, other = await tab.run(LIST)
    await tab.go(f"{site}{one}")
    question = await tab.run("document.querySelector('a[href*=\"/questions/\"]').getAttribute('href')")
    pages = [
        "/evaluations", "/evaluations/new", one, question, f"/compare?a={_id(one)}&b={_id(other)}", "/leaderboard",
        f"{one}/diagnosis", f"{other}/profile", f"{one}/table", f"{one}/variance?call_price=0.01&model_price=2",
        f"/gate?run={_id(one)}&baseline={_id(other)}&margin=2pts",
        f"/profiles?a={_id(one)}&b={_id(other)}", f"{one}/reproduction",
        f"{one}/ability?from_{_id(one)}=on&from_{_id(other)}=on", f"{one}/calibration",
        f"/plan?model=demo/careful&detect=5pts&baseline={_id(other)}",
        f"{one}/sequential?baseline={_id(other)}&until_ci=20pts", "/trend", "/trend?answerer=demo/careful",
        "/memorisation", "/sets/compare", "/reveal", "/domains",
        "/leaderboard?project=local", "/submissions", "/submissions/new", "/submissions/new?tier=self_reported",
        "/playground", "/playground/question?seed=1", "/providers", "/keys", "/users", "/projects", "/projects/local",
        "/projects/local/keys", "/password", "/audit", "/settings", *stocked,
    ]  # fmt: skip
    for page in pages:
        await tab.go(f"{site}{page}")
        await tab.run(f"{AXE};0")
        assert await tab.run(AUDIT) == [], page
        assert await tab.run("document.documentElement.scrollWidth <= innerWidth"), page
        assert tab.complaints == [], page


async def test_from_log_in_to_a_comparison_by_keyboard_alone(tab: Any, guarded_site: Any) -> None:
    """Log in, order an evaluation, see it finish without loading the page, and compare it with another."""
    site, first = guarded_site.address, guarded_site.first
    await tab.size(1280)
    await tab.go(f"{site}/login")
    await _reach(tab, "f-email")
    await tab.write(first.email)
    await _reach(tab, "f-password")
    await tab.write(first.password)
    await tab.press(*ENTER, typed="\r")
    await tab.until("location.pathname === '/evaluations'")
    for answerer in ("baseline/oracle", "baseline/random"):
        await tab.go(f"{site}/evaluations/new")
        await _reach(tab, "f-answerer")
        await tab.write(answerer)
        await tab.press(*ENTER, typed="\r")
        await tab.until("/^.evaluations.ev-/.test(location.pathname) && document.querySelector('#live')")
        await tab.until("document.querySelector('.status-done') && document.querySelector('.total')")
    await tab.go(f"{site}/evaluations")
    newest, before = (await tab.run(LIST))[:2]
    await tab.go(f"{site}/compare?a={_id(before)}&b={_id(newest)}")
    assert await tab.run("document.querySelector('#verdict').textContent") == (
        "baseline/oracle is better than baseline/random"
    )
    assert tab.complaints == []


async def test_a_result_is_submitted_published_and_withdrawn_by_keyboard_alone(tab: Any, site: str) -> None:
    """From the form to the page that says what it is worth, onto the board, and off it again; all of it in the log."""
    asked = list(generate(suite("quick", "11")))
    replies = {one.id: f"ANSWER: {example(one.answer, one.gold)}" for one in asked[:30]}
    await tab.size(1280)
    await tab.go(f"{site}/submissions")
    await tab.run("document.querySelector('a[href=\"/submissions/new\"]').focus()")
    await tab.press(*ENTER, typed="\r")
    await tab.until("location.pathname === '/submissions/new'")
    await tab.go(f"{site}/submissions/new?tier=self_reported")
    for field, words in (("answerer", "keyed/model"), ("seed", "11"), ("answers", json.dumps(replies))):
        await _reach(tab, f"f-{field}")
        await tab.write(words)
    await _reach(tab, "f-size")
    await tab.press(*ENTER, typed="\r")
    await tab.until("/^.submissions.[0-9a-f]{32}$/.test(location.pathname)")
    board = f"{site}/leaderboard?tier=self_reported&suite=quick"
    for act, is_shown in (("publish", True), ("withdraw", False)):
        at = await tab.run("location.href")
        await _reach(tab, "f-action")
        await tab.run(f"document.activeElement.value = '{act}'")
        await _reach(tab, "f-reason")
        await tab.write(f"{act}: as asked for")
        await tab.press(*TAB)
        await tab.press(*ENTER, typed="\r")
        await tab.until(f"document.querySelector('#log')?.closest('section').textContent.includes('{act}: as asked')")
        await tab.go(board)
        assert ("keyed/model" in await tab.run("document.body.textContent")) is is_shown
        await tab.go(at)
    assert tab.complaints == []


async def _reach(tab: Any, field: str) -> None:
    """Go to the field by Tab."""
    for _ in range(60):
        if await tab.run("document.activeElement.id") == field:
            return
        await tab.press(*TAB)
    raise AssertionError(f"{field} is not reached by Tab")


def _id(address: str) -> str:
    return address.rsplit("/", 1)[1]


async def test_pages_print_what_is_read_and_nothing_that_is_pressed(tab: Any, site: str) -> None:
    """On paper, also of a browser in the dark: black on white, no form, button or menu, nothing cut off."""
    await tab.size(688, dark=True)
    await tab.go(f"{site}/evaluations")
    one, other = (await tab.run(LIST))[:2]
    await tab.go(f"{site}{one}")
    question = await tab.run("document.querySelector('a[href*=\"/questions/\"]').getAttribute('href')")
    for page in (one, question, f"/compare?a={_id(one)}&b={_id(other)}", "/leaderboard"):
        await tab.go(f"{site}{page}")
        dark = [{"name": "prefers-color-scheme", "value": "dark"}]
        await tab.call("Emulation.setEmulatedMedia", media="print", features=dark)
        pressed = "[...document.querySelectorAll('form, button, header nav, .button')]"
        seen = f"{pressed}.filter(one => one.checkVisibility()).length"
        assert await tab.run(seen) == 0, page
        assert await tab.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", page
        assert await tab.run("getComputedStyle(document.body).color") == "rgb(0, 0, 0)", page
        heads = "[...document.querySelectorAll('thead')].map(one => getComputedStyle(one).display)"
        assert set(await tab.run(heads)) <= {"table-header-group"}, page
        assert await tab.run("document.documentElement.scrollWidth <= innerWidth"), page
        printed = await tab.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)
        assert base64.b64decode(printed["data"]).startswith(b"%PDF"), page
        await tab.call("Emulation.setEmulatedMedia", media="")
