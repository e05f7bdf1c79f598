"""Evaluations on the same questions: whether they can be compared, the paired verdicts, and rank sets of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

from causal_eval.analysis.comparable import Concern, Run, concerns
from causal_eval.analysis.compare import Comparison, compare_sides
from causal_eval.analysis.gate import Gate, Took, gate
from causal_eval.analysis.intervals import LEVEL
from causal_eval.analysis.outcomes import OutcomeCounter
from causal_eval.analysis.pairing import Side, side
from causal_eval.analysis.ranks import RankSet, jointly, rank_sets
from causal_eval.analysis.reports.lines import difference_line
from causal_eval.errors import UsageError
from causal_eval.providers.prices import FREE, Prices, read_prices
from causal_eval.service import jobs
from causal_eval.service.pricing import pricer
from causal_eval.service.reporting import LARGEST_COMPARED
from causal_eval.service.wiring import Visit
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, summarize
from causal_eval.store.observations import observations
from causal_eval.store.rescore import scorers

MOST_COMPARED = 8
"""Evaluations beside each other, where somebody waits."""


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


@dataclass(frozen=True, slots=True)
class Gated:
    """A gate's ruling, what a reader must know of it, and what the two runs took."""

    gate: Gate
    concerns: tuple[Concern, ...]
    took: tuple[Took, Took]
    """The new run's, the baseline's."""
    priced_by: str
    """Which tables of prices costs are from; empty: both run on this machine."""


def compared(visit: Visit, names: Sequence[str], *, level: float = LEVEL) -> Compared:
    """The evaluations called *names* against each other.

    Raises:
        UnknownName: the caller may not see one of them.
        UsageError: too few or many, twice the same, too large, or not to be compared.
    """
    found = [jobs.find(visit, name).evaluation for name in names]
    if not 1 < len(found) <= MOST_COMPARED:
        raise UsageError(f"{len(found)} evaluations are named: compare two to {MOST_COMPARED}")
    if twice := next((one.id for one in found if found.count(one) > 1), ""):
        raise UsageError(f"{twice} is named twice: name each evaluation once")
    if max(one.planned for one in found) > LARGEST_COMPARED:
        raise UsageError(f"only evaluations of up to {LARGEST_COMPARED} questions are compared here")
    if (whole := sum(one.planned for one in found)) > 2 * LARGEST_COMPARED:
        raise UsageError(
            f"these evaluations have {whole} questions: at most {2 * LARGEST_COMPARED} are compared at once"
        )
    return versus(visit.service.store, found, level=level)


def gated(visit: Visit, run: str, *, baseline: str, margin: float) -> Gated:
    """Whether *run* is shown to be no more than *margin* worse than *baseline*.

    Raises:
        UnknownName, UsageError: as :func:`compared`.
    """
    found = compared(visit, (run, baseline))
    return ruled(visit.service.store, found, margin=margin, prices=read_prices(visit.service.now.prices))


def ruled(store: Store, found: Compared, *, margin: float, prices: Prices) -> Gated:
    """The ruling on the first two of what was compared, the new run and its baseline."""
    new, old = found.evaluations[:2]
    told = "" if all(one.spec.answerer.startswith(FREE) for one in (new, old)) else prices.version
    took = _took(store, new, prices=prices), _took(store, old, prices=prices)
    return Gated(gate(found.comparisons[0], margin=margin), found.concerns, took, told)


def _took(store: Store, evaluation: Evaluation, *, prices: Prices) -> Took:
    counter = OutcomeCounter()
    for row in observations(store, evaluation, price=pricer(evaluation.spec, prices)):
        counter.add(row)
    found = counter.outcomes()
    return Took(found.tokens, found.cost)


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
