"""What a statement would take, and where the error of a stored run comes from, as values that render."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from causal_eval.analysis.planning.budget import Budget, Costs
from causal_eval.analysis.planning.plan import POWER, Aim, points_of
from causal_eval.analysis.planning.priced import Priced
from causal_eval.analysis.reports.planning import BUDGET_HEAD, PLAN_HEAD, basis_lines, budget_rows, goal, plan_rows
from causal_eval.analysis.shown import Shown
from causal_eval.notebook.run import Run, open_run, opened
from causal_eval.service.planning import Desk, PlanOrder, plan_for, variance_of
from causal_eval.settings import read_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(Shown):
    """A plan: the aim itself, cautiously, and what other aims take."""

    plan: Priced


@dataclass(frozen=True, slots=True, kw_only=True)
class Variance(Shown):
    """A variance budget: how much of the error is causal model, wording and sampling."""

    budget: Budget


def plan(
    model: str, *, detect: str = "", precision: str = "", power: float = POWER, baseline: Run | str = "",
    families: Sequence[str] = (),
) -> Planned:  # fmt: skip
    """What ``detect="3pts"`` or ``precision="2pts"`` takes of *model*; nobody is asked.

    Raises:
        UsageError, UnknownName: the aim is none, or there is no such run, provider or family.
    """
    against = open_run(baseline) if isinstance(baseline, str) and baseline else baseline
    settings = read_settings(os.environ)
    aim = Aim(points_of("detect", detect), points_of("precision", precision), power)
    run = against if isinstance(against, Run) else None
    order = PlanOrder(model, aim, run.id if run else "", tuple(families))
    with opened(run.database if run else settings.database_url) as store:
        found = plan_for(Desk(store, settings, datetime.now(UTC)), order, baseline=run.evaluation if run else None)
    notes = (*basis_lines(found.plan), f"Tokens and time by {found.main.takes.source}; nobody was asked.")
    title = f"{model}: {goal(found.plan)}"
    return Planned(title=title, head=PLAN_HEAD, rows=tuple(plan_rows(found)), notes=notes, plan=found)


def variance(run: Run | str, *, costs: Costs | None = None, level: float = 0.95) -> Variance:
    """Where the error of *run* comes from, and where the next dollar buys most.

    Raises:
        UsageError, UnknownName: there is no such run, or too little of it was scored.
    """
    one = run if isinstance(run, Run) else open_run(run)
    with opened(one.database) as store:
        found = variance_of(store, one.evaluation, costs=costs, level=level)
    title = f"{one.answerer}: where its error comes from ({one.id})"
    return Variance(title=title, head=BUDGET_HEAD, rows=tuple(budget_rows(found)), budget=found)
