"""Evaluations: the same spec is the same run, and its counts come from its rows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from causal_eval.errors import StoreLocked, UnknownName, UsageError
from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.spec import RunSpec, identity
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Refusal, Reply
from causal_eval.questions.question import Question
from causal_eval.store.database import Store
from causal_eval.store.evaluations import (
    Status,
    begin,
    end,
    find_evaluation,
    list_evaluations,
    running,
    summarize,
)
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.suites import keep_set

Make = Callable[..., Question]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def spec(store: Store, make_question: Make) -> RunSpec:
    """A run over ten stored questions."""
    stored = keep_set(store, [make_question(number) for number in range(10)], name="ten")
    return RunSpec("openai/x", stored.digest, elicitation="reason@1", params=(("effort", "low"),))


def test_the_same_command_finds_its_run(store: Store, spec: RunSpec) -> None:
    """Beginning an equal spec again is the run that was begun, with its spec as it was."""
    first = begin(store, spec, now=NOW)
    assert (first.id, first.spec, first.planned, first.created_at) == (identity(spec), spec, 10, NOW)
    end(store, first.id, status=Status.INTERRUPTED, now=NOW)
    assert find_evaluation(store, first.id).status is Status.INTERRUPTED
    assert begin(store, spec) == first
    assert begin(store, replace(spec, epochs=2)).id != first.id


def test_a_run_needs_its_questions(store: Store, spec: RunSpec) -> None:
    """A question set that is not stored is refused by name."""
    with pytest.raises(UnknownName, match="question set"):
        begin(store, replace(spec, question_set="00" * 32))


@pytest.mark.anyio
async def test_progress_is_counted_from_rows(store: Store, spec: RunSpec, make_question: Make) -> None:
    """Kept outcomes and failed calls are counted; complete is when every sample of every question is there."""
    evaluation = begin(store, replace(spec, limit=2, epochs=2))
    async with SqlLedger(store, evaluation) as ledger:
        asks = [ask async for ask in ledger.missing()]
        outcomes: list[Outcome] = [Reply("a"), Refusal("b"), Failure(FailureKind.TIMEOUT, "c"), Reply("d")]
        await ledger.keep([Attempt(ask, outcome) for ask, outcome in zip(asks, outcomes, strict=True)])
        partly = summarize(store, evaluation)
        assert (partly.kept, partly.failed_calls, partly.wanted, partly.complete) == (3, 1, 4, False)
        await ledger.keep([Attempt(asks[2], Reply("e"))])
    assert summarize(store, evaluation).complete
    assert Ask(make_question(0)).sample == 0


def test_runs_are_listed_newest_first(store: Store, spec: RunSpec) -> None:
    """A project's runs, newest first, as many as wanted; other projects' are not shown."""
    dates = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 3, 2)]
    ids = [begin(store, replace(spec, label=str(date)), now=date).id for date in dates]
    listed = list_evaluations(store)
    assert [summary.evaluation.id for summary in listed] == [ids[1], ids[2], ids[0]]
    assert listed[0].question_set.name == "ten"
    assert len(list_evaluations(store, limit=2)) == 2
    assert list_evaluations(store, project="other") == []


def test_runs_are_found_by_the_beginning_of_their_id(store: Store, spec: RunSpec) -> None:
    """An unambiguous beginning is enough; none or several are explained."""
    ids = [begin(store, replace(spec, label=str(number))).id for number in range(3)]
    assert find_evaluation(store, ids[1]).id == ids[1]
    assert find_evaluation(store, ids[1][:12]).id == ids[1]
    with pytest.raises(UsageError, match=ids[0]):
        find_evaluation(store, "ev-")
    with pytest.raises(UnknownName, match="ev-"):
        find_evaluation(store, "ev-nothing")


def test_a_run_is_held_against_a_second_process(store: Store, spec: RunSpec, database_url: str) -> None:
    """A second process is refused while the first runs, and welcome after it, even if it was killed, which is seen."""
    evaluation = begin(store, spec)
    code = (
        "import sys; from causal_eval.store.database import open_store\n"
        "from causal_eval.store.evaluations import find_evaluation, running\n"
        f"store = open_store({database_url!r})\n"
        f"with running(store, find_evaluation(store, {evaluation.id!r})):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert not summarize(store, evaluation).killed
        with pytest.raises(StoreLocked, match=evaluation.id), running(store, evaluation):
            pass
        other.kill()
    with running(store, evaluation):  # waits until a server has noticed
        pass
    assert summarize(store, evaluation).killed
    end(store, evaluation.id, status=Status.INTERRUPTED)
    assert not summarize(store, find_evaluation(store, evaluation.id)).killed
    with running(store, evaluation), pytest.raises(StoreLocked), running(store, evaluation):
        pass
    with running(store, evaluation):
        pass
