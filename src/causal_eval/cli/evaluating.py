"""``causal-eval eval`` and ``resume``: questions, answerers, runs, table, report; one place that joins the rooms."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from causal_eval.cli import output
from causal_eval.cli.answering import Call, Candidate, candidate
from causal_eval.cli.conducting import conduct
from causal_eval.cli.display import DISPLAYS, Display
from causal_eval.errors import (
    CausalEvalError,
    Interrupted,
    MalformedFile,
    TooManyUnscored,
    UnknownName,
    UsageError,
)
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.prices import read_prices
from causal_eval.questions.file import read_questions
from causal_eval.questions.question import Question
from causal_eval.settings import Settings, read_settings
from causal_eval.store.database import Store, open_store
from causal_eval.store.evaluations import Evaluation, Status, begin, end, running, summarize
from causal_eval.store.suites import StoredSet, keep_set


@dataclass(frozen=True, slots=True)
class Order:
    """One ``eval`` command."""

    models: tuple[str, ...]
    call: Call
    suite: str = "quick"
    questions: Path | None = None
    limit: int | None = None
    epochs: int = 1
    seed: str | None = None
    report: Path | None = None
    fail_on_error: float = 0.2
    display: str = "full"
    json: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """One answerer's evaluation after this command."""

    evaluation: Evaluation
    error: CausalEvalError | None


def run(order: Order) -> int:
    """Evaluate every answerer of *order*, show table and report, and return 0.

    Raises:
        ProviderRefused, ProviderDown: a run ended by itself; what was there is stored and shown.
        TooManyUnscored: more than ``fail_on_error`` of an answerer's replies are missing or unparsed.
    """
    if order.display not in DISPLAYS:
        raise UnknownName("display", order.display, DISPLAYS)
    if not order.models:
        raise UsageError("--model is empty: name at least one, e.g. --model local/gemma-3-270m")
    settings = read_settings(os.environ)
    read_prices(settings.prices)  # a wrong table is said before anything is asked
    candidates = [candidate(model, order.call, settings) for model in order.models]
    output.check_report(order.report or settings.report_dir)
    seed = order.seed or datetime.now(UTC).date().isoformat()
    store = open_store(settings.database_url)
    try:
        question_set = _question_set(store, order, seed)
        specs = [_spec(one, order, question_set, seed) for one in candidates]
        return _finish(
            store, order, settings, carry_out(store, candidates, specs, display=order.display, json=order.json)
        )
    finally:
        store.close()


def resume(evaluation: Evaluation, call: Call, order: Order) -> int:
    """Go on with a stored evaluation: the same spec, so only what is missing is asked."""
    settings = read_settings(os.environ)
    one = candidate(evaluation.spec.answerer, call, settings)
    output.check_report(order.report or settings.report_dir)
    store = open_store(settings.database_url)
    try:
        ended = carry_out(store, [one], [evaluation.spec], display=order.display, json=order.json)
        return _finish(store, order, settings, ended)
    finally:
        store.close()


def carry_out(
    store: Store, candidates: Sequence[Candidate], specs: Sequence[RunSpec], *, display: str, json: bool
) -> list[Ended]:
    """Run each candidate's spec, one after the other; an answerer whose provider fails does not stop the next.

    Raises:
        Interrupted: Ctrl-C; everything that arrived is stored.
    """
    ended = []
    with Display("none" if json and display == "full" else display) as shown:
        for one, spec in zip(candidates, specs, strict=True):
            evaluation = begin(store, spec, now=datetime.now(UTC))
            if json:
                output.emit({"event": "launch", "evaluation": evaluation.id, "answerer": spec.answerer})
            ended.append(Ended(evaluation, _run_one(store, one, evaluation, shown)))
    return ended


def _run_one(store: Store, one: Candidate, evaluation: Evaluation, shown: Display) -> CausalEvalError | None:
    with running(store, evaluation):  # refused before anything is noted: the process that holds it notes its own end
        return _run_held(store, one, evaluation, shown)


def _run_held(store: Store, one: Candidate, evaluation: Evaluation, shown: Display) -> CausalEvalError | None:
    status = Status.INTERRUPTED
    try:
        conduct(store, one, evaluation, shown)
        status = Status.COMPLETE
    except CausalEvalError as error:
        status = Status.HALTED
        if error.exit_code not in (6, 7):
            raise
        return error
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        raise Interrupted(
            f"interrupted; `causal-eval resume {evaluation.id}` or the same command goes on where it stopped"
        ) from error
    finally:
        end(store, evaluation.id, status=status, now=datetime.now(UTC))
    return None


def _question_set(store: Store, order: Order, seed: str) -> StoredSet:
    if order.questions is not None:
        return keep_set(store, _with_gold(order.questions), name=order.questions.name)
    from causal_eval.questions.generate import generate  # start-up time of runs over a file
    from causal_eval.questions.suite import suite

    return keep_set(store, generate(suite(order.suite, seed)), name=f"{order.suite}/{seed}")


def _with_gold(file: Path) -> Iterator[Question]:
    """The questions of *file*; one without an answer is refused before a call for it is paid.

    Raises:
        MalformedFile: a question has no gold, as in a public file.
    """
    for question in read_questions(file):
        if question.gold is None:
            raise MalformedFile(
                str(file),
                f"question {question.id!r} has none, so no reply to it could be judged; of a public set, give the file "
                "that holds the answers (.gold.jsonl)",
                field="gold",
            )
        yield question


def _spec(one: Candidate, order: Order, question_set: StoredSet, seed: str) -> RunSpec:
    return replace(one.spec, question_set=question_set.digest, seed=seed, limit=order.limit, epochs=order.epochs)


def _finish(store: Store, order: Order, settings: Settings, ended: Sequence[Ended]) -> int:
    from causal_eval.cli import reporting  # loaded while the calls were open

    evaluations = [one.evaluation for one in ended]
    result = reporting.present(
        store,
        evaluations,
        report=order.report or settings.report_dir,
        json=order.json,
        prices=read_prices(settings.prices),
    )
    for one in ended:
        if one.error is not None:
            summary = summarize(store, one.evaluation)
            raise type(one.error)(
                f"{one.evaluation.spec.answerer}: {one.error} ({summary.kept} of {summary.wanted} kept; "
                f"`causal-eval resume {one.evaluation.id}` goes on)"
            )
    for standing in result.unscored(order.fail_on_error):
        raise TooManyUnscored(
            f"{standing.answerer}: {100 * standing.share:.1f} % of the answers are missing or unparsed, the limit is "
            f"{100 * order.fail_on_error:g} % (--fail-on-error); `causal-eval show {standing.evaluation}` says where"
        )
    return 0
