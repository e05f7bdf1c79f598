"""``causal-eval scores``, ``compare`` and ``gate``: what stored runs allow to say, alone and about each other."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from causal_eval.cli import output
from causal_eval.cli.flags import number
from causal_eval.cli.opening import opened
from causal_eval.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")]
Level = Annotated[float, typer.Option(min=0.5, max=0.9999, callback=number, help="Confidence level.")]
Runs = Annotated[list[str], typer.Argument(metavar="A B [C ...]", help="Evaluations of one question set.")]


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.command()(scores)
    app.command()(compare)
    app.command()(gate)


def scores(
    run: Annotated[str, typer.Argument(help="An evaluation's id, or its beginning.")],
    by: Annotated[str, typer.Option("--by", help="family, kind, rung, domain, regime, difficulty, twins.")] = "family",
    json: Json = False,
) -> int:
    """Show a run's scores with every interval, chance taken off, by a trait; or what its linked questions tell."""
    from causal_eval.analysis.reports.scoring import score_lines
    from causal_eval.service.reporting import scores_by
    from causal_eval.store.evaluations import find_evaluation

    if by == "twins":
        return _twins(run, json=json)
    with opened() as store:
        table = scores_by(store, find_evaluation(store, run), by=by)
    if json:
        output.emit({"event": "scores", "by": by, **asdict(table)})
    else:
        output.say("\n".join(score_lines(table, by=by)))
    return 0


def _twins(run: str, *, json: bool) -> int:
    from causal_eval.analysis.reports.linked import metric_line, metric_lines
    from causal_eval.service.reporting import twins_told
    from causal_eval.store.evaluations import find_evaluation

    with opened() as store:
        evaluation = find_evaluation(store, run)
        found = twins_told(store, evaluation)
    if json:
        for metric in found:
            output.emit({"event": "metric", **metric_line(metric)})
    else:
        output.say("\n".join(metric_lines(evaluation.spec.answerer, found)))
    return 0


def compare(runs: Runs, level: Level = 0.95, json: Json = False) -> int:
    """Say which is better, paired and clustered, or how many questions would tell; many: rank sets."""
    from causal_eval.analysis.reports.versus import rank_lines, versus_lines
    from causal_eval.service.comparing import compared_lines, versus
    from causal_eval.store.evaluations import find_evaluation

    if len(runs) < 2:  # noqa: PLR2004 - one is no comparison
        raise UsageError(f"only {runs[0]} is given: name at least two evaluations (`causal-eval ls` lists them)")
    with opened() as store:
        found = versus(store, [find_evaluation(store, run) for run in runs], level=level)
    if json:
        for line in compared_lines(found):
            output.emit(line)
        return 0
    for concern in found.concerns:
        output.note(f"warning: {concern.said}")
    one, *others = found.comparisons
    output.say("\n".join(rank_lines(found.ranks, found.comparisons) if others else versus_lines(one)))
    return 0


def gate(
    run: Annotated[str, typer.Argument(help="The new evaluation's id, or its beginning.")],
    baseline: Annotated[str, typer.Option("--baseline", help="The evaluation that it must not be worse than ...")],
    margin: Annotated[str, typer.Option("--margin", help="... by more than this: 2pts.")],
    junit: Annotated[Path | None, typer.Option("--junit", help="Write the ruling to this file as JUnit XML.")] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Append it to this file, for a summary.")] = None,
    level: Level = 0.95,
    json: Json = False,
) -> int:
    """Pass (0), fail (1) or say what would decide (3): is RUN no more than a margin worse than the baseline?"""
    from causal_eval.analysis.gate import Ruling, margin_of
    from causal_eval.analysis.reports import gating
    from causal_eval.providers.prices import read_prices
    from causal_eval.service.comparing import ruled, versus
    from causal_eval.settings import read_settings
    from causal_eval.store.evaluations import find_evaluation

    allowed = margin_of(margin)
    with opened() as store:
        sides = [find_evaluation(store, run), find_evaluation(store, baseline)]
        prices = read_prices(read_settings(os.environ).prices)
        found = ruled(store, versus(store, sides, level=level), margin=allowed, prices=prices)
    said = found.gate
    if junit is not None:
        output.save(gating.junit(said, found.concerns, took=found.took), junit)
    if markdown is not None:
        with output.writing(markdown), markdown.open("a", encoding="utf-8") as summary:
            summary.write(gating.markdown(said, found.concerns, took=found.took, priced_by=found.priced_by))
    for concern in found.concerns:
        output.note(f"warning: {concern.said}")
    if json:
        line = gating.gate_line(said) | gating.took_line(found.took)
        output.emit({"event": "gate", **line, "concerns": [one.what for one in found.concerns]})
    else:
        output.say(gating.sentence(said))
        output.say(gating.took_sentence(found.took))
    return {Ruling.PASS: 0, Ruling.FAIL: 1, Ruling.INCONCLUSIVE: 3}[said.ruling]
