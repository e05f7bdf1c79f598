"""Whether a run goes on, as far as another shell can tell from what its process said last."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from causal_eval.cli import ctl
from causal_eval.cli.steering import RunState
from causal_eval.errors import UsageError
from causal_eval.evaluation.spec import RunSpec
from causal_eval.evaluation.steering import SILENT
from causal_eval.questions.question import AnswerKind, AnswerSpec, Question
from causal_eval.store.boards import Process, SqlBoard
from causal_eval.store.database import Store, open_store
from causal_eval.store.evaluations import Evaluation, begin
from causal_eval.store.suites import keep_set

HERE = Process(socket.gethostname(), os.getpid())
Say = Callable[[str, Process, float], Evaluation]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty database."""
    opened = open_store(f"sqlite:///{tmp_path}/ctl.db")
    yield opened
    opened.close()


@pytest.fixture
def say(store: Store) -> Say:
    """Has a run of the answerer say something so many seconds ago."""

    def word(answerer: str, process: Process, ago: float) -> Evaluation:
        question = Question(
            id="q1", family="effect", kind="ate", rung=2, domain="", regime="", difficulty=1, cluster="c", twin=None,
            joint=False, exempt=(), prompt="?", answer=AnswerSpec(AnswerKind.YES_NO), gold="yes", certificate=None,
        )  # fmt: skip
        run = begin(store, RunSpec(answerer, keep_set(store, [question], name="one").digest))
        board = SqlBoard(store, run.id, process)
        board.say(msgspec.json.encode(RunState(answerer, "running", "", 0, 1)).decode(), time.time() - ago)
        board.close()
        return run

    return word


@pytest.fixture
def gone() -> Process:
    """A process of this machine that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return Process(HERE.host, ended.pid)


def test_a_process_that_speaks_goes_on(store: Store, say: Say) -> None:
    """Heard of a moment ago, here or elsewhere: the run goes on."""
    for process in (HERE, Process("elsewhere", 1)):
        found = ctl._running(store, say("a/b", process, 1.0).id)
        assert found is not None
        assert not found.is_silent


def test_a_process_that_is_gone_runs_nothing(store: Store, say: Say, gone: Process) -> None:
    """On this machine at once, whatever it said last; elsewhere when it has not been heard of for long."""
    assert ctl._running(store, say("a/b", gone, 0.1).id) is None
    assert ctl._running(store, say("a/b", Process("elsewhere", 1), SILENT + 1).id) is None
    with pytest.raises(UsageError, match="is not running: `causal-eval resume ev-"):
        ctl._alive(store, say("a/b", gone, 0.1).id)


def test_a_process_that_is_there_and_says_nothing_is_silent(store: Store, say: Say) -> None:
    """It may have been stopped: neither running nor gone."""
    found = ctl._running(store, say("a/b", HERE, SILENT + 5).id)
    assert found is not None
    assert found.is_silent


def test_without_a_name_the_only_run_is_meant(store: Store, say: Say, gone: Process) -> None:
    """Runs of dead processes do not count; of several that go on one must be named."""
    say("a/dead", gone, 0.1)
    with pytest.raises(UsageError, match="none goes on now"):
        ctl._evaluation(store, None)
    only = say("a/one", HERE, 0.1)
    assert ctl._evaluation(store, None).id == only.id
    other = say("a/two", HERE, 0.1)
    with pytest.raises(UsageError, match="several go on now") as refused:
        ctl._evaluation(store, None)
    assert only.id in str(refused.value)
    assert ctl._evaluation(store, other.id[:9]).id == other.id
