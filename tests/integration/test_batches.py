"""Runs by batches in processes of their own, killed at any moment: no order is made twice, and scores are the same."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from causal_eval.questions.file import write_jsonl
from causal_eval.questions.generate import Plan, generate
from causal_eval.seeds import Stream

SCRIPT = Path(__file__).parent / "batch_run.py"
COUNT, KILLS = 300, 6
KEY = "sk-planted-secret-value-1234"
CLEAN = "[batch]\npolls = 4\nshuffled = true\n"
SPOILED = CLEAN + "errored_every = 0\nexpired_every = 9\nmissing_every = 7\n"
ROWS = """
    SELECT q.id, a.sample, a.kind, a.text, a.finish, a.served, a.input_tokens, a.output_tokens,
           v.scorer, v.mark, v.strict, v.share, v.answer, v.reason
    FROM attempts a JOIN questions q ON q.digest = a.question JOIN verdicts v ON v.attempt_id = a.id ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Questions."""
    path = tmp_path_factory.mktemp("set") / "set.jsonl"
    write_jsonl(generate(Plan(n=COUNT, seed="batches")), path)
    return path


@contextmanager
def mock(file: Path, folder: Path, scenario: str) -> Iterator[dict[str, str]]:
    """A server in a process of its own that outlives the killed ones; yields their environment."""
    (folder / "scenario.toml").write_text(scenario)
    words = ["mock-server", "--questions", str(file), "--skill", "0.6", "--port", "0", "--json",
             "--scenario", str(folder / "scenario.toml"), "--record", str(folder / "record.jsonl")]  # fmt: skip
    start = [sys.executable, "-c", "from causal_eval.cli.main import main; main()"]
    server = subprocess.Popen([*start, *words], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        url = json.loads(server.stdout.readline())["url"]
        yield {
            "OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": KEY, "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY,
        }  # fmt: skip
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
        server.stdout.close()


def start(place: Path, file: Path, model: str, way: str, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(place), str(file), model, way], env={**os.environ, **env},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> int:
    """Peak memory in kB of a process that ends well."""
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    return int(out)


def read(place: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(place) as connection:
        rows = connection.execute(query).fetchall()
    connection.close()
    return rows


def record(folder: Path) -> list[dict[str, Any]]:
    path = folder / "record.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def requests(folder: Path) -> int:
    return sum(not row["batch"] for row in record(folder))


def kill(process: subprocess.Popen[str], folder: Path, moments: Stream) -> bool:
    """Kill at a random moment of its dealings with the server; whether it was still there."""
    begun, after = requests(folder), moments.between(1, 14)
    deadline = time.monotonic() + 60
    while requests(folder) < begun + after and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.003)
    time.sleep(moments.below(10) / 1000)
    process.kill()
    process.communicate()
    assert time.monotonic() < deadline, "the run does not get on"
    return process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(CLEAN, id="clean", marks=pytest.mark.full),
        pytest.param(SPOILED, id="spoiled", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("model", ["openai/gpt-x", pytest.param("anthropic/claude-x", marks=pytest.mark.full)])
def test_killed_at_random_moments(tmp_path: Path, file: Path, *, model: str, scenario: str) -> None:
    """Every batch was ordered once; what succeeded was paid once, and scores are those of single calls, bit for bit."""
    place, single = tmp_path / "runs.db", tmp_path / "single.db"
    moments = Stream("batch kills", model, scenario)
    with mock(file, tmp_path, scenario) as env:
        kills = sum(kill(start(place, file, model, "batch", env), tmp_path, moments) for _ in range(KILLS))
        finish(start(place, file, model, "batch", env))
        rows = [row for row in record(tmp_path) if row["batch"]]
        finish(start(single, file, model, "single", env))
    assert kills >= KILLS / 2
    paid = Counter(row["prompt"] for row in rows if row["paid"])
    assert (len(paid), set(paid.values())) == (COUNT, {1})
    ordered = {row["batch"] for row in rows}
    known = read(place, "SELECT handle, closed_at IS NOT NULL, made_at FROM batches")
    assert (Counter(row[0] for row in known), {row[1] for row in known}) == (Counter(ordered), {1})
    assert len({row[0] for row in read(place, "SELECT batch FROM attempts")} - ordered) == 0
    assert read(place, "SELECT count(*) FROM batch_rows") == [(0,)]
    assert read(place, ROWS) == read(single, ROWS)
    assert len(read(place, ROWS)) == COUNT
    assert KEY.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
