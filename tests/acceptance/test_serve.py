"""``causal-eval serve``: an evaluation through the API and a worker, in one process over one file."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

COMMAND = str(Path(sys.executable).with_name("causal-eval"))
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Running:
    """A server that was started."""

    url: str
    process: subprocess.Popen[str]
    env: dict[str, str]

    def ask(self, path: str, body: object = None) -> Any:
        """The JSON that it answers."""
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(f"{self.url}{path}", sent, headers), timeout=30) as answer:
            return json.load(answer)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment of its own."""
    return {**os.environ, "CEB_DATA_DIR": str(tmp_path), "HOME": str(tmp_path), "NO_COLOR": "1"}


@pytest.fixture
def running(env: dict[str, str]) -> Iterator[Running]:
    """A server for whoever uses this machine."""
    command = [COMMAND, "serve", "--no-login", "--port", "0"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found, process.communicate(timeout=10)
    yield Running(found[0], process, env)
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=10)


def _done(running: Running, evaluation: str) -> Any:
    """The evaluation once its events say that it is done."""
    with urlopen(f"{running.url}/api/v1/evaluations/{evaluation}/events", timeout=PATIENCE) as events:
        assert any(line.startswith(b"event: done") for line in events)
    return running.ask(f"/api/v1/evaluations/{evaluation}")


@pytest.mark.slow
def test_an_evaluation_goes_through_api_and_worker(running: Running) -> None:
    """Ordered over HTTP, carried out beside, scored; the command line shows the same run; SIGTERM ends it at once."""
    made = running.ask("/api/v1/question-sets", {"suite": "quick", "seed": "7"})
    ordered = running.ask("/api/v1/evaluations", {"answerer": "baseline/oracle", "question_set": made["digest"]})
    found = _done(running, ordered["id"])
    assert found["status"] == "done"
    assert found["progress"]["kept"] == found["progress"]["wanted"] == made["count"]
    scores = running.ask(f"/api/v1/evaluations/{ordered['id']}/scores")["items"]
    assert scores[0]["scope"] == "overall"
    assert scores[0]["score"] == 1.0
    shown = subprocess.run([COMMAND, "show", ordered["id"], "--json"], env=running.env, capture_output=True, check=True)
    assert ordered["id"].encode() in shown.stdout
    began = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(timeout=30) == 0
    assert time.monotonic() - began < 20


@pytest.mark.slow
def test_a_public_address_without_accounts_is_refused(env: dict[str, str]) -> None:
    """Whoever reaches the address could use it: exit 2, and one line that says so."""
    command = [COMMAND, "serve", "--no-login", "--host", "0.0.0.0", "--port", "0"]
    ended = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "--no-login with --host 0.0.0.0" in ended.stderr


@pytest.mark.slow
def test_the_first_admin_is_told_once(env: dict[str, str]) -> None:
    """The first start prints a password; a second start prints none."""
    said = []
    for _ in range(2):
        command = [COMMAND, "app", "--port", "0"]
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert process.stdout is not None
        lines: list[str] = []
        while not (lines and "http://" in lines[-1]):
            lines.append(process.stdout.readline())
            assert process.poll() is None, lines
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        said.append("".join(lines))
    assert "the first admin" in said[0]
    assert "the first admin" not in said[1]
