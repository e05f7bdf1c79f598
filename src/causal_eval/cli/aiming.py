"""What ``generate`` aims at: kinds of question, classic traps, the weak spots of a stored run."""

from __future__ import annotations

from collections.abc import Sequence

from causal_eval.analysis.weakness import Spot, Weakness, weakness
from causal_eval.analysis.weakness import aimed as at_weak_spots
from causal_eval.cli import output
from causal_eval.cli.flags import split
from causal_eval.cli.opening import opened
from causal_eval.errors import UsageError
from causal_eval.questions.adversarial import trapped
from causal_eval.questions.generate import Plan
from causal_eval.questions.narrowing import kind_names
from causal_eval.store.evaluations import Evaluation, find_evaluation
from causal_eval.store.observations import observations

WEAKEST = 12
"""Kinds that are shown."""


def aimed(plan: Plan, categories: str, *, run: str, json: bool) -> Plan:
    """The plan aimed at traps (category names by comma, or ``all``), or at a stored run's weak spots.

    Raises:
        UsageError: both are wanted.
    """
    if categories and run:
        raise UsageError("--adversarial and --adversarial-to aim at two things: give one of them")
    return trapped(plan, split([categories])) if categories else _against(plan, run, json=json)


def _against(plan: Plan, beginning: str, *, json: bool) -> Plan:
    """The same plan, aimed at the weak spots of a stored run, with a seed that no other set has; says at what."""
    with opened() as store:
        evaluation = find_evaluation(store, beginning)
        found = weakness(observations(store, evaluation), kinds=kind_names())
    plan = at_weak_spots(plan, found, run=evaluation.id)
    _say(evaluation, found, json=json)
    return plan


def _say(evaluation: Evaluation, found: Weakness, *, json: bool) -> None:
    dimensions: dict[str, Sequence[Spot]] = {"kind": found.kinds, "regime": found.regimes, "level": found.levels}
    if json:
        spots = [
            {"what": what, "name": one.name, "errors": float(one.errors), "units": one.units,
             "rate": round(float(one.rate), 4), "weight": one.weight}
            for what, several in dimensions.items() for one in several
        ]  # fmt: skip
        output.emit({"event": "aim", "evaluation": evaluation.id, "answerer": evaluation.spec.answerer, "spots": spots})
        return
    output.note(
        f"aims at {evaluation.id} ({evaluation.spec.answerer}): wrong in {float(found.errors):g} of {found.units} units"
    )
    for what, several in dimensions.items():
        for one in several[:WEAKEST]:
            output.note(
                f"  {what:6}  {one.name:28}  wrong {float(one.errors):g} of {one.units}, "
                f"counts as {100 * float(one.rate):.0f}%, weight {one.weight}"
            )
        if len(several) > WEAKEST:
            output.note(f"  and {len(several) - WEAKEST} more of lower weight")
