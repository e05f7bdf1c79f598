"""Every expression of every dashboard finds something in a system under load, and what it finds is drawn."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from tests import lacking
from tests.alerts.test_dashboards import BOARDS, FOLDER
from tests.stacks import COMMAND, Stack, check_installed, environment, opened_stack

LOAD_SECONDS = 75.0
"""Longer than four scrapes and than workers take until they look at what is kept."""
MOCK = ("mock-server", "--port", "0", "--json", "--latency", "0.3", "--fault", "rate-limit:every=25")
WITHOUT = {
    "time() - max(backup_last_success_timestamp_seconds)": "nobody has made a backup here: see cases/database.yml",
    "sum by (state) (pg_stat_activity_count)": "postgres-exporter",
    'max by (state) (pg_stat_activity_max_tx_duration{datname="causal_eval_bench"})': "postgres-exporter",
    "sum by (instance) (redis_memory_used_bytes)": "redis-exporter",
    "sum by (instance) (redis_memory_max_bytes)": "redis-exporter",
}
"""Expression -> what has to be installed or to have happened before it finds anything."""

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]


class Loaded:
    """A stack, and whoever asks it for evaluations."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.prometheus = stack.plan.url("prometheus")

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The JSON that the API answers."""
        sent = None if body is None else json.dumps(body).encode()
        asking = Request(f"{self.stack.url}{path}", sent, {"Content-Type": "application/json"}, method=method)
        with urlopen(asking, timeout=30) as answer:
            return json.load(answer)

    def bear(self, seconds: float) -> None:
        """Ask for so long: evaluations of ever new models, each of them twice, and lists."""
        digest = self.ask("POST", "/api/v1/question-sets", {"n": 60, "seed": "7"})["digest"]
        until, number = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            if number % 40 == 0:
                order = {"answerer": f"openai/gpt-{number // 80}", "question_set": digest, "seed": str(number)}
                self.ask("POST", "/api/v1/evaluations", order)
            self.ask("GET", "/api/v1/evaluations")
            number += 1
            time.sleep(0.1)

    def found(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus answers to *expression*."""
        query = urlencode({"query": expression.replace("$__rate_interval", "1m")})
        with urlopen(f"{self.prometheus}/api/v1/query?{query}", timeout=30) as answer:
            told = json.load(answer)
        assert told["status"] == "success", expression
        return list(told["data"]["result"])


@pytest.fixture(scope="module")
def loaded() -> Iterator[Loaded]:
    """A stack with a mock server for a provider, that has been under load for a while."""
    check_installed()
    lacking.program("prometheus")
    top = Path(tempfile.mkdtemp(prefix="ceb-boards-"))  # PostgreSQL's account may not enter pytest's own
    top.chmod(0o755)
    folder = top / "stack"
    mock = subprocess.Popen([COMMAND, *MOCK], env=environment(folder), stdout=subprocess.PIPE, text=True)
    assert mock.stdout is not None
    address = json.loads(mock.stdout.readline())["url"]
    try:
        with opened_stack(folder, "--app", "2", "--worker", "2") as stack:
            assert "prometheus" in stack.plan.names
            lines = ("OPENAI_API_KEY=sk-boards", f"OPENAI_BASE_URL={address}", "ENABLE_RESPONSE_CACHE=true")
            (folder / "app/.env").write_text("\n".join((*lines, "CEB_CHECK_EVERY=15s", "")))
            stack.run("stack", "restart", "app")
            stack.run("stack", "restart", "worker")
            found = Loaded(stack)
            found.bear(LOAD_SECONDS)
            yield found
    finally:
        mock.terminate()
        mock.communicate(timeout=20)
        shutil.rmtree(top)


def test_every_expression_finds_something(loaded: Loaded) -> None:
    """A number for each, but for those that need what is not here."""
    loaded.bear(5)
    targets = [target for board in BOARDS.values() for panel in board["panels"] for target in panel["targets"]]
    values = {one["expr"]: [found["value"][1] for found in loaded.found(one["expr"])] for one in targets}
    empty = {expression for expression, found in values.items() if set(found) <= {"NaN"}}
    there = set(loaded.stack.plan.names)
    assert empty == {expression for expression, need in WITHOUT.items() if need not in there}


def test_every_panel_is_drawn(loaded: Loaded, tmp_path: Path) -> None:
    """A page a dashboard, with a panel for each that it has, and a line or a number in all that found something."""
    command = [sys.executable, str(FOLDER.parent / "draw.py"), loaded.prometheus, str(tmp_path), "2"]
    subprocess.run(command, check=True, timeout=120)
    lacking = set(WITHOUT) if "postgres-exporter" not in loaded.stack.plan.names else {next(iter(WITHOUT))}
    for name, board in BOARDS.items():
        page = (tmp_path / f"{name}.html").read_text("utf-8")
        panels = re.findall(r"<section .*?</section>", page, flags=re.DOTALL)
        assert len(panels) == len(board["panels"])
        for text, panel in zip(panels, board["panels"], strict=True):
            is_empty = {target["expr"] for target in panel["targets"]} <= lacking
            assert is_empty or "<polyline" in text or "<b>" in text, panel["title"]
