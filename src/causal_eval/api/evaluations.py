"""Evaluations over HTTP: begun, listed, held, stopped, tried again."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.api.once import Made, Once
from causal_eval.api.paging import UNCHANGED, After, Limit, Name, cursor, place, tagged
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import (
    Counts,
    Evaluation,
    EvaluationLine,
    EvaluationOrder,
    EvaluationPage,
    Making,
    RetryRequest,
)
from causal_eval.api.who import Visiting
from causal_eval.service import jobs, makings, results
from causal_eval.service.wiring import Visit
from causal_eval.store.makings import Making as MakingRow

router = make_router("/evaluations", tag="evaluations")

Id = Annotated[Name, Path(description="Id of an evaluation.", examples=["ev-0123456789abcdef"])]


@router.post(
    "", status_code=201, response_model=Evaluation,
    responses={202: {"model": Making, "description": "It begins when its question set is made."}},
)  # fmt: skip
def create_evaluation(visit: Visiting, wanted: EvaluationOrder, once: Once) -> Response:
    """Begin an evaluation: a worker takes it up; its state and results are under the address in ``Location``.

    On a set that is being made (the id of its making), it begins when that is done: 202, and the making in ``Location``
    says which evaluation it is then.
    """

    def make() -> Made:
        found = makings.begin(visit, wanted.order())
        if isinstance(found, MakingRow):
            return Made(f"/api/v1/makings/{found.id}", Making.model_validate(found), 202)
        return Made(f"/api/v1/evaluations/{found.evaluation.id}", _whole(visit, found))

    return once.done(visit, make)


@router.get("")
def list_evaluations(
    visit: Visiting, project: Name | None = None, after: After = None, limit: Limit = 50
) -> EvaluationPage:
    """The newest evaluations of a project, or of all of the caller's."""
    lines = jobs.listed(visit, project=project, before=place(after, tuple[float, str]), limit=limit)
    last = lines[-1].job if len(lines) == limit else None
    following = None if last is None else cursor((last.created_at, last.evaluation_id))
    return EvaluationPage(items=[EvaluationLine.of(line) for line in lines], next=following)


@router.get("/{evaluation}", response_model=Evaluation, responses=UNCHANGED)
def get_evaluation(visit: Visiting, evaluation: Id, request: Request) -> Response:
    """One evaluation and how far it is."""
    return tagged(request, _shown(results.whole(visit, evaluation)))


@router.post("/{evaluation}/cancel")
def cancel_evaluation(visit: Visiting, evaluation: Id) -> Evaluation:
    """Stop it: no call begins any more; what arrived is kept."""
    return _whole(visit, jobs.cancel(visit, evaluation))


@router.post("/{evaluation}/pause")
def pause_evaluation(visit: Visiting, evaluation: Id) -> Evaluation:
    """Hold it: open calls end and are kept."""
    return _whole(visit, jobs.pause(visit, evaluation, paused=True))


@router.post("/{evaluation}/resume")
def resume_evaluation(visit: Visiting, evaluation: Id) -> Evaluation:
    """Let it go on."""
    return _whole(visit, jobs.pause(visit, evaluation, paused=False))


@router.post("/{evaluation}/retry")
def retry_evaluation(visit: Visiting, evaluation: Id, wanted: RetryRequest | None = None) -> Evaluation:
    """Ask again for what is missing, and for that alone; `budget` takes the place of its cap."""
    return _whole(visit, jobs.retry(visit, evaluation, budget=None if wanted is None else wanted.budget))


def _whole(visit: Visit, found: jobs.Ordered) -> Evaluation:
    return _shown(results.Whole(found, results.counted(visit, found)))


def _shown(whole: results.Whole) -> Evaluation:
    counted = whole.counts
    marks = {mark.value: count for mark, count in counted.marks.items()}
    counts = Counts(wanted=counted.wanted, kept=counted.kept, failed_calls=counted.failed_calls, marks=marks)
    return Evaluation.whole(whole.found, counts)
