"""Commands as real processes in a home of their own, and a mock server that keeps books of what it was asked."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-c", "from causal_eval.cli.main import main; main()"]
SECRET = "sk-planted-0123456789abcdef"
MODEL = "openai-api/mock/m"
Done = subprocess.CompletedProcess[str]


class Terminal:
    """Runs commands in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.env = {**kept, "HOME": str(home), "NO_COLOR": "1", "COLUMNS": "160", "CEB_DATA_DIR": str(home / "data"),
                    "CEB_REPORT_DIR": str(home / "reports"), "CEB_CACHE_DIR": str(home / "cache")}  # fmt: skip

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command that goes on."""
        return subprocess.Popen(
            [*COMMAND, *arguments], env=self.env, cwd=self.home, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str, **variables: str) -> Done:
        """A command with its end; *variables* for it alone."""
        before, self.env = self.env, {**self.env, **variables}
        process = self.start(*arguments)
        self.env = before
        out, err = process.communicate(timeout=120)
        return Done(arguments, process.returncode, out, err)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database says."""
        connection = sqlite3.connect(self.home / "data" / "causal-eval.db")
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def write(self, statement: str) -> None:
        """Change the database as another process would."""
        connection = sqlite3.connect(self.home / "data" / "causal-eval.db", timeout=30)
        try:
            with connection:
                connection.execute(statement)
        finally:
            connection.close()


class Books:
    """What the server was asked, a line for each request."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> list[dict[str, Any]]:
        """Every request so far."""
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    @property
    def calls(self) -> int:
        """How many."""
        return len(self.lines())

    @property
    def last(self) -> float:
        """When the last request came; seconds since 1970."""
        return self.path.stat().st_mtime

    def wait_until_quiet(self, seconds: float) -> None:
        """Return when no request has come for so long."""
        until(lambda: time.time() - self.last >= seconds, "silence")

    def wait_for(self, calls: int) -> None:
        """Return when so many requests have come."""
        until(lambda: self.calls >= calls, f"{calls} requests")


def until(true: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Return when *true* holds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"no {what} within {seconds} s"
        time.sleep(0.02)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A home with nothing in it."""
    return Terminal(tmp_path)


@pytest.fixture(scope="session")
def question_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred questions, none of them scored jointly: a limit of n asks n."""
    terminal = Terminal(tmp_path_factory.mktemp("questions"))
    path = terminal.home / "set.jsonl"
    assert (
        terminal.run(
            "generate", "--n", "200", "--seed", "runs", "--kind", "attribution/labels", "--out", str(path)
        ).returncode
        == 0
    )
    return path


Serve = Callable[..., Any]


@pytest.fixture
def serve(terminal: Terminal, question_file: Path) -> Serve:
    """Starts a mock server that knows the questions; the terminal's later commands find it as *MODEL*."""

    @contextmanager
    def server(*arguments: str) -> Iterator[Books]:
        books = Books(terminal.home / "books.jsonl")
        books.path.unlink(missing_ok=True)
        process = terminal.start(
            "mock-server", "--port", "0", "--json", "--questions", str(question_file), "--record", str(books.path),
            *arguments,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            terminal.env |= {"MOCK_BASE_URL": f"{url}/v1", "MOCK_API_KEY": SECRET}
            yield books
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)

    return server


@pytest.fixture
def ask(question_file: Path) -> Callable[..., tuple[str, ...]]:
    """The words of an ``eval`` command over the first so many questions."""

    def words(limit: int, *more: str) -> tuple[str, ...]:
        return ("eval", "--model", MODEL, "--questions", str(question_file), "--seed", "1", "--limit", str(limit),
                "--json", *more)  # fmt: skip

    return words


@pytest.fixture
def said() -> Callable[[Done], Mapping[str, Any]]:
    """The JSON lines of a command by their event; of several of a kind, the last."""

    def by_event(done: Done) -> Mapping[str, Any]:
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return {line.get("event", next(iter(line))): line for line in lines}

    return by_event


@pytest.fixture
def wait() -> Callable[..., None]:
    """Returns when something holds."""
    return until
