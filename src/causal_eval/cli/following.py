"""Runs of one command that stop by what they have found: their rules, and what they say in the end."""

from __future__ import annotations

from collections.abc import Sequence

from causal_eval.analysis.intervals import LEVEL
from causal_eval.analysis.sequential.rule import StopRule
from causal_eval.analysis.sequential.told import sentences, sequential_line
from causal_eval.cli import output
from causal_eval.cli.stopping import Stopping
from causal_eval.errors import UsageError
from causal_eval.evaluation.spec import RunSpec, identity
from causal_eval.scoring.verdict import Mark
from causal_eval.service.following import Looked
from causal_eval.service.stop_rules import rule_text
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, find_evaluation, keep_rule
from causal_eval.store.observations import failed, observations


def check(wanted: Stopping, models: int, *, batches: bool) -> None:
    """Make sure that runs of so many models can stop so.

    Raises:
        UsageError: there is nothing to compare with, or answers are ordered in batches.
    """
    if wanted == Stopping():
        return
    if batches:
        raise UsageError(
            "--batch orders everything at once: leave it out, or leave out --until-ci, --stop-when-decided"
        )
    if wanted.decided and wanted.baseline is None and models < 2:  # noqa: PLR2004 - one is no comparison
        raise UsageError(
            "--stop-when-decided has nothing to decide against: give --baseline RUN (`causal-eval ls` lists runs), or "
            "a second --model"
        )


def rules(store: Store, wanted: Stopping, specs: Sequence[RunSpec]) -> list[str]:
    """The rules of the command's runs, as they are kept; empty: there is none.

    Runs that are decided against one baseline share the 5 % by which they may err.
    """
    if wanted == Stopping():
        return [""] * len(specs)
    first_is_baseline = wanted.decided and wanted.baseline is None
    baseline = None if wanted.baseline is None else find_evaluation(store, wanted.baseline).id
    baseline = identity(specs[0]) if first_is_baseline else baseline
    shared = 1.0 - (1.0 - LEVEL) / max(1, len(specs) - first_is_baseline)
    alone = StopRule(wanted.until)
    against = alone if baseline is None else StopRule(wanted.until, baseline, wanted.margin, shared)
    return [rule_text(alone if first_is_baseline and not place else against) for place in range(len(specs))]


def under(store: Store, evaluation: Evaluation, *, rule: str) -> Evaluation:
    """The evaluation, which may stop by *rule* from now on; empty: by none."""
    if rule == evaluation.stop_rule:
        return evaluation
    with store.writing() as connection:
        return keep_rule(connection, evaluation, rule=rule)


def tell(seen: Sequence[Looked], *, json: bool) -> None:
    """What runs that are under a rule know, and why they stopped."""
    for one in seen:
        if json:
            output.emit({"event": "sequential", **sequential_line(one.evaluation.id, one.rule, found=one.found)})
        else:
            output.say("\n" + "\n".join(sentences(one.found)))


def unasked(store: Store, seen: Sequence[Looked]) -> dict[str, int]:
    """How many answers nobody asked for, because enough was known without them, by evaluation."""
    count = {}
    for one in seen:
        if one.found.reached is not None:
            gone = failed(store, one.evaluation)
            missing = (row for row in observations(store, one.evaluation) if row.mark is Mark.MISSING)
            count[one.evaluation.id] = sum((row.question, row.sample) not in gone for row in missing)
    return count
