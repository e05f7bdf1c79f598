"""The command line as a process, in a home of its own, with a mock server beside it where one is wanted."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

COMMAND = [sys.executable, "-c", "from causal_eval.cli.main import main; main()"]
SECRET = "sk-planted-0123456789abcdef"
"""No command may store or print it."""


class Terminal:
    """Runs commands in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.env = {**kept, "HOME": str(home), "NO_COLOR": "1", "COLUMNS": "160", "CEB_DATA_DIR": str(home / "data"),
                    "CEB_REPORT_DIR": str(home / "reports"), "CEB_CACHE_DIR": str(home / "cache")}  # fmt: skip

    def start(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        if arguments[0] == "eval" and "--seed" not in arguments:  # today's, whose order a small --limit may cut shorter
            arguments = (*arguments, "--seed", "acceptance")
        return subprocess.Popen(
            [*COMMAND, *arguments], env={**self.env, **(env or {})}, cwd=self.home, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, env=env)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        if "DATABASE_URL" in self.env:
            with psycopg.connect(self.env["DATABASE_URL"]) as server:
                return server.execute(query.encode()).fetchall()
        with closing(sqlite3.connect(self.home / "data" / "causal-eval.db")) as connection:
            return connection.execute(query).fetchall()

    @contextmanager
    def server(self, *arguments: str) -> Iterator[dict[str, str]]:
        """A mock server; yields the environment that points the provider ``openai-api/mock`` at it."""
        process = self.start("mock-server", "--port", "0", "--json", *arguments)
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            yield {"MOCK_BASE_URL": f"{url}/v1", "MOCK_API_KEY": SECRET}
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)

    def wait_for_attempts(self, count: int) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if self.rows("SELECT count(*) FROM attempts") >= [(count,)]:
                    return
            except sqlite3.OperationalError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"no {count} attempts within a minute")


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    """What a command with ``--json`` said."""
    return [json.loads(line) for line in done.stdout.splitlines()]
