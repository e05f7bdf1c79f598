"""Evaluations side by side with their scores: the list, and the leaderboard of one question set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causal_eval.service import jobs, questions
from causal_eval.service.access import Permission, require
from causal_eval.service.results import LARGEST_SCORED_AT_ONCE, scored
from causal_eval.service.wiring import Visit
from causal_eval.store.jobs import JobLine, JobStatus, list_jobs
from causal_eval.store.scores import StoredScore, scope_scores
from causal_eval.store.suites import StoredSet

OVERALL = "overall"
MOST_COMPUTED = 8
"""Evaluations that are scored while somebody looks at a list; the others when they are looked at."""
MOST_RANKED = 500


@dataclass(frozen=True, slots=True)
class Scored:
    """An evaluation with its score."""

    line: JobLine
    score: StoredScore | None
    """None: not computed, or nothing of it can be scored."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """An evaluation on a leaderboard; where ranks differ, intervals allow no more to be said."""

    scored: Scored
    best: int
    """Rank if everybody whose interval meets this one is worse."""
    worst: int


@dataclass(frozen=True, slots=True)
class Board:
    """The evaluations of one question set, highest score first."""

    question_set: StoredSet
    scope: str
    ranked: tuple[Ranked, ...]
    scopes: tuple[str, ...]
    """Those in which somebody has a score."""


def overview(
    visit: Visit, *, project: str | None = None, before: tuple[float, str] | None = None, limit: int = jobs.PAGE
) -> list[Scored]:
    """The newest evaluations that the caller may see, with their overall scores."""
    return _with_scores(visit, jobs.listed(visit, project=project, before=before, limit=limit), scope=OVERALL)


def board(visit: Visit, question_set: str, *, scope: str = OVERALL) -> Board:
    """The leaderboard of a set in *scope*, made of what the caller may see.

    Raises:
        UnknownName: the caller may use no such set.
    """
    require(visit.caller, Permission.READ)
    found = questions.find(visit, question_set)
    with visit.service.store.reading() as connection:
        lines = list_jobs(connection, visit.caller.projects, before=None, limit=MOST_RANKED, question_set=found.digest)
        finished = [line for line in lines if line.job.status is not JobStatus.OPEN]
    there = [one for one in _with_scores(visit, finished, scope=scope) if one.score and one.score.score is not None]
    scopes = dict.fromkeys(row.scope for one in there[:1] for row in scored(visit, one.line.job.evaluation_id))
    return Board(found, scope, tuple(ranked(there)), tuple(scopes))


def ranked(rows: Sequence[Scored]) -> list[Ranked]:
    """*rows* by score; a rank is certain only against those whose interval lies wholly above or below."""
    order = sorted(rows, key=lambda one: (-_score(one), one.line.answerer, one.line.job.evaluation_id))
    return [
        Ranked(
            one,
            best=1 + sum(_low(other) > _high(one) for other in order),
            worst=len(order) - sum(_high(other) < _low(one) for other in order),
        )
        for one in order
    ]


def _with_scores(visit: Visit, lines: Sequence[JobLine], *, scope: str) -> list[Scored]:
    ids = [line.job.evaluation_id for line in lines]
    with visit.service.store.reading() as connection:
        there = scope_scores(connection, ids, scope=scope)
    lacking = [line for line in lines if line.job.evaluation_id not in there and _is_quick(line)]
    for line in lacking[:MOST_COMPUTED]:
        rows = {row.scope: row for row in scored(visit, line.job.evaluation_id)}
        if scope in rows:
            there[line.job.evaluation_id] = rows[scope]
    return [Scored(line, there.get(line.job.evaluation_id)) for line in lines]


def _is_quick(line: JobLine) -> bool:
    return line.job.status is not JobStatus.OPEN and 0 < line.kept <= LARGEST_SCORED_AT_ONCE


def _score(one: Scored) -> float:
    return (one.score.score if one.score else None) or 0.0


def _low(one: Scored) -> float:
    low = one.score.low if one.score else None
    return 0.0 if low is None else low


def _high(one: Scored) -> float:
    high = one.score.high if one.score else None
    return 1.0 if high is None else high
