"""Runs followed while they go on: what their clusters say at any time, and whether their rule lets them stop."""

from __future__ import annotations

from dataclasses import dataclass, replace

from causal_eval.analysis.sequential.clusters import Baseline, over
from causal_eval.analysis.sequential.following import Follower, Sequential
from causal_eval.analysis.sequential.rule import StopRule
from causal_eval.errors import UsageError
from causal_eval.service import jobs
from causal_eval.service.comparing import checked
from causal_eval.service.stop_rules import LARGEST_FOLLOWED, rule_of
from causal_eval.service.wiring import Visit
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, find_evaluation
from causal_eval.store.observations import NOT_JUDGED, failed, observations


class Lookout:
    """Looks at an evaluation again and again; each look reads only what was not over at the one before.

    Blocks; to be used by one thread at a time.
    """

    def __init__(self, store: Store, evaluation: Evaluation, *, rule: StopRule) -> None:
        self._store = store
        self._evaluation = evaluation
        self._place = 0
        baseline = None
        if rule.baseline is not None:
            other = find_evaluation(store, rule.baseline)
            check_baseline(store, evaluation, other=other)
            baseline = Baseline(observations(store, other))
        self._follower = Follower(rule, baseline)

    def look(self) -> bool:
        """Bet on every cluster that is over by now; True: the rule is met."""
        gone = failed(self._store, self._evaluation)
        rows = observations(self._store, self._evaluation, start=self._place)
        for cluster in over(rows, gone, unjudged=NOT_JUDGED):
            self._place += len(cluster.rows) // self._evaluation.spec.epochs
            self._follower.add(cluster)
        return self._follower.is_met

    def followed(self) -> Sequential:
        """What is known since the last look."""
        return replace(self._follower.followed(), answerer=self._evaluation.spec.answerer)


def check_baseline(store: Store, evaluation: Evaluation, *, other: Evaluation) -> None:
    """Make sure that *evaluation* can be followed against *other*.

    Raises:
        UsageError: they are the same, too large, or cannot be compared.
    """
    if other.id == evaluation.id:
        raise UsageError(f"baseline is {other.id}, the run itself: name another one of the same questions")
    if other.planned > LARGEST_FOLLOWED:
        raise UsageError(f"baseline {other.id} has more than {LARGEST_FOLLOWED} questions: too many to follow")
    checked(store, (evaluation, other))


@dataclass(frozen=True, slots=True)
class Looked:
    """What somebody who looks is told."""

    evaluation: Evaluation
    rule: StopRule
    found: Sequential


def looked(visit: Visit, evaluation: str, *, wanted: StopRule | None = None) -> Looked:
    """What the clusters of *evaluation* say now by *wanted*; None: by its own rule.

    Raises:
        UnknownName: the caller may not see it, or the baseline.
        UsageError: they cannot be compared, or the baseline is too large.
    """
    found = jobs.find(visit, evaluation).evaluation
    rule = rule_of(found) if wanted is None else wanted
    if rule.baseline is not None:
        rule = replace(rule, baseline=jobs.find(visit, rule.baseline).evaluation.id)
    return look_at(visit.service.store, found, rule=rule)


def look_at(store: Store, evaluation: Evaluation, *, rule: StopRule) -> Looked:
    """The same for whoever has found the evaluation."""
    lookout = Lookout(store, evaluation, rule=rule)
    lookout.look()
    return Looked(evaluation, rule, lookout.followed())
