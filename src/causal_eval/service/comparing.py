"""Evaluations on the same questions: whether they can be compared, the paired verdicts, and rank sets of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

from causal_eval.analysis.comparable import Concern, Run, concerns
from causal_eval.analysis.compare import Comparison, compare_sides
from causal_eval.analysis.intervals import LEVEL
from causal_eval.analysis.pairing import Side, side
from causal_eval.analysis.ranks import RankSet, jointly, rank_sets
from causal_eval.analysis.reports.lines import difference_line
from causal_eval.errors import UsageError
from causal_eval.service import jobs
from causal_eval.service.reporting import LARGEST_COMPARED
from causal_eval.service.wiring import Visit
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, summarize
from causal_eval.store.observations import observations
from causal_eval.store.rescore import scorers


@dataclass(frozen=True, slots=True)
class Compared:
    """Two or more evaluations beside each other."""

    evaluations: tuple[Evaluation, ...]
    concerns: tuple[Concern, ...]
    """None is blocking."""
    comparisons: tuple[Comparison, ...]
    """All pairs, in the order of *evaluations*; findings allow for how many they are."""
    ranks: tuple[RankSet, ...]
    """The best first."""


def compared(visit: Visit, a: str, *, b: str) -> Compared:
    """*a* against *b*.

    Raises:
        UnknownName: the caller may not see one of them.
        UsageError: they are the same, cannot be compared, or are too large.
    """
    one, other = jobs.find(visit, a).evaluation, jobs.find(visit, b).evaluation
    if one.id == other.id:
        raise UsageError(f"a and b are both {one.id}: name two evaluations")
    if max(one.planned, other.planned) > LARGEST_COMPARED:
        raise UsageError(f"only evaluations of up to {LARGEST_COMPARED} questions are compared here")
    return versus(visit.service.store, (one, other))


def versus(store: Store, evaluations: Sequence[Evaluation], *, level: float = LEVEL) -> Compared:
    """Every one of *evaluations* against every other; memory grows with the questions of all.

    Raises:
        UsageError: they cannot be compared; every reason is said.
    """
    found = checked(store, evaluations)
    sides = [_side(store, one, among=evaluations) for one in evaluations]
    pairs = jointly([compare_sides(a, b, level=level) for a, b in combinations(sides, 2)])
    return Compared(tuple(evaluations), found, pairs, rank_sets(pairs))


def checked(store: Store, evaluations: Sequence[Evaluation]) -> tuple[Concern, ...]:
    """What a reader must know of a comparison of *evaluations*.

    Raises:
        UsageError: they cannot be compared.
    """
    found = concerns([_run(store, one) for one in evaluations])
    if blocking := [concern.said for concern in found if concern.blocking]:
        raise UsageError("; ".join(blocking))
    return found


def compared_lines(found: Compared) -> list[dict[str, Any]]:
    """All of it as it leaves as JSON lines."""
    return [
        *({"event": "concern", **asdict(concern)} for concern in found.concerns),
        *({"event": "comparison", **difference_line(one), "scopes": _scopes(one)} for one in found.comparisons),
        *({"event": "ranks", **asdict(rank)} for rank in found.ranks),
    ]


def _scopes(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "scope": one.scope.label, "difference": one.difference.estimate, "low": one.difference.low,
            "high": one.difference.high, "units": one.difference.n, "clusters": one.difference.clusters,
            "p": one.sign_flip.p, "holm": one.holm, "fdr": one.fdr, "finding": one.finding.value,
        }
        for one in comparison.scopes
    ]  # fmt: skip


def _run(store: Store, evaluation: Evaluation) -> Run:
    summary = summarize(store, evaluation)
    return Run(evaluation.id, evaluation.spec, scorers(store, evaluation), summary.wanted - summary.kept)


def _side(store: Store, evaluation: Evaluation, *, among: Sequence[Evaluation]) -> Side:
    """Its units, under a name that no other has."""
    name = evaluation.spec.answerer
    same = sum(one.spec.answerer == name for one in among) > 1
    return replace(side(observations(store, evaluation), name), answerer=f"{name} ({evaluation.id})" if same else name)
