"""``causal-eval eval`` and ``resume``: questions, answerers, runs, table, report; one place that joins the rooms."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from causal_eval.cli import budgeting, following, output
from causal_eval.cli.batching import where_it_stopped
from causal_eval.cli.budgeting import Purse
from causal_eval.cli.conducting import Run, conduct
from causal_eval.cli.display import DISPLAYS, Display
from causal_eval.cli.steering import stopped
from causal_eval.cli.stopping import Stopping
from causal_eval.errors import (
    CausalEvalError,
    Interrupted,
    MalformedFile,
    TooManyUnscored,
    UnknownName,
    UsageError,
)
from causal_eval.evaluation.budget import Caps
from causal_eval.evaluation.elicit import elicitation
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.prices import Prices, read_prices
from causal_eval.questions.file import read_questions
from causal_eval.questions.question import Question
from causal_eval.service.answering import Call, Candidate, candidate
from causal_eval.service.following import Looked, Lookout
from causal_eval.service.stop_rules import rule_of
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
    caps: Caps = field(default_factory=Caps)
    dry_run: bool = False
    price_table: Path | None = None
    """Wins over the setting."""
    stop: Stopping | None = field(default_factory=Stopping)
    """By what the runs may stop; None: by the rule that each is under."""


@dataclass(frozen=True, slots=True)
class Ended:
    """One answerer's evaluation after this command."""

    evaluation: Evaluation
    error: CausalEvalError | None
    seen: Looked | None = None
    """What it stopped by, or did not; None: it was to ask everything."""


def run(order: Order) -> int:
    """Evaluate every answerer of *order*, show table and report, and return 0.

    Raises:
        ProviderRefused, ProviderDown, BudgetReached: a run ended by itself; what was there is stored and shown.
        TooManyUnscored: more than ``fail_on_error`` of an answerer's replies are missing or unparsed.
    """
    if order.display not in DISPLAYS:
        raise UnknownName("display", order.display, DISPLAYS)
    if not order.models:
        raise UsageError("--model is empty: name at least one, e.g. --model local/gemma-3-270m")
    settings = read_settings(os.environ)
    prices = _prices(order, settings)  # a wrong table is said before anything is asked
    candidates = [candidate(model, order.call, settings) for model in order.models]
    if order.call.elicitation is not None:
        _check_elicitation(order.call.elicitation, candidates)
    _check_money(order, candidates, prices)
    following.check(order.stop or Stopping(), len(candidates), batches=order.call.batch)
    output.check_report(order.report or settings.report_dir)
    seed = order.seed or datetime.now(UTC).date().isoformat()
    store = open_store(settings.database_url)
    try:
        question_set = _question_set(store, order, seed)
        specs = [_spec(one, order, question_set, seed) for one in candidates]
        if order.dry_run:
            return budgeting.dry_run(store, candidates, specs, call=order.call, prices=prices, json=order.json)
        return _finish(store, order, settings, _within(store, candidates, specs, order=order, prices=prices))
    finally:
        store.close()


def resume(evaluation: Evaluation, call: Call, order: Order) -> int:
    """Go on with a stored evaluation: the same spec, so only what is missing is asked."""
    settings = read_settings(os.environ)
    prices = _prices(order, settings)
    one = candidate(evaluation.spec.answerer, call, settings)
    order = replace(order, stop=None)
    _check_money(order, [one], prices)
    if call.cancel:
        order = replace(order, fail_on_error=1.0)  # what was stopped is missing because the user said so
    output.check_report(order.report or settings.report_dir)
    store = open_store(settings.database_url)
    try:
        if order.dry_run:
            return budgeting.dry_run(store, [one], [evaluation.spec], call=call, prices=prices, json=order.json)
        return _finish(store, order, settings, _within(store, [one], [evaluation.spec], order=order, prices=prices))
    finally:
        store.close()


def _prices(order: Order, settings: Settings) -> Prices:
    return read_prices(order.price_table or settings.prices)


def _check_elicitation(name: str, candidates: Sequence[Candidate]) -> None:
    """Say for whom *name* does nothing.

    Raises:
        UnknownName: there is no such way of asking.
    """
    elicitation(name)
    for one in candidates:
        if not one.spec.elicitation:
            output.note(f"{one.name} sees the question itself: --elicitation {name} is ignored for it")


def _check_money(order: Order, candidates: Sequence[Candidate], prices: Prices) -> None:
    if order.caps.money is not None:
        budgeting.check_prices(candidates, prices)


def _within(
    store: Store, candidates: Sequence[Candidate], specs: Sequence[RunSpec], *, order: Order, prices: Prices
) -> list[Ended]:
    """Carry out the runs within the caps of *order*."""
    purse = budgeting.open_purse(store, candidates, specs, caps=order.caps, prices=prices)
    rules = None if order.stop is None else following.rules(store, order.stop, specs)
    return carry_out(store, candidates, specs, display=order.display, json=order.json, purse=purse, rules=rules)


def carry_out(
    store: Store,
    candidates: Sequence[Candidate],
    specs: Sequence[RunSpec],
    *,
    display: str,
    json: bool,
    purse: Purse | None = None,
    rules: Sequence[str] | None = None,
) -> list[Ended]:
    """Run each candidate's spec, one after the other; an answerer whose provider fails does not stop the next.

    *rules*: by which each may stop from now on, as they are kept; None: each by the one that it is under.

    Raises:
        Interrupted: Ctrl-C; everything that arrived is stored.
    """
    ended = []
    with Display("none" if json and display == "full" else display, json=json) as shown:
        for place, (one, spec) in enumerate(zip(candidates, specs, strict=True)):
            evaluation = begin(store, spec, now=datetime.now(UTC))
            if rules is not None:
                evaluation = following.under(store, evaluation, rule=rules[place])
            if json:
                output.emit({"event": "launch", "evaluation": evaluation.id, "answerer": spec.answerer})
            ended.append(_followed(Run(store, evaluation, shown, purse), one))
    return ended


def _followed(run: Run, one: Candidate) -> Ended:
    """Run it, until enough is known where it is under a rule."""
    evaluation = run.evaluation
    if not evaluation.stop_rule:
        return Ended(evaluation, _run_one(run, one))
    rule = rule_of(evaluation)
    lookout = Lookout(run.store, evaluation, rule=rule)
    error = _run_one(replace(run, lookout=lookout), one)
    return Ended(evaluation, error, Looked(evaluation, rule, lookout.followed()))


def _run_one(run: Run, one: Candidate) -> CausalEvalError | None:
    # refused before anything is noted: the process that holds it notes its own end
    with running(run.store, run.evaluation):
        return _run_held(run, one)


def _run_held(run: Run, one: Candidate) -> CausalEvalError | None:
    status = Status.INTERRUPTED
    try:
        conduct(run, one)
        status = Status.COMPLETE
    except CausalEvalError as error:
        status = Status.HALTED
        if error.exit_code not in (5, 6, 7):
            raise
        stopped(run.here, error, run.shown)
        return error
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        raise Interrupted(f"interrupted; {where_it_stopped(run.store, run.evaluation)}") from error
    finally:
        end(run.store, run.evaluation.id, status=status, now=datetime.now(UTC))
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
        prices=_prices(order, settings),
    )
    seen = [one.seen for one in ended if one.seen is not None]
    following.tell(seen, json=order.json)
    for one in ended:
        if one.error is not None:
            summary = summarize(store, one.evaluation)
            raise type(one.error)(
                f"{one.evaluation.spec.answerer}: {one.error} ({summary.kept} of {summary.wanted} kept; "
                f"`causal-eval resume {one.evaluation.id}` goes on)"
            )
    for standing in result.unscored(order.fail_on_error, following.unasked(store, seen)):
        raise TooManyUnscored(
            f"{standing.answerer}: {100 * standing.share:.1f} % of the answers are missing or unparsed, the limit is "
            f"{100 * order.fail_on_error:g} % (--fail-on-error); `causal-eval show {standing.evaluation}` says where"
        )
    return 0
