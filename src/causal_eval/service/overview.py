"""The list of evaluations with their scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causal_eval.service import jobs
from causal_eval.service.results import LARGEST_SCORED_AT_ONCE, scored
from causal_eval.service.wiring import Visit
from causal_eval.store.jobs import JobLine, JobStatus
from causal_eval.store.scores import StoredScore, scope_scores

OVERALL = "overall"
MOST_COMPUTED = 8
"""Evaluations that are scored while somebody looks at a list; the others when they are looked at."""


@dataclass(frozen=True, slots=True)
class Scored:
    """An evaluation with its score."""

    line: JobLine
    score: StoredScore | None
    """None: not computed, or nothing of it can be scored."""


def overview(
    visit: Visit, *, project: str | None = None, before: tuple[float, str] | None = None, limit: int = jobs.PAGE
) -> list[Scored]:
    """The newest evaluations that the caller may see, with their overall scores."""
    return _with_scores(visit, jobs.listed(visit, project=project, before=before, limit=limit))


def _with_scores(visit: Visit, lines: Sequence[JobLine]) -> list[Scored]:
    ids = [line.job.evaluation_id for line in lines]
    with visit.service.store.reading() as connection:
        there = scope_scores(connection, ids, scope=OVERALL)
    lacking = [line for line in lines if line.job.evaluation_id not in there and _is_quick(line)]
    for line in lacking[:MOST_COMPUTED]:
        rows = {row.scope: row for row in scored(visit, line.job.evaluation_id)}
        if OVERALL in rows:
            there[line.job.evaluation_id] = rows[OVERALL]
    return [Scored(line, there.get(line.job.evaluation_id)) for line in lines]


def _is_quick(line: JobLine) -> bool:
    return line.job.status is not JobStatus.OPEN and 0 < line.kept <= LARGEST_SCORED_AT_ONCE
