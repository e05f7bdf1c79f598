"""A key is seen by the provider alone: not by whoever reads what is printed, stored, listed or left by a killed run."""

from __future__ import annotations

import base64
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

MAIN = "from causal_eval.cli.main import main; main()"
OVER = {"pyreqwest": "", "aiohttp": "import sys; sys.modules['causal_eval.providers.over_reqwest'] = None; "}
KEYS = ("sk-planted-echo-7Qd93kfW0xLZ-a1a1", "0f8e61c2planted9a57d4echo3e", "planted_echo+1VbN6/zQ8k=d4d4")
PLANTED_IN = {".env", "keys"}
QUESTION = {"answer": {"kind": "yes_no"}, "gold": "yes"}


def error(status: int, body: object) -> Callable[[Any, str], None]:
    """A way to answer with *status*; KEY in *body* becomes the key."""

    def answer(handler: Any, key: str) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        handler.answer(status, text.replace("KEY", key), {})

    return answer


def header(status: int) -> Callable[[Any, str], None]:
    """A way to answer with *status* and the key in every header that a client might read."""

    def answer(handler: Any, key: str) -> None:
        names = ("WWW-Authenticate", "Retry-After", "x-ratelimit-reset-requests", "x-request-id", "Set-Cookie")
        handler.answer(status, "{}", dict.fromkeys(names, key))

    return answer


def location(handler: Any, key: str) -> None:
    """A redirect that carries the key in path and query."""
    handler.answer(307, "", {"Location": f"/{key}/{quote(key, safe='')}?key={key}"})


def no_http(handler: Any, key: str) -> None:
    """Bytes that are no HTTP."""
    handler.wfile.write(f"{key} {key}\r\n\r\n".encode())
    handler.close_connection = True


def reply(model: str, said: str = "") -> Callable[[Any, str], None]:
    """A reply served as *model*."""
    choice = {"message": {"role": "assistant", "content": f"{said}ANSWER: yes"}, "finish_reason": "stop"}
    return error(200, {"model": model, "choices": [choice]})


GOOD = reply("m")
PASSING = (
    error(400, {"error": {"message": "I do not like KEY"}}),
    error(400, {"error": {"message": "no", "type": "KEY", "code": "KEY"}}),
    error(500, "<html>" + " " * 1970 + "KEY</html>"),
    error(500, {"detail": [{"msg": "KEY"}]}),
    header(429),
    header(503),
    error(200, {"error": {"message": "KEY"}}),
    error(200, {"error": "KEY"}),
    error(200, "KEY"),
    reply("KEY"),
    reply("m", "You sent KEY. "),
    no_http,
)
"""Ways that end one item."""
FATAL = (error(401, {"error": {"message": "Incorrect API key provided: KEY"}}), location, header(403))
"""Ways that end the run."""


@dataclass(slots=True)
class Echo:
    """A server that gives away what it is told; at every request it looks at what everybody could see."""

    home: Path
    ways: Iterator[Callable[[Any, str], None]] = field(default_factory=lambda: iter(()))
    seen: list[str] = field(default_factory=list)
    heard: set[str] = field(default_factory=set)

    def look(self) -> None:
        """Note each planted key in a process list or file."""
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.seen += found_in(place)
            except OSError:  # it has ended meanwhile
                continue
        self.seen += leaks(self.home)


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Echo]:
    """A running :class:`Echo`; its address stands in the file ``url``."""
    state = Echo(tmp_path / "home")
    state.home.mkdir()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer in the next way."""
            self.rfile.read(int(self.headers["Content-Length"]))
            key = self.headers.get("Authorization", "").removeprefix("Bearer ")
            state.heard.add(key)
            state.look()
            next(state.ways, GOOD)(self, key)

        def answer(self, status: int, text: str, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        (tmp_path / "url").write_text(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield state
        server.shutdown()
        thread.join()


def found_in(file: Path) -> list[str]:
    """Which forms of planted keys a file holds."""
    content = file.read_bytes()
    forms = (form for key in KEYS for form in (key, quote(key, safe=""), base64.b64encode(key.encode()).decode()))
    return [f"{file}: {form}" for form in forms if form.encode() in content]


def leaks(folder: Path) -> list[str]:
    """Planted keys in any file below *folder* but those that the user wrote."""
    files = [file for file in folder.rglob("*") if file.is_file() and file.name not in PLANTED_IN]
    return [leak for file in files for leak in found_in(file)]


def given(source: str, home: Path) -> dict[str, str]:
    """Put the keys where *source* says; the environment that goes with it."""
    if source == "env":
        return {"M_API_KEY": ",".join(KEYS)}
    if source == "dotenv":
        (home / ".env").write_text(f"M_API_KEY={','.join(KEYS)}\n")
        return {}
    (home / "keys").write_text("\n".join(KEYS) + "\n")
    return {"M_API_KEY_FILE": str(home / "keys")}


SOURCES = ("env", "dotenv", "file")
CASES = [
    pytest.param(source, fatal, way, id=f"{source}-{way}", marks=pytest.mark.slow if chosen else pytest.mark.full)
    for place, (source, fatal) in enumerate(zip(SOURCES, FATAL, strict=True))
    for chosen, way in ((place % 2 == 0, "pyreqwest"), (place % 2 == 1, "aiohttp"))
]


@pytest.mark.parametrize(("source", "fatal", "way"), CASES)
def test_an_echoed_key_goes_nowhere(source: str, fatal: Callable[[Any, str], None], way: str, echo: Echo) -> None:
    """Whatever the server does with keys, no output, file, stored row or process list holds one, at any time."""
    home = echo.home
    (home / "set.jsonl").write_text(
        "".join(json.dumps({**QUESTION, "id": f"q{n}", "prompt": f"Is q{n} so?"}) + "\n" for n in range(40))
    )
    env = {
        "PATH": os.environ["PATH"], "HOME": str(home), "NO_COLOR": "1", "CEB_DATA_DIR": str(home / "data"),
        "M_BASE_URL": (home.parent / "url").read_text(), "PYTHONFAULTHANDLER": "1",
        "ENABLE_RESPONSE_CACHE": "true", **given(source, home),
    }  # fmt: skip
    asked = ("eval", "--model", "openai-api/m/m", "--questions", "set.jsonl", "--max-connections", "3",
             "--report", "report.html", "--max-retries", "0", "--fail-on-error", "1")  # fmt: skip

    def run(name: str, *words: str) -> subprocess.Popen[str]:
        with (home / f"{name}.out").open("w") as out, (home / f"{name}.err").open("w") as err:
            command = [sys.executable, "-c", OVER[way] + MAIN, *words]
            return subprocess.Popen(command, env=env, cwd=home, stdout=out, stderr=err, text=True)

    echo.ways = iter([one for passing in PASSING for one in (passing, GOOD)])
    assert run("first", *asked, "--limit", "30").wait(60) in {0, 4}, (home / "first.err").read_text()
    echo.ways = iter([fatal] * 40)
    assert run("fatal", *asked, "--json").wait(60) == 6, (home / "fatal.out").read_text()
    killed = run("killed", *asked)
    echo.ways = iter([lambda *_: killed.send_signal(signal.SIGABRT)] * 3)
    killed.wait(60)
    assert run("ls", "ls", "--json").wait(60) == 0
    assert echo.heard == set(KEYS), "not every key was used"
    with closing(sqlite3.connect(home / "data" / "causal-eval.db")) as connection:
        assert connection.execute("SELECT 1 FROM replies").fetchone(), "nothing was cached"
    assert "***" in (home / "first.err").read_text() + (home / "data" / "causal-eval.db").read_bytes().decode("latin-1")
    echo.look()
    assert not echo.seen
