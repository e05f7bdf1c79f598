"""In a real browser: the status page is for everybody, from files alone."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from causal_eval.incidents.maintenance import Window
from causal_eval.incidents.status import write
from causal_eval.incidents.status.page import Component, Level, Shown, StatusPage, Update
from causal_eval.incidents.status.rendering import Notice, notice
from causal_eval.incidents.status.words import words
from causal_eval.incidents.uptime import Day

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
AUDIT = "axe.run().then(found => found.violations.map(one => one.id + ': ' + one.nodes[0].html))"
NOW = 1_790_000_000.0


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Hands out files, and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


def page() -> StatusPage:
    """One with everything on it, at every level."""
    days = (
        *(Day(f"2026-07-{day:02}", 90, day % 7, 60.0 * (day == 9)) for day in range(1, 28)),
        Day("2026-07-28", 0, 0), Day("2026-07-29", 0, 9), Day("2026-07-30", 9, 0),
    )  # fmt: skip
    levels = list(Level)
    said = {"model_api": ("openai says of itself: major (2026-09-21 14:13 UTC)",)}
    components = tuple(
        Component(
            one.id, one.name, one.about, levels[number % len(levels)], days if number % 2 else (), said.get(one.id, ())
        )
        for number, one in enumerate(words().components)
    )
    told = (Update(1, NOW, "investigating", "Requests fail.\n" + "unbroken" * 40), Update(2, NOW, "resolved", "Over."))
    incidents = [
        Shown(
            id=f"INC-{number}", component="api", name=f"API: {level.value}", level=level, state="investigating",
            began_at=NOW - 1000, ended_at=None if number % 2 else NOW - 100, updates=told,
            review="A lock." * (number == 2),
        )
        for number, level in enumerate(levels)
    ]  # fmt: skip
    return StatusPage(
        at=NOW, address="", components=components, current=tuple(incidents[1::2]), past=tuple(incidents[::2]), older=(),
        maintenance=(Window(1, "api", NOW, NOW + 60, "A new disk."),),
        upcoming=(Window(2, "cache", NOW + 60, NOW + 120, "More memory."),), ways=("email", "webhook"),
    )  # fmt: skip


@pytest.fixture
def status_site(tmp_path: Path) -> Iterator[str]:
    """Where the files are handed out."""
    write(page(), tmp_path / "www")
    button = Notice("confirm_title", "confirm_help", "confirm", "1.secret")
    (tmp_path / "www" / "confirm.html").write_bytes(notice(button))
    handler = functools.partial(Quiet, directory=str(tmp_path / "www"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def test_the_status_page_is_for_everybody(tab: Any, status_site: str) -> None:
    """Axe finds no violation, nothing is wider than the window, by day and by night, and no file is missing."""
    for width, dark in ((390, False), (390, True), (1280, False), (1280, True)):
        await tab.size(width, dark=dark)
        for name in ("index", "history", "incidents/INC-1", "incidents/INC-2", "confirm"):
            await tab.go(f"{status_site}/{name}.html")
            await tab.run(f"{AXE};0")
            assert await tab.run(AUDIT) == [], (name, width, dark)
            assert await tab.run("document.documentElement.scrollWidth <= innerWidth"), (name, width)
            assert tab.complaints == [], name


NAMES = "[...document.querySelectorAll('.ask button')].map(one => one.ariaLabel)"
WIDE = "[...document.querySelectorAll('.ask')].every(one => one.lastElementChild.offsetWidth === one.offsetWidth)"


async def test_each_button_says_what_it_subscribes(tab: Any, status_site: str) -> None:
    """Whoever hears them knows one from the other; on a telephone each is as wide as its form."""
    await tab.size(390)
    await tab.go(f"{status_site}/index.html")
    assert await tab.run(NAMES) == ["Subscribe by e-mail", "Subscribe by webhook"]
    assert await tab.run(WIDE)
    await tab.size(1280)
    assert not await tab.run(WIDE)
