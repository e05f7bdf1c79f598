"""``--until-ci``, ``--stop-when-decided`` and ``causal-eval sequential``: stop by what was found, validly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from causal_eval.cli import output
from causal_eval.cli.flags import number
from causal_eval.errors import UsageError

Until = Annotated[
    str | None,
    typer.Option("--until-ci", help="Stop when the score is known to so many points on either side: 3pts."),
]
Decided = Annotated[
    bool, typer.Option("--stop-when-decided", help="Stop when a model is shown to be better or worse than --baseline.")
]
Baseline = Annotated[
    str | None, typer.Option("--baseline", help="A stored run of the same questions; default: the first --model.")
]
Margin = Annotated[
    str | None,
    typer.Option("--margin", help="Decided is whether it is no more than this worse than the baseline: 2pts."),
]


@dataclass(frozen=True, slots=True)
class Stopping:
    """What the flags say."""

    until: float | None = None
    decided: bool = False
    baseline: str | None = None
    """None: the first of the command's models."""
    margin: float | None = None


def stopping(until: str | None, *, decided: bool, baseline: str | None, margin: str | None) -> Stopping:
    """What the flags say.

    Raises:
        UsageError: they make no rule.
    """
    from causal_eval.analysis.gate import margin_of
    from causal_eval.analysis.sequential.rule import width_of

    if not decided and (baseline is not None or margin is not None):
        raise UsageError("--baseline and --margin say what --stop-when-decided waits for: give that too")
    return Stopping(
        None if until is None else width_of(until), decided, baseline, None if margin is None else margin_of(margin)
    )


def add_to(app: typer.Typer) -> None:
    """Give *app* the command."""
    app.command()(sequential)


def sequential(
    run: Annotated[str, typer.Argument(help="An evaluation's id, or its beginning; it may be under way.")],
    until_ci: Until = None,
    baseline: Annotated[str | None, typer.Option("--baseline", help="A stored run to compare with.")] = None,
    margin: Margin = None,
    level: Annotated[float, typer.Option(min=0.5, max=0.9999, callback=number, help="Confidence level.")] = 0.95,
    json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout.")] = False,
) -> int:
    """Show intervals that stay valid however often one looks and whenever the run stops; without flags: by its rule."""
    from causal_eval.analysis.sequential.rule import StopRule
    from causal_eval.analysis.sequential.told import sentences, sequential_line
    from causal_eval.cli.opening import opened
    from causal_eval.service.following import look_at
    from causal_eval.service.stop_rules import rule_from, rule_of
    from causal_eval.store.evaluations import find_evaluation

    with opened() as store:
        evaluation = find_evaluation(store, run)
        against = None if baseline is None else find_evaluation(store, baseline).id
        rule = rule_from(until_ci, against, margin=margin, level=level)
        seen = look_at(store, evaluation, rule=rule if rule != StopRule() else rule_of(evaluation))
    if json:
        output.emit({"event": "sequential", **sequential_line(evaluation.id, seen.rule, found=seen.found)})
    else:
        output.say("\n".join(sentences(seen.found)))
    return 0
