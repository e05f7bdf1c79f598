"""In a real browser: a report from a file is for everybody, and its questions are found by keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.terminal import Terminal, lines
from tests.browser.looks import LOOKS

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
AUDIT = "axe.run().then(found => found.violations.map(one => one.id + ': ' + one.nodes[0].html))"
SAID = "document.getElementById('questions-said').textContent"
ENTER, TAB = ("Enter", 13), ("Tab", 9)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of both demonstrated runs with every question."""
    terminal = Terminal(tmp_path_factory.mktemp("report"))
    assert terminal.run("demo", "--n", "120").returncode == 0
    ids = [str(line["id"]) for line in lines(terminal.run("ls", "--json"))]
    assert terminal.run("report", *ids, "-o", "report.html").returncode == 0
    return terminal.home / "report.html"


@LOOKS
async def test_the_report_is_for_everybody(tab: Any, written: Path, width: int, dark: bool) -> None:
    """Axe finds nothing with questions closed and open, nothing is wider than the window, the policy stops nothing."""
    await tab.size(width, dark=dark)
    await tab.go(written.as_uri())
    await tab.until(f"{SAID} === 'Questions 1 to 50 of 120'")
    await tab.run("document.querySelectorAll('.asked').forEach((one, place) => { one.open = place < 5 })")
    await tab.until("document.querySelectorAll('.asked .prose').length > 5")
    await tab.run(f"{AXE};0")
    assert await tab.run(AUDIT) == []
    assert await tab.run("document.documentElement.scrollWidth <= innerWidth")
    assert tab.complaints == []


async def test_a_question_is_found_by_keyboard(tab: Any, written: Path) -> None:
    """Words narrow the list, Enter opens a question, the next page begins at its first question."""
    await tab.size(1280)
    await tab.go(written.as_uri())
    await tab.until(f"{SAID} === 'Questions 1 to 50 of 120'")
    await tab.run("document.getElementById('find-family').focus()")
    for _ in range(3):
        await tab.press(*TAB)
    assert await tab.run("document.activeElement.textContent") == "Next"
    await tab.press(*ENTER, typed="\r")
    await tab.until(f"{SAID} === 'Questions 51 to 100 of 120'")
    assert await tab.run("document.activeElement.tagName") == "SUMMARY"
    await tab.press(*ENTER, typed="\r")
    await tab.until("document.activeElement.parentElement.querySelector('.prose')")
    await tab.run("document.getElementById('find-words').focus()")
    await tab.write("separation")
    await tab.until(f"/^Questions 1 to \\d+ of \\d+$/.test({SAID}) && !{SAID}.endsWith('120')")
    await tab.write("no such words anywhere")
    await tab.until(f"{SAID} === 'No question is like that.'")
