"""``--batch`` as its users meet it: the same scores, Ctrl-C and going on, stopping, and what is refused."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from causal_eval.cli.main import main; main()"]
SECRET = "sk-planted-0123456789abcdef"


class Terminal:
    """Runs commands in a home of its own, with a server for both APIs."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.env = {**kept, "HOME": str(home), "NO_COLOR": "1", "COLUMNS": "160", "CEB_DATA_DIR": str(home / "data"),
                    "CEB_REPORT_DIR": str(home / "reports"), "CEB_CACHE_DIR": str(home / "cache")}  # fmt: skip

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*COMMAND, *arguments], env=self.env, cwd=self.home, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.home / "data" / "causal-eval.db") as connection:
            rows = connection.execute(query).fetchall()
        connection.close()
        return rows

    @contextmanager
    def server(self, questions: Path, scenario: str = "") -> Iterator[None]:
        """A mock server that both APIs' addresses point at."""
        (self.home / "scenario.toml").write_text(scenario)
        process = self.start(
            "mock-server", "--port", "0", "--json", "--questions", str(questions), "--skill", "0.5", "--scenario",
            str(self.home / "scenario.toml"),
        )  # fmt: skip
        assert process.stdout is not None
        try:
            url = json.loads(process.stdout.readline())["url"]
            self.env |= {"OPENAI_BASE_URL": url, "ANTHROPIC_BASE_URL": url}
            self.env |= {"OPENAI_API_KEY": SECRET, "ANTHROPIC_API_KEY": SECRET}
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    terminal = Terminal(tmp_path_factory.mktemp("questions"))
    path = terminal.home / "set.jsonl"
    assert terminal.run("generate", "--n", "30", "--seed", "batch", "--out", str(path)).returncode == 0
    return path


def scores(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    assert done.returncode == 0, done.stderr
    found = next(line for line in map(json.loads, done.stdout.splitlines()) if line.get("event") == "done")
    return [{name: value for name, value in row.items() if name not in {"cost", "time_ms"}} for row in found["scores"]]


@pytest.mark.parametrize("model", ["openai/gpt-x", "anthropic/claude-x"])
def test_scores_are_those_of_single_calls(terminal: Terminal, questions: Path, model: str) -> None:
    """Bit for bit, samples and limit included; a baseline beside it runs as ever, and the key is in no file."""
    command = ("eval", "-m", model, "-q", str(questions), "--epochs", "2", "--limit", "20", "--json", "--seed", "1")
    with terminal.server(questions):
        batched = terminal.run(*command, "-m", "baseline/association", "--batch")
        other = Terminal(terminal.home / "single")
        other.home.mkdir()
        other.env = {
            **other.env,
            **{name: terminal.env[name] for name in terminal.env if "_API_KEY" in name or "_URL" in name},
        }
        single = other.run(*command)
    assert scores(batched) == scores(single)
    assert terminal.rows("SELECT count(*) FROM batches WHERE closed_at IS NOT NULL") == [(1,)]
    files = [path for path in terminal.home.rglob("*") if path.is_file()]
    assert SECRET.encode() not in b"".join(path.read_bytes() for path in files)
    assert SECRET not in batched.stdout + batched.stderr


def test_ctrl_c_then_going_on(terminal: Terminal, questions: Path) -> None:
    """What was ordered stays ordered: single calls are refused, --batch collects it, and nothing is ordered twice."""
    with terminal.server(questions, "[batch]\npolls = 9999\n"):
        process = terminal.start("eval", "-m", "openai/gpt-x", "-q", str(questions), "--batch", "--display", "plain")
        wait_for_order(terminal)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "1 batch of this run is not collected yet" in err
        assert "--cancel-batches" in err
        ((evaluation, handle),) = terminal.rows("SELECT evaluation_id, handle FROM batches")
        refused = terminal.run("resume", str(evaluation))
        assert refused.returncode == 2
        assert "add --batch" in refused.stderr
        stopped = terminal.run("resume", str(evaluation), "--cancel-batches")
        assert stopped.returncode == 0, stopped.stderr
        assert terminal.rows("SELECT count(*), min(batch) FROM attempts") == [(15, handle)]
    with terminal.server(questions):
        assert terminal.run("resume", str(evaluation), "--batch").returncode == 0
    assert terminal.rows("SELECT count(*) FROM attempts") == [(30,)]
    assert terminal.rows("SELECT count(*) FROM failures") == [(0,)]


def test_a_switch_and_a_new_key_hold_between_two_looks(terminal: Terminal, questions: Path) -> None:
    """Off: the provider hears nothing, and the batch goes on; a key that dies is replaced by the one in its file."""
    scenario = """
    [batch]
    polls = 4
    [keys.old]
    value = "sk-planted-old-0123456789"
    revoked_from_request = 5
    [keys.new]
    value = "sk-planted-new-0123456789"
    """
    keys, dotenv = terminal.home / "keys.txt", terminal.home / ".env"
    keys.write_text("sk-planted-old-0123456789\n")
    with terminal.server(questions, scenario):
        del terminal.env["OPENAI_API_KEY"]
        terminal.env["OPENAI_API_KEY_FILE"] = str(keys)
        process = terminal.start("eval", "-m", "openai/gpt-x", "-q", str(questions), "--batch", "--display", "plain")
        wait_for_order(terminal)
        dotenv.write_text("OPENAI_ENABLED=false\n")
        wait(lambda: "switched off" in terminal.run("ctl", "status").stdout)
        keys.write_text("sk-planted-new-0123456789\n")
        dotenv.write_text("OPENAI_ENABLED=true\n")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "openai/gpt-x: switched on again" in err
    assert "openai/gpt-x: key ...6789 is new" in err
    assert terminal.rows("SELECT count(*) FROM attempts") == [(30,)]
    assert "sk-planted" not in out + err


def test_replies_of_batches_are_cached(terminal: Terminal, questions: Path) -> None:
    """Where the cache is on: another run, by batches or single calls, asks nobody and has the same observations."""
    words = ("eval", "-m", "openai/gpt-x", "-q", str(questions), "--json", "--cache", "on")
    with terminal.server(questions):
        first = terminal.run(*words, "--batch", "--seed", "1")
    single = terminal.run(*words, "--seed", "2")
    batched = terminal.run(*words, "--seed", "3", "--batch")
    plain = [[{**row, "cached": 0} for row in scores(done)] for done in (first, single, batched)]
    assert plain[0] == plain[1] == plain[2]
    assert terminal.rows("SELECT count(*), count(DISTINCT source), count(asked_at) FROM attempts") == [(90, 30, 60)]
    assert terminal.rows("SELECT DISTINCT a.asked_at = b.made_at FROM attempts a, batches b WHERE a.asked_at > ''") == [
        (1,)
    ]
    off = terminal.run("eval", "-m", "openai/gpt-x", "-q", str(questions), "--json", "--dry-run", "--cache", "on")
    assert json.loads(off.stdout)["cached"] == 30


def wait(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_for_order(terminal: Terminal) -> None:
    deadline = time.monotonic() + 60
    path = terminal.home / "data" / "causal-eval.db"
    while not (path.exists() and terminal.rows("SELECT name FROM sqlite_master WHERE name = 'batches'")
               and terminal.rows("SELECT 1 FROM batches WHERE handle IS NOT NULL")):  # fmt: skip
        assert time.monotonic() < deadline, "nothing was ordered"
        time.sleep(0.05)


def test_who_has_no_batch_api_is_told_before_anything_begins(terminal: Terminal, questions: Path) -> None:
    """Exit 2, one line, what to do."""
    done = terminal.run("eval", "-m", "local/gemma-3-270m", "-q", str(questions), "--batch")
    assert done.returncode == 2
    assert "--batch: local/ has no batch API" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_batch_that_is_not_taken_ends_with_exit_6(terminal: Terminal, questions: Path) -> None:
    """The provider's own words are shown."""
    with terminal.server(questions, "[batch]\ninvalid = true\n"):
        done = terminal.run("eval", "-m", "openai/gpt-x", "-q", str(questions), "--batch")
    assert done.returncode == 6
    assert "batch_1 was not taken: line 1: The mock was told to refuse this file." in done.stderr
