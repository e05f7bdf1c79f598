"""The score table of an evaluation for whoever may see it: every interval, by a trait, and what its twins tell."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.analysis.scores import Table
from causal_eval.analysis.twins.metrics import Metric
from causal_eval.errors import Conflict, UsageError
from causal_eval.service import jobs
from causal_eval.service.reporting import LARGEST_COMPARED, scores_by, twins_told
from causal_eval.service.wiring import Visit

LARGEST_TWINS = 2_000
"""Questions whose proofs are read while somebody waits."""


@dataclass(frozen=True, slots=True)
class Told:
    """A score table and the metrics of linked questions."""

    by: str
    table: Table
    twins: tuple[Metric, ...] | None
    """None where there are too many questions to look at while somebody waits."""


def told(visit: Visit, evaluation: str, *, by: str) -> Told:
    """Its scores by the trait *by*.

    Raises:
        UnknownName: there is no such trait, or no such evaluation for the caller.
        UsageError: it is too large.
        Conflict: nothing is answered yet.
    """
    found = jobs.find(visit, evaluation).evaluation
    if found.planned > LARGEST_COMPARED:
        raise UsageError(f"only evaluations of up to {LARGEST_COMPARED} questions are told of here")
    store = visit.service.store
    table = scores_by(store, found, by=by)
    if not table.overall.score.n:
        raise Conflict(f"nothing of {found.id} is scored yet: wait for its first answers")
    twins = twins_told(store, found) if found.planned <= LARGEST_TWINS else None
    return Told(by, table, twins)
