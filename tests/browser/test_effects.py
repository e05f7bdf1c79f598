"""In a real browser: marks of incidents beside scores, and a review as one file, are for everybody."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser.conftest import served
from tests.browser.test_status import AUDIT, AXE, NOW, Quiet
from tests.service.published import published

from causal_eval.incidents import keeping, review
from causal_eval.incidents.book import open_book
from causal_eval.incidents.impact import Impact, Share
from causal_eval.incidents.incident import Key, Severity, Signal, Source
from causal_eval.incidents.review_page import page
from causal_eval.service.wiring import Service
from causal_eval.web.app import make_pages

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.full]


@pytest.fixture
def touched(service: Service) -> Iterator[list[str]]:
    """Pages that an incident with a hostile title is on, one of an evaluation that was asked again."""
    result = published(service)
    result.mark()
    again = result.rerun()
    pages = ("leaderboard?tier=verified", f"evaluations/{result.run.id}", f"evaluations/{again}")
    with served(lambda: make_pages(service, open_to_all=True)) as address:
        yield [f"{address}/{page}" for page in pages]


@pytest.fixture
def reviews(tmp_path: Path) -> Iterator[list[str]]:
    """Reviews as they are written, handed out alone: with an impact, and where nobody knows it."""
    signal = Signal(
        name="reported", key=Key("database", "down"), severity=Severity.P0, firing=True, started_at=NOW,
        fingerprint="", source=Source.PERSON, summary="<b>nothing</b> answers | " + "unbroken" * 30,
    )  # fmt: skip
    book = open_book(tmp_path / "incidents.db")
    with book.writing() as rows:
        keeping.open_by_hand(rows, signal, who="ann", at=NOW)
        found = review.gather(rows, "INC-1")
    book.close()
    share = Share(0.5, 0.4, 0.6)
    impact = Impact(evaluations=3, users=2, results=1_234, missing=4, calls=56, given=share, without=share)
    names = {"known.html": impact, "unknown.html": None}
    for name, told in names.items():
        (tmp_path / name).write_text(page(found, told), "utf-8")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield [f"http://127.0.0.1:{server.server_port}/{name}" for name in names]
        server.shutdown()
        thread.join()


async def test_marks_and_reviews_are_for_everybody(tab: Any, touched: list[str], reviews: list[str]) -> None:
    """Axe finds no violation, nothing is wider than the window, by day and by night, and no policy stops a style."""
    for width, dark in ((390, False), (390, True), (1280, False), (1280, True)):
        await tab.size(width, dark=dark)
        for address in (*touched, *reviews):
            await tab.go(address)
            await tab.run(f"{AXE};0")
            assert await tab.run(AUDIT) == [], (address, width, dark)
            assert await tab.run("document.documentElement.scrollWidth <= innerWidth"), (address, width)
            assert [one for one in tab.complaints if "favicon" not in one] == [], address
