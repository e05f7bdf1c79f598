"""Stored runs: list, show, resume, judge again."""

from __future__ import annotations

import json as json_text
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from causal_eval.cli import following, output, reporting
from causal_eval.cli.evaluating import Order
from causal_eval.cli.evaluating import resume as resume_evaluation
from causal_eval.cli.opening import opened, prices
from causal_eval.errors import VerificationMismatch
from causal_eval.scoring.grade import judge
from causal_eval.service.answering import Call
from causal_eval.service.following import look_at
from causal_eval.service.stop_rules import rule_of
from causal_eval.store.evaluations import Summary, find_evaluation, list_evaluations, summarize
from causal_eval.store.origins import origins
from causal_eval.store.rescore import rescore as judge_again

LISTED = ("id", "answerer", "status", "progress", "questions", "set", "begun")
"""What ``ls`` shows of a run."""


def ls(*, limit: int, json: bool) -> int:
    """The newest runs, newest first, a line each."""
    with opened() as store:
        summaries = list_evaluations(store, limit=limit)
    if json:
        for summary in summaries:
            output.emit(_row(summary))
        return 0
    if not summaries:
        output.say("no runs yet; `causal-eval demo` makes two without any model")
        return 0
    _list([_row(summary) for summary in summaries])
    return 0


def _list(rows: Sequence[Mapping[str, str | int]]) -> None:
    """A table, or two lines a run where the terminal is narrower than that."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in ("id", "answerer", "status", "kept", "questions", "set", "begun (UTC)"):
        table.add_column(title, no_wrap=True, overflow="ignore")
    for row in rows:
        table.add_row(*(str(row[key]) for key in LISTED))
    console = output.console()
    if output.fits(table, console):
        output.print_whole(table, console)
        return
    for row in rows:
        output.say("  ".join(str(row[key]) for key in LISTED[:2]))
        output.say("    " + "  ".join(str(row[key]) for key in LISTED[2:]))


def show(beginning: str, *, report: Path | None, json: bool) -> int:
    """The table of a stored run again, and its report where *report* says so."""
    with opened() as store:
        evaluation = find_evaluation(store, beginning)
        if not json:
            row = _row(summarize(store, evaluation))
            output.say(
                "  ".join(f"{key} {row[key]}" for key in ("id", "status", "progress", "questions", "set", "begun"))
            )
        reporting.present(store, [evaluation], report=report, json=json, prices=prices())
        if evaluation.stop_rule:
            following.tell([look_at(store, evaluation, rule=rule_of(evaluation))], json=json)
        for origin in origins(store, evaluation):
            if json:
                output.emit({"event": "origin", "evaluation": evaluation.id, **asdict(origin)})
            else:
                output.say(str(origin))
    return 0


def resume(beginning: str, call: Call, order: Order) -> int:
    """Ask what is missing of a stored run, and only that; way of asking and sampling are those of the run."""
    with opened() as store:
        evaluation = find_evaluation(store, beginning)
    spec = evaluation.spec
    way = spec.elicitation.partition("@")[0] or None
    same = replace(
        call, temperature=spec.temperature, max_tokens=spec.max_tokens or call.max_tokens, elicitation=way,
        arguments={name: json_text.loads(value) for name, value in spec.params},
    )  # fmt: skip
    return resume_evaluation(evaluation, same, order)


def rescore(beginning: str, *, report: Path | None, json: bool) -> int:
    """Judge every stored reply again, without any model, and show the table.

    Raises:
        VerificationMismatch: this scorer version judges a reply otherwise than it did before.
    """
    with opened() as store:
        evaluation = find_evaluation(store, beginning)
        result = judge_again(store, evaluation, judge=judge)
        line = {"evaluation": evaluation.id, "judged": result.attempts, "added": result.added}
        if json:
            output.emit({"event": "rescored", **line, "differing": list(result.differing)})
        else:
            output.say(f"{evaluation.id}: {result.attempts} replies judged, {result.added} verdicts added")
        reporting.present(store, [evaluation], report=report, json=json, prices=prices())
    if result.differing:
        raise VerificationMismatch(
            f"{evaluation.id}: {len(result.differing)} verdicts of this scorer version are not what it says now, e.g. "
            f"{result.differing[0]}: rows or program were changed"
        )
    return 0


def _row(summary: Summary) -> dict[str, str | int]:
    evaluation = summary.evaluation
    status = "stopped (process gone)" if summary.killed else evaluation.status.value
    return {
        "id": evaluation.id,
        "answerer": evaluation.spec.answerer,
        "status": "some missing" if status == "complete" and not summary.complete else status,
        "progress": f"{summary.kept}/{summary.wanted}",
        "questions": summary.question_set.name,
        "set": summary.question_set.hash,
        "seed": evaluation.spec.seed,
        "failed_calls": summary.failed_calls,
        "begun": evaluation.created_at.strftime("%Y-%m-%d %H:%M:%S"),
    }
