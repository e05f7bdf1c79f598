"""What came of an evaluation: counts while it goes on, scores by scope, its questions, one question with its proof."""

from __future__ import annotations

from itertools import chain
from typing import NamedTuple

from causal_eval.analysis.profile import profile
from causal_eval.analysis.tables import score_rows
from causal_eval.evaluation.chance import shipped
from causal_eval.providers.prices import read_prices
from causal_eval.service import jobs
from causal_eval.service.access import Permission, require
from causal_eval.service.pricing import pricer
from causal_eval.service.splits import check_open
from causal_eval.service.wiring import Service, Visit
from causal_eval.store import results, scores
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.observations import observations
from causal_eval.store.results import BEGINNING, Answers, Counts, Cursor, Line, Wanted
from causal_eval.store.scores import StoredScore

LARGEST_SCORED_AT_ONCE = 2_000
"""Outcomes of which a door computes the scores while somebody waits; of more, a worker does."""


class Page(NamedTuple):
    """A page of questions, and where the next begins."""

    lines: list[Line]
    end: Cursor | None
    """None: this is the last."""


class Whole(NamedTuple):
    """One evaluation and how far it is."""

    found: jobs.Ordered
    counts: Counts


def counts(visit: Visit, evaluation: str) -> Counts:
    """How far it is."""
    return counted(visit, jobs.find(visit, evaluation))


def counted(visit: Visit, found: jobs.Ordered) -> Counts:
    """How far one is that the caller has just found."""
    require(visit.caller, Permission.READ, project=found.job.project)
    with visit.service.store.reading() as connection:
        return results.counts(connection, found.evaluation)


def whole(visit: Visit, evaluation: str) -> Whole:
    """An evaluation with its job and its counts, of one moment.

    Raises:
        UnknownName: there is none, or it is another project's.
    """
    with jobs.looking(visit, evaluation) as (connection, found):
        return Whole(found, results.counts(connection, found.evaluation))


def scored(visit: Visit, evaluation: str) -> list[StoredScore]:
    """Its scores by scope, overall first: computed now where they are few, else as a worker computed them last."""
    found = jobs.find(visit, evaluation).evaluation
    with visit.service.store.reading() as connection:
        there, now = scores.load_scores(connection, found.id), scores.state(connection, found.id)
    if (there and there[0].kept == now.kept and there[0].verdicts == now.verdicts) or not now.kept:
        return there
    return there if now.kept > LARGEST_SCORED_AT_ONCE else compute(visit.service, found)


def compute(service: Service, evaluation: Evaluation) -> list[StoredScore]:
    """Score *evaluation* from its rows, and keep the scores."""
    found = fresh(service, evaluation)
    with service.store.writing() as connection:
        scores.save_scores(connection, evaluation.id, stored=found)
    return found


def fresh(service: Service, evaluation: Evaluation) -> list[StoredScore]:
    """The scores of *evaluation* from its rows as they are now; nothing is kept."""
    with service.store.reading() as connection:
        of = scores.state(connection, evaluation.id)
    price = pricer(evaluation.spec, read_prices(service.settings.prices))
    found = profile(chain(observations(service.store, evaluation, price=price)))
    return scores.stored_scores(evaluation.id, score_rows(found, shipped()), of=of, at=service.clock())


def page(
    visit: Visit,
    evaluation: str,
    *,
    after: Cursor = BEGINNING,
    limit: int = 50,
    wanted: Wanted | None = None,
) -> Page:
    """Its questions after *after* in the run's order."""
    found = jobs.find(visit, evaluation).evaluation
    with visit.service.store.reading() as connection:
        lines = results.page(connection, found, after=after, limit=limit, wanted=wanted)
    return Page(lines, _cursor(lines[-1]) if len(lines) == limit else None)


def answers(visit: Visit, evaluation: str, *, question: str) -> Answers:
    """One of its questions, with everything that was answered.

    Raises:
        Conflict: it is of a verified submission that is not scored yet, or of a set that is not revealed.
    """
    found = jobs.find(visit, evaluation).evaluation
    with visit.service.store.reading() as connection:
        check_open(connection, found.id)
        return results.answers(connection, found, question=question)


def _cursor(line: Line) -> Cursor:
    return Cursor(line.position, -1 if line.sample is None else line.sample)
