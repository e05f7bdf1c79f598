"""``kill -9`` at any moment of whole commands, against a real server: nothing lost or doubled, the same numbers."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from causal_eval.evaluation.elicit import Reason
from causal_eval.providers.scripted import prompt_key
from causal_eval.questions.file import read_questions
from causal_eval.seeds import Stream

COMMAND = [sys.executable, "-c", "from causal_eval.cli.main import main; main()"]
WIDTH, KILLS = 16, 10
LARGE, SMALL = 1000, 400
"""Questions of a run, with and without ``full``."""
FARTHEST = 0.13
"""Calls of one life at most, as a share of the questions, so that no run ends before its last kill."""
KEYS = {
    "a": "sk-planted-kills-7Qd93kfW-a1a1",
    "b": "sk-planted-kills-4Hs81mvR-b2b2",
    "c": "sk-planted-kills-9Za20plX-c3c3",
}
QUIET = "latency = 0.01\n"
FAULTS = (
    QUIET
    + "".join(f'[keys.{name}]\nvalue = "{value}"\n' for name, value in KEYS.items())
    + """revoked_from_request = 60

[[phase]]
mode = "rate-limit"
seconds = 0.05
chance = 0.01

[[phase]]
mode = "server-error"
chance = 0.03
"""
)
"""The last key is revoked in mid-run."""
WEATHER = {"quiet": (QUIET, KEYS["a"]), "faults": (FAULTS, ",".join(KEYS.values()))}
ROWS = """
    SELECT q.id, a.sample, a.kind, a.text, a.finish, a.served, a.input_tokens, a.output_tokens,
           v.scorer, v.mark, v.strict, v.share, v.answer, v.reason
    FROM attempts a JOIN questions q ON q.digest = a.question JOIN verdicts v ON v.attempt_id = a.id ORDER BY 1, 2
"""
KEPT = "SELECT q.id FROM attempts JOIN questions q ON q.digest = question"
RETRIES = "SELECT (SELECT coalesce(sum(calls - 1), 0) FROM attempts) + (SELECT coalesce(sum(calls), 0) FROM failures)"


@dataclass(slots=True)
class Home:
    """One user with a database of his own."""

    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """Its place."""
        return self.folder / "data" / "causal-eval.db"

    def start(self, *words: str) -> subprocess.Popen[str]:
        """A command as a process."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        env = {**kept, "HOME": str(self.folder), "NO_COLOR": "1", "CEB_DATA_DIR": str(self.folder / "data"), **self.env}
        return subprocess.Popen(
            [*COMMAND, *words], env=env, cwd=self.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *words: str) -> str:
        """What a command that ends well says."""
        process = self.start(*words)
        out, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
        return out

    def query(self, text: str) -> list[Any]:
        """Rows; none where there is no database yet."""
        if not self.database.exists():
            return []
        with closing(sqlite3.connect(self.database)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'verdicts'").fetchone():
                return []
            return connection.execute(text).fetchall()


@dataclass(frozen=True, slots=True)
class Books:
    """The mock's ``--record``: it outlives the clients."""

    path: Path
    names: Mapping[str, str]
    """Hash of a prompt -> question."""

    def lines(self) -> list[dict[str, Any]]:
        """Every request so far."""
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def asked(self, start: int, *, paid: bool = False) -> set[str]:
        """Questions asked from line *start* on."""
        return {self.names[line["prompt"]] for line in self.lines()[start:] if line["paid"] or not paid}

    def wait_for(self, count: int, process: subprocess.Popen[str]) -> None:
        """Return as soon as so many requests are there, or the process is gone."""
        deadline = time.monotonic() + 60
        while self.path.read_bytes().count(b"\n") < count and process.poll() is None:
            assert time.monotonic() < deadline, "the run does not get on"
            time.sleep(0.002)


class Case(NamedTuple):
    """Runs that are killed."""

    weather: str
    seed: int
    size: int
    """Questions."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where question files lie."""
    return tmp_path_factory.mktemp("questions")


@pytest.fixture
def question_file(folder: Path, case: Case) -> Path:
    """As many questions as the case has."""
    path = folder / f"{case.size}.jsonl"
    if not path.exists():
        Home(folder).run("generate", "--n", str(case.size), "--seed", "kills", "--out", str(path))
    return path


@pytest.fixture
def names(question_file: Path) -> dict[str, str]:
    """How the mock's books call each question."""
    way = Reason()
    return {prompt_key(way.ask(one).messages[-1].content): one.id for one in read_questions(question_file)}


@contextmanager
def serving(folder: Path, weather: str, questions: Path) -> Iterator[dict[str, str]]:
    """A mock server with books; yields what a client's environment must say."""
    scenario, keys = WEATHER[weather]
    (folder / "scenario.toml").write_text(scenario)
    (folder / "books.jsonl").touch()
    process = Home(folder).start(
        "mock-server", "--port", "0", "--json", "--questions", str(questions), "--skill", "0.7",
        "--scenario", str(folder / "scenario.toml"), "--record", str(folder / "books.jsonl"),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        yield {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": keys}
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def cases() -> Iterator[object]:
    """Ten large runs in each weather with ten kills each: 200; without ``full`` one small one of each: 20."""
    for weather in WEATHER:
        yield pytest.param(Case(weather, 0, SMALL), id=f"{weather}-small", marks=pytest.mark.slow)
        for seed in range(10):
            yield pytest.param(Case(weather, seed, LARGE), id=f"{weather}-{seed}", marks=pytest.mark.full)


@pytest.mark.parametrize("case", list(cases()))
def test_killed_at_random_moments(
    case: Case,
    question_file: Path,
    names: dict[str, str],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Ten kills cost at most the calls that were open at each; the rest is as if nothing had happened, bit by bit."""
    weather, seed, count = case
    command = (
        "eval", "--model", "openai/gpt-x", "--questions", str(question_file), "--seed", "1", "--json",
        "--max-connections", str(WIDTH), "--report", str(tmp_path / "report.html"),
    )  # fmt: skip
    with serving(tmp_path, weather, question_file) as env:
        killed, books = Home(tmp_path, env), Books(tmp_path / "books.jsonl", names)
        moments = Stream("kills", weather, seed)
        open_calls = sum(
            one_life(killed.start(*command), killed, books, farthest=round(FARTHEST * count), moments=moments)
            for _ in range(KILLS)
        )
        start = len(books.lines())
        before = kept(killed)
        killed.run(*command)
        assert not before & books.asked(start), "what was kept is asked again at the end"
        paid = sum(line["paid"] for line in books.lines())
        calm = Home(tmp_path / "calm", env)
        calm.folder.mkdir()
        calm.run(*command)
    [(retries,)] = killed.query(RETRIES)
    for name, value in {"kills": KILLS, "open": open_calls, "retries": retries, "unkept": paid - count}.items():
        record_property(name, value)
    assert len(killed.query(ROWS)) == len(kept(killed)) == count
    assert count <= paid <= count + open_calls + retries
    assert killed.query(ROWS) == calm.query(ROWS)
    assert shown(killed) == shown(calm)


def one_life(process: subprocess.Popen[str], home: Home, books: Books, *, farthest: int, moments: Stream) -> int:
    """Kill *process* at a random moment; how many calls were open then: asked for and not kept."""
    before, start = kept(home), len(books.lines())
    if moments.chance(1, 5):  # while it starts, or just after
        time.sleep(moments.below(9 * farthest) / 1000)
    else:
        books.wait_for(start + moments.between(1, farthest), process)
        time.sleep(moments.below(15) / 1000)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "it ended before it was killed"
    after, asked = kept(home), books.asked(start)
    assert before <= after, "what was kept is lost"
    assert not before & asked, "what was kept is asked again"
    assert len(books.asked(start, paid=True) - after) <= WIDTH, "more than the open calls are lost"
    return len(asked - after)


def kept(home: Home) -> set[str]:
    """Questions with an outcome; a doubled one is a fault."""
    rows = [row[0] for row in home.query(KEPT)]
    assert len(rows) == len(set(rows)), "an outcome is there twice"
    return set(rows)


def shown(home: Home) -> list[Any]:
    """What ``show --json`` says of the only run, but for the time that calls took and the keys that took them."""
    [(name,)] = home.query("SELECT id FROM evaluations")
    lines = [line for line in home.run("show", name, "--json").splitlines() if '"origin"' not in line]
    assert lines
    timeless = {"time_ms", "path"}
    return [
        json.loads(line, object_hook=lambda found: {key: value for key, value in found.items() if key not in timeless})
        for line in lines
    ]
