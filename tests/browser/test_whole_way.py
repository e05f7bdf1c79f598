"""The whole way in a real browser before real processes: log in, evaluate, watch, look into, compare, take away."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.browser.hands import Hand, Keyboard, Mouse, choose, follow, replace
from tests.serving import COMMAND, WORKER, opened_site, wait_until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
HANDS: dict[str, Hand] = {"mouse": Mouse(), "keyboard": Keyboard()}
LIMIT = 24
PART = range(LIMIT - 5, LIMIT + 1)
"""What a limit may come to: it never tears apart what is scored together."""
STARTED = 90.0
"""Seconds in which a worker that has just been started does something, on a machine with much else to do."""
_PATH = "location.pathname"


@dataclass(frozen=True, slots=True)
class Offered:
    """A service that runs, and its first admin."""

    address: str
    email: str
    password: str


@pytest.fixture
def offered(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Offered]:
    """``serve`` over SQLite, or ``app`` and ``worker`` over PostgreSQL, before a mock server that takes its time."""
    is_one = request.param == "serve"
    url = f"sqlite:///{tmp_path}/store.db" if is_one else request.getfixturevalue("postgres_url")
    more = {"MAX_CONCURRENT_API_CALLS": "2"}
    with ExitStack() as stack:
        site = stack.enter_context(opened_site(tmp_path, url, scenario="latency = 0.4\n", more=more))
        command = [*COMMAND, "serve" if is_one else "app", "--port", "0"]
        process = stack.enter_context(site.process(*command))
        if not is_one:
            stack.enter_context(site.process(*WORKER))
        yield _told(process)


def _told(process: subprocess.Popen[str]) -> Offered:
    """What the process says as it starts."""
    said = ""

    def is_told() -> bool:
        nonlocal said
        assert process.stdout is not None
        said += process.stdout.readline()
        return "http://" in said

    wait_until(is_told, process=process)
    found = re.search(r"the first admin: (\S+), password (\S+) ", said)
    address = re.search(r"http://\S+", said)
    assert found, said
    assert address, said
    return Offered(address[0], found[1], found[2])


@pytest.mark.parametrize(
    ("offered", "hand"),
    [
        ("serve", "mouse"),
        ("app and worker", "keyboard"),
        pytest.param("serve", "keyboard", marks=pytest.mark.full),
        pytest.param("app and worker", "mouse", marks=pytest.mark.full),
    ],
    indirect=["offered"],
)
async def test_from_log_in_to_files(tab: Any, offered: Offered, hand: str, tmp_path: Path) -> None:
    """A model is evaluated and watched without a reload, compared with a baseline, and all is taken away as files."""
    with_ = HANDS[hand]
    await tab.size(1280)
    await _log_in(tab, offered, with_)
    first = await _evaluated(tab, "openai/gpt-x", with_, live=True)
    await _look_into_one(tab, with_)
    second = await _evaluated(tab, "baseline/oracle", with_, live=False)
    await _compare(tab, with_)
    await tab.go(f"{offered.address}/evaluations/{first}")
    await _take_away(tab, with_, tmp_path / "kept")
    assert first != second
    assert tab.complaints == []


async def _log_in(tab: Any, offered: Offered, hand: Hand) -> None:
    await tab.go(f"{offered.address}/login")
    await hand.enter(tab, "#f-email")
    await tab.write(offered.email)
    await hand.enter(tab, "#f-password")
    await tab.write(offered.password)
    await follow(tab, hand, "main button.primary")
    await tab.until(f"{_PATH} === '/evaluations'")


async def _evaluated(tab: Any, answerer: str, hand: Hand, *, live: bool) -> str:
    """Order it from the list, and see it end on its page, which is never loaded anew; its id."""
    await follow(tab, hand, "nav a[href='/evaluations']")
    await follow(tab, hand, "main a[href='/evaluations/new']")
    await hand.enter(tab, "#f-answerer")
    await tab.write(answerer)
    await hand.enter(tab, "#f-limit")
    await replace(tab, str(LIMIT))
    await follow(tab, hand, "main button.primary")
    await tab.until(f"/^.evaluations.ev-/.test({_PATH}) && document.querySelector('#live')")
    await tab.run("window.isTheSame = true")
    if live:
        value = "document.querySelector('#live progress').value"
        await tab.until(f"{value} > 0 && {value} < {LIMIT} && document.querySelector('.status-open')", within=STARTED)
    await tab.until("document.querySelector('.status-done') && document.querySelector('.total')", within=STARTED)
    asked = await tab.run("document.querySelector('#live progress').max")
    assert asked in PART
    assert await tab.run("document.querySelector('#live progress').value") == asked
    if live:
        assert await tab.run("window.isTheSame")
        assert await tab.run("document.querySelector('#told').textContent") == "This evaluation has ended: done."
    return str(await tab.run(f"{_PATH}.split('/').pop()"))


async def _look_into_one(tab: Any, hand: Hand) -> None:
    """A question with what was asked, what the server said, and the proof of what is right."""
    await follow(tab, hand, "tbody th a[href*='/questions/']")
    await tab.until(f"{_PATH}.includes('/questions/') && document.querySelector('#proof')")
    assert await tab.run("document.querySelector('article.reply pre').textContent") == "ANSWER: yes"
    assert await tab.run("document.querySelectorAll('.steps tbody tr').length > 0")
    assert await tab.run("document.querySelector('svg.graph desc').textContent.length > 0")


async def _compare(tab: Any, hand: Hand) -> None:
    """From the second's page to the first: the verdict is the first thing that is read."""
    await follow(tab, hand, ".actions a[href^='/compare']")
    await tab.until(f"{_PATH} === '/compare'")
    await hand.enter(tab, "#f-b")
    await choose(tab, "openai")
    await follow(tab, hand, "main form.filters button")
    await tab.until("document.querySelector('#verdict')")
    assert await tab.run("document.querySelector('main h2').id") == "verdict"
    assert await tab.run("document.querySelector('#verdict').textContent") == (
        "baseline/oracle is better than openai/gpt-x"
    )


async def _take_away(tab: Any, hand: Hand, folder: Path) -> None:
    """Both files hold every outcome."""
    await tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    for form in ("csv", "jsonl"):
        await hand.press(tab, f"a[href$='.{form}']")
    rows, said = await asyncio.to_thread(_read, folder)
    assert len(rows) == len(said)
    assert len(rows) in PART
    assert {row["reply"] for row in rows} == {one["reply"] for one in said} == {"ANSWER: yes"}


def _read(folder: Path) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    """The rows of both files, once the browser has them."""
    wait_until(lambda: {path.suffix for path in folder.glob("openai-gpt-x-ev-*")} == {".csv", ".jsonl"})
    [table], [lines] = folder.glob("*.csv"), folder.glob("*.jsonl")
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return rows, [json.loads(line) for line in lines.read_text().splitlines()]
