"""``causal-eval plan`` and ``variance``: what a statement takes, and where the error of a run comes from."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from causal_eval.cli import output
from causal_eval.cli.comparing import Json, Level
from causal_eval.cli.flags import number, split
from causal_eval.cli.opening import opened

Money = Annotated[float, typer.Option(min=0.0, callback=number, help="Dollars; only how they relate matters.")]


def add_to(app: typer.Typer) -> None:
    """Give *app* these commands."""
    app.command()(plan)
    app.command()(variance)


def plan(
    model: Annotated[str, typer.Option("--model", "-m", help="Who would be asked: openai/NAME.")],
    detect: Annotated[str, typer.Option("--detect", help="The gap that is to be shown: 3pts.")] = "",
    precision: Annotated[str, typer.Option("--precision", help="Or half of a score's interval: 2pts.")] = "",
    power: Annotated[float, typer.Option("--power", callback=number, help="How surely the gap is shown.")] = 0.8,
    baseline: Annotated[str, typer.Option("--baseline", help="The run that it would be compared with.")] = "",
    family: Annotated[
        list[str] | None, typer.Option("--family", "--families", help="Of these alone, repeated or by comma.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Samples of each question.")] = 1,
    max_connections: Annotated[int, typer.Option(min=0, help="Open calls; 0: as set.")] = 0,
    rpm: Annotated[float | None, typer.Option(min=0.001, callback=number, help="Calls a minute.")] = None,
    tpm: Annotated[float | None, typer.Option(min=0.001, callback=number, help="Tokens a minute.")] = None,
    level: Level = 0.95,
    json: Json = False,
) -> int:
    """Say how many questions, calls, tokens, dollars and minutes a statement takes; nobody is asked."""
    from causal_eval.analysis.planning.plan import Aim, points_of
    from causal_eval.analysis.planning.priced import plan_line
    from causal_eval.analysis.reports.planning import plan_lines
    from causal_eval.evaluation.estimate import Speed
    from causal_eval.service.planning import Desk, PlanOrder, plan_for
    from causal_eval.settings import read_settings
    from causal_eval.store.evaluations import find_evaluation

    aim = Aim(points_of("detect", detect), points_of("precision", precision), power, level, epochs)
    wanted = PlanOrder(model, aim, baseline, split(family), speed=Speed(max_connections, rpm, tpm))
    with opened() as store:
        against = find_evaluation(store, baseline) if baseline else None
        found = plan_for(Desk(store, read_settings(os.environ), datetime.now(UTC)), wanted, baseline=against)
    if json:
        output.emit({"event": "plan", **plan_line(found)})
    else:
        output.say("\n".join(plan_lines(found)))
    return 0


def variance(
    run: Annotated[str, typer.Argument(help="An evaluation's id, or its beginning.")],
    call_price: Money = 1.0,
    question_price: Money = 0.0,
    model_price: Money = 0.0,
    level: Level = 0.95,
    json: Json = False,
) -> int:
    """Say how much of a run's error is causal model, wording and sampling, and where the next dollar buys most."""
    from causal_eval.analysis.planning.budget import Costs
    from causal_eval.analysis.reports.planning import budget_lines
    from causal_eval.service.planning import variance_of
    from causal_eval.store.evaluations import find_evaluation

    costs = Costs(call_price, question_price, model_price)
    with opened() as store:
        found = variance_of(store, find_evaluation(store, run), costs=costs, level=level)
    if json:
        output.emit({"event": "variance", **asdict(found)})
    else:
        output.say("\n".join(budget_lines(found)))
    return 0
