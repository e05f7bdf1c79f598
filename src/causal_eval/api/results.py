"""What came of an evaluation, over HTTP: scores, its questions, one question with reply and proof."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.api.evaluations import Id
from causal_eval.api.paging import UNCHANGED, After, Limit, Name, cursor, place, tagged
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import (
    AskedQuestion,
    FallenInto,
    Given,
    Judged,
    Result,
    ResultLine,
    ResultPage,
    Score,
    Scores,
)
from causal_eval.api.who import Visiting
from causal_eval.questions.card import card
from causal_eval.questions.question import Question, canonical
from causal_eval.scoring.verdict import Mark
from causal_eval.service import incident_effects, results
from causal_eval.store.results import BEGINNING, Cursor, Judgement, Wanted

router = make_router("/evaluations", tag="results")


@router.get("/{evaluation}/scores", response_model=Scores, responses=UNCHANGED)
def get_scores(visit: Visiting, evaluation: Id, request: Request) -> Response:
    """Scores overall, by rung and by family, with intervals."""
    found = results.scored(visit, evaluation)
    items = [Score.model_validate(one) for one in found]
    touched = [FallenInto.model_validate(one) for one in incident_effects.beside(visit, evaluation)]
    return tagged(request, Scores(items=items, kept=found[0].kept if found else 0, incidents=touched))


@router.get("/{evaluation}/results")
def list_results(
    visit: Visiting, evaluation: Id, family: Name | None = None, mark: Annotated[Mark | None, Query()] = None,
    after: After = None, limit: Limit = 50,
) -> ResultPage:  # fmt: skip
    """Its questions in the run's order, with their newest verdicts."""
    start = place(after, Cursor) or BEGINNING
    page = results.page(visit, evaluation, after=start, limit=limit, wanted=Wanted(family, mark))
    following = None if page.end is None else cursor(page.end)
    return ResultPage(items=[ResultLine.model_validate(line) for line in page.lines], next=following)


@router.get("/{evaluation}/results/{question}", response_model=Result, responses=UNCHANGED)
def get_result(visit: Visiting, evaluation: Id, question: Name, request: Request) -> Response:
    """One question with its proof, all that was answered, and how each answer was read."""
    found = results.answers(visit, evaluation, question=question)
    document = Result(
        question=question_out(found.question),
        proof=None if found.question.certificate is None else card(found.question),
        answers=[_given(one) for one in found.judgements],
        failed=list(found.failed),
    )
    return tagged(request, document)


def question_out(question: Question) -> AskedQuestion:
    """A question as it is sent."""
    return AskedQuestion(
        id=question.id, family=question.family, kind=question.kind, rung=question.rung, domain=question.domain,
        regime=question.regime, difficulty=question.difficulty, prompt=question.prompt,
        document=msgspec.json.decode(canonical(question)),
    )  # fmt: skip


def _given(one: Judgement) -> Given:
    outcome, attempt = one.attempt.outcome, one.attempt
    verdicts = [
        Judged(
            mark=verdict.mark.value, strict=verdict.strict.value, share=str(verdict.share), answer=verdict.answer,
            reason=verdict.reason, scorer=verdict.scorer,
        )
        for verdict in one.verdicts
    ]  # fmt: skip
    return Given(
        sample=attempt.ask.sample, text=getattr(outcome, "text", None), reasoning=getattr(outcome, "reasoning", ""),
        refusal=getattr(outcome, "reason", None), finish=getattr(outcome, "finish", ""),
        served=getattr(outcome, "served", ""), latency_ms=getattr(outcome, "latency_ms", 0.0),
        started_at=attempt.started_at, verdicts=verdicts,
    )  # fmt: skip
