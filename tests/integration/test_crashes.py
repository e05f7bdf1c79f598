"""Runs in processes of their own, killed at any moment: nothing that was kept is paid for twice, nothing is lost."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from causal_eval.evaluation.spec import RunSpec
from causal_eval.seeds import Stream
from causal_eval.store.database import open_store
from causal_eval.store.evaluations import list_evaluations, summarize
from causal_eval.store.observations import observations

SCRIPT = Path(__file__).parent / "crashing_run.py"
COUNT, WIDTH = 240, 8
ROWS = """
    SELECT q.id, a.sample, a.kind, a.text, a.finish, v.scorer, v.mark, v.strict, v.share, v.answer, v.reason
    FROM attempts a JOIN questions q ON q.digest = a.question JOIN verdicts v ON v.attempt_id = a.id ORDER BY 1, 2
"""


def _start(
    place: Path, log: str, *, count: int = COUNT, width: int = WIDTH, latency: int = 25
) -> subprocess.Popen[str]:
    words = [str(place), log, str(count), str(width), str(latency)]
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _finish(process: subprocess.Popen[str]) -> int:
    """Peak memory in kB of a process that ends well."""
    out, err = process.communicate(timeout=280)
    assert process.returncode == 0, err
    return int(out)


def _rows(place: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(place) as connection:
        rows = connection.execute(ROWS).fetchall()
    connection.close()
    return rows


def _log(path: Path, sign: str) -> list[str]:
    if not path.exists():
        return []
    return [line[2:] for line in path.read_text().splitlines() if line.startswith(sign)]


def _wait_for_calls(log: Path, calls: int) -> None:
    deadline = time.monotonic() + 60
    while len(_log(log, "+")) < calls:
        assert time.monotonic() < deadline, "the run does not get on"
        time.sleep(0.005)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a run that nothing interrupted."""
    place = tmp_path_factory.mktemp("undisturbed") / "runs.db"
    _finish(_start(place, "-", latency=0))
    return place


def test_killed_at_random_moments(tmp_path: Path, undisturbed: Path) -> None:
    """Killed six times, a run repeats only the calls open at each kill and ends with the undisturbed run's rows."""
    place, moments = tmp_path / "runs.db", Stream("kill moments")
    kills, made = 0, 0
    for kill in range(6):
        log = tmp_path / f"calls{kill}.log"
        before = {str(row[0]) for row in _rows(place)} if kill else set()
        process = _start(place, str(log))
        _wait_for_calls(log, moments.between(1, 45))
        time.sleep(moments.below(30) / 1000)
        process.kill()
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        begun = _log(log, "+")
        made += len(begun)
        assert not before & set(begun), "a call whose outcome was kept is paid for again"
        with sqlite3.connect(place) as connection:
            kept = {
                row[0]
                for row in connection.execute("SELECT q.id FROM attempts JOIN questions q ON q.digest = question")
            }
        connection.close()
        assert len(set(begun) - kept) <= WIDTH, "more than the open calls are lost"
    assert kills == 6
    last = tmp_path / "last.log"
    _finish(_start(place, str(last)))
    made += len(_log(last, "+"))
    assert COUNT <= made <= COUNT + kills * WIDTH
    assert _rows(place) == _rows(undisturbed)
    assert len(_rows(place)) == COUNT
    assert _observed(place) == _observed(undisturbed)


def test_interrupted_by_the_user(tmp_path: Path, undisturbed: Path) -> None:
    """Ctrl-C keeps every reply that had arrived; the same command again makes exactly the missing calls."""
    place, log, rest = tmp_path / "runs.db", tmp_path / "calls.log", tmp_path / "rest.log"
    process = _start(place, str(log))
    _wait_for_calls(log, 60)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    kept = {str(row[0]) for row in _rows(place)}
    assert kept == set(_log(log, "-"))
    _finish(_start(place, str(rest)))
    assert len(_log(rest, "+")) == COUNT - len(kept)
    assert _rows(place) == _rows(undisturbed)


def test_a_finished_run_makes_no_call(tmp_path: Path) -> None:
    """The same command once more finds everything there."""
    place, log = tmp_path / "runs.db", tmp_path / "calls.log"
    _finish(_start(place, "-", count=30, latency=0))
    _finish(_start(place, str(log), count=30, latency=0))
    assert _log(log, "+") == []


@pytest.mark.parametrize(
    ("few", "many"),
    [pytest.param(2_000, 20_000, marks=pytest.mark.slow), pytest.param(5_000, 100_000, marks=pytest.mark.full)],
)
def test_memory_is_flat(tmp_path: Path, few: int, many: int) -> None:
    """Importing, ordering, asking and judging many questions takes at most 1.3 times the memory of few."""
    small = _finish(_start(tmp_path / "small.db", "-", count=few, width=64, latency=0))
    large = _finish(_start(tmp_path / "large.db", "-", count=many, width=64, latency=0))
    assert large <= 1.3 * small


def _observed(place: Path) -> list[object]:
    store = open_store(f"sqlite:///{place}")
    [summary] = list_evaluations(store)
    assert summarize(store, summary.evaluation).complete
    assert isinstance(summary.evaluation.spec, RunSpec)
    seen: list[object] = [
        (o.question, o.mark, o.strict, o.share, o.reason) for o in observations(store, summary.evaluation)
    ]
    store.close()
    return seen
