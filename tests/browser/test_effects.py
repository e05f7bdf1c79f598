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
from tests.browser.test_status import AUDIT, AXE, Quiet
from tests.service.published import published

from causal_eval.service.wiring import Service
from causal_eval.web.app import make_pages

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.full]
GOLDEN = Path(__file__).parents[1] / "golden" / "incidents"


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
def reviews() -> Iterator[list[str]]:
    """Reviews as they are written, handed out alone."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(GOLDEN))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        names = ("review.html", "review-of-nobody-knows.html")
        yield [f"http://127.0.0.1:{server.server_port}/{name}" for name in names]
        server.shutdown()
        thread.join()


async def test_marks_and_reviews_are_for_everybody(tab: Any, touched: list[str], reviews: list[str]) -> None:
    """Axe finds no violation, nothing is wider than the window, by day and by night, and no policy stops a style."""
    for width, dark in ((390, False), (390, True), (1280, False), (1280, True)):
        await tab.size(width, dark=dark)
        for page in (*touched, *reviews):
            await tab.go(page)
            await tab.run(f"{AXE};0")
            assert await tab.run(AUDIT) == [], (page, width, dark)
            assert await tab.run("document.documentElement.scrollWidth <= innerWidth"), (page, width)
            assert [one for one in tab.complaints if "favicon" not in one] == [], page
