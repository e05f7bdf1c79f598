"""Question sets in a real browser: made, waited for and checked, by everybody and in every light."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.browser.looks import LOOKS

from causal_eval.service import makings, splits
from causal_eval.service.access import Caller, Role
from causal_eval.service.set_orders import SetOrder
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.suites import StoredSet

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
AUDIT = "axe.run().then(found => found.violations.map(one => one.id + ': ' + one.nodes[0].html))"
SMALL = SetOrder(seed="shown", n=12, families=("attribution",))
LARGE = SetOrder(seed="shown", n=350, families=("attribution", "separation"))
BAD = SetOrder(seed="cycle", n=350, graph="X->Y, Y->X")


@pytest.fixture
def pages(service: Service, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A set, one that is closed, one that is revealed, what a worker makes and checks, and what cannot be made."""
    visit = Visit(service, Caller("local", "local", Role.ADMIN, None))
    found = makings.make(visit, SMALL)
    assert isinstance(found, StoredSet)
    monkeypatch.setattr("causal_eval.service.splits._secret", lambda *_: b"what-only-the-operator-knows-32b")
    private = [makings.make(visit, replace(SMALL, split="private", seed=seed)) for seed in ("closed", "revealed")]
    assert all(isinstance(one, StoredSet) for one in private)
    keyed = [one.digest for one in private if isinstance(one, StoredSet)]
    splits.disclose(visit, keyed[1])
    wanted = [makings.order_set(visit, LARGE), makings.order_check(visit, found.digest), makings.order_set(visit, BAD)]
    return [*(f"/sets/{one}" for one in (found.digest, *keyed)), *(f"/makings/{one.id}" for one in wanted)]


async def test_whatever_is_under_way_is_seen_without_loading_the_page(tab: Any, site: str, pages: list[str]) -> None:
    """The page of a set that is made ends as done, with the way to the set, by itself."""
    await tab.size(1280)
    await tab.go(f"{site}{pages[3]}")
    await tab.until("document.querySelector('#live .status-done + *, #live a[href^=\"/sets/\"]')", within=90)
    assert tab.complaints == []


@LOOKS
async def test_pages_of_sets_are_for_everybody(tab: Any, site: str, pages: list[str], width: int, dark: bool) -> None:
    """Axe finds no violation, nothing is wider than the window, and the strict policy stops nothing of ours."""
    await tab.size(width, dark=dark)
    for page in pages[3:]:
        await tab.go(f"{site}{page}")
        await tab.until(
            "document.querySelector('#live .status') && !document.querySelector('#live[hx-get]')", within=90
        )
    for page in ("/sets", "/sets/new", "/families", *pages):
        await tab.go(f"{site}{page}")
        await tab.run(f"{AXE};0")
        assert await tab.run(AUDIT) == [], page
        assert await tab.run("document.documentElement.scrollWidth <= innerWidth"), page
        assert tab.complaints == [], page
