"""A real browser (Debian's Chromium, driven by its own protocol) before a real server with two finished runs."""

from __future__ import annotations

import asyncio
import base64
import itertools
import socket
import threading
import time
import uuid
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvicorn
from sqlalchemy import text
from tests import lacking

from causal_eval.cli.main import main
from causal_eval.questions.generate import generate
from causal_eval.questions.suite import suite
from causal_eval.scoring.format import example
from causal_eval.service import accounts, sealing, submissions, webhooks
from causal_eval.service.access import Caller, Role
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.sealing import Action
from causal_eval.service.submissions import Entrant
from causal_eval.service.vault import make_master
from causal_eval.service.webhooks import NewWebhook
from causal_eval.service.wiring import Service, Visit
from causal_eval.settings import read_settings
from causal_eval.store.database import open_store
from causal_eval.web.app import make_pages
from causal_eval.worker.run import work

_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Guarded:
    """A site with accounts."""

    address: str
    first: accounts.FirstAdmin


class Tab:
    """One page of the browser."""

    def __init__(self, socket_: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket_
        self._ids = itertools.count(1)
        self.complaints: list[str] = []

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """What the browser answers; what the page complains of meanwhile is written down."""
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self._socket.receive_json(timeout=_PATIENCE)
            if message.get("id") == number:
                assert "error" not in message, message
                answer: dict[str, Any] = message["result"]
                return answer
            self._note(message)

    async def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def go(self, address: str) -> None:
        """Load a page."""
        await self.call("Page.navigate", url=address)
        await self.until(f"document.readyState === 'complete' && location.href === {address!r}")

    async def until(self, condition: str, *, within: float = _PATIENCE) -> None:
        """Wait for the page to reach a state."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            try:
                if await self.run(f"Boolean({condition})"):
                    return
            except AssertionError:  # between two pages there is nobody to answer
                pass
            await asyncio.sleep(0.05)
        raise AssertionError(f"never: {condition}; at {await self.run('location.href')}")

    async def press(self, key: str, code: int, *, typed: str = "") -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            given = {"text": typed} if typed and kind == "keyDown" else {}
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **given)

    async def mouse(self, kind: str, at: tuple[float, float], *, pressed: bool = True) -> None:
        """A mouse event (``mousePressed``, ``mouseMoved``, ``mouseReleased``) of the left button."""
        await self.call(
            "Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left" if pressed else "none",
            buttons=int(pressed and kind != "mouseReleased"), clickCount=int(kind != "mouseMoved"),
        )  # fmt: skip

    async def click(self, at: tuple[float, float]) -> None:
        """Press and let go of the mouse there."""
        await self.mouse("mouseMoved", at, pressed=False)
        await self.mouse("mousePressed", at)
        await self.mouse("mouseReleased", at)

    async def where(self, selector: str) -> tuple[float, float]:
        """The middle of the element, once it is in the window: which moves only where it was not."""
        found = await self.run(
            "(one => { const isSeen = box => box.top >= 0 && box.bottom <= innerHeight;"
            " if (!isSeen(one.getBoundingClientRect())) one.scrollIntoView({block: 'center', behavior: 'instant'});"
            " const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] })"
            f"(document.querySelector({selector!r}))"
        )
        return found[0], found[1]

    async def write(self, words: str) -> None:
        """Type into what has the focus."""
        await self.call("Input.insertText", text=words)

    async def size(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """Give the page a size and a colour scheme."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])

    async def picture(self) -> bytes:
        """The whole page as PNG."""
        shot = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def _note(self, message: dict[str, Any]) -> None:
        if message.get("method") == "Log.entryAdded":
            entry = message["params"]["entry"]
            if entry["level"] == "error":
                self.complaints.append(f"{entry['text']} {entry.get('url', '')}")
        elif message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(message["params"]["exceptionDetails"].get("text")))


@asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator[Tab]:
    """A tab of a fresh browser."""
    program = lacking.program("chromium")
    arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run"]
    arguments += [
        "--disable-extensions",
        "--hide-scrollbars",
        "--disable-dev-shm-usage",
        f"--user-data-dir={folder}",
        "about:blank",
    ]
    browser = await asyncio.create_subprocess_exec(program, *arguments, stdout=DEVNULL, stderr=DEVNULL)
    try:
        port = await asyncio.to_thread(_port, folder / "DevToolsActivePort")
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(await _page(session, port), max_msg_size=0) as connected,
        ):
            tab = Tab(connected)
            for domain in ("Page", "Runtime", "Log"):
                await tab.call(f"{domain}.enable")
            yield tab
    finally:
        browser.terminate()
        await browser.wait()


async def _page(session: aiohttp.ClientSession, port: int) -> str:
    async with session.get(f"http://127.0.0.1:{port}/json") as answer:
        return str(next(one["webSocketDebuggerUrl"] for one in await answer.json() if one["type"] == "page"))


def _port(file: Path) -> int:
    end = time.monotonic() + _PATIENCE
    while not (file.exists() and file.read_text().count("\n")):
        assert time.monotonic() < end, "the browser does not start"
        time.sleep(0.05)
    return int(file.read_text().splitlines()[0])


@pytest.fixture
def anyio_backend() -> str:
    """One loop."""
    return "asyncio"


@pytest.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    """A tab of a browser."""
    async with browsing(tmp_path / "profile") as one:
        yield one


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database in which two runs of the command line have ended."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("CEB_DATA_DIR", str(folder))
        patch.setattr("sys.argv", ["causal-eval", "demo", "--n", "30", "--confidence"])
        with pytest.raises(SystemExit):
            main()
    make_master(folder / "master")
    return folder


@pytest.fixture
def service(seeded: Path) -> Iterator[Service]:
    """A service over that database, with a worker."""
    env = {"CEB_DATA_DIR": str(seeded), "HOME": str(seeded), "CEB_MASTER_KEY_FILE": str(seeded / "master")}
    settings = read_settings(env, cwd=seeded)
    store = open_store(settings.database_url)
    one = Service(store, settings, MemoryEngine(), time.time, lambda: uuid.uuid4().hex)
    stop = threading.Event()
    worker = threading.Thread(target=asyncio.run, args=(work(one, worker="worker-1", stop=stop.is_set),))
    worker.start()
    yield one
    stop.set()
    worker.join()
    store.close()


@pytest.fixture
def stocked(service: Service) -> Iterator[list[str]]:
    """Pages of what a project may have: a result on the leaderboard, and a webhook, which goes again."""
    visit = Visit(service, Caller("local", "local", Role.ADMIN, None))
    answers = {one.id: f"ANSWER: {example(one.answer, one.gold)}" for one in generate(suite("quick", "7"))}
    one = submissions.reported(visit, Entrant("a/model", "quick", size=7.5), seed="7", answers=answers)
    sealing.moderate(visit, one.id, action=Action.PUBLISH, reason="checked")
    hook = webhooks.add(visit, NewWebhook("https://example.org/hook")).webhook
    yield [f"/submissions/{one.id}", "/projects/local/webhooks", f"/projects/local/webhooks/{hook.id}"]
    webhooks.remove(visit, hook.id)


@pytest.fixture
def site(service: Service) -> Iterator[str]:
    """Where the pages are served, to whoever is on this machine."""
    with served(lambda: make_pages(service, open_to_all=True)) as address:
        yield address


@pytest.fixture
def guarded_site(service: Service) -> Iterator[Guarded]:
    """Where the pages are served to who has an account, and the first account."""
    first = accounts.bootstrap(service)
    assert first is not None
    with served(lambda: make_pages(service)) as address:
        yield Guarded(address, first)
    with service.store.writing() as connection:
        for table in ("sessions", "users"):
            connection.execute(text(f"DELETE FROM {table}"))


class served:  # noqa: N801 - reads as a verb where it is used
    """Serves an application on a thread."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._server = uvicorn.Server(uvicorn.Config(make(), log_level="warning", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listening]})

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listening.close()
