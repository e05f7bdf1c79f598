"""Shortcuts do not pay: what sees no causality scores at most chance and two points, by the statistics of a report.

The statement is about the one-sided 95 % upper bound, clustered by causal model, which needs thousands of questions. A
small sample can only contradict it: there the lower bound is held against the same limit.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from causal_eval.analysis.chance import chance_of
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.profile import AnswererProfile, Standing, profile
from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.baselines.answer import Baseline
from causal_eval.evaluation.baselines.fit import Fitted, fit
from causal_eval.evaluation.baselines.shortcuts import SHORTCUTS
from causal_eval.evaluation.chance import shipped
from causal_eval.providers.provider import Reply
from causal_eval.questions.catalog import FAMILIES
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question
from causal_eval.questions.suite import training
from causal_eval.scoring.grade import judge

pytestmark = pytest.mark.anyio

ALLOWED = 0.02
"""What a shortcut may score beyond chance."""
TWO_SIDED = 0.9
"""The level at which both ends of an interval are one-sided 95 % bounds."""
BLIND = sorted(set(SHORTCUTS) - {"oracle"})


async def observed(answerer: Baseline, question: Question) -> Observation:
    """A baseline's judged answer to *question*."""
    outcome = await answerer.answer(Ask(question))
    assert isinstance(outcome, Reply)
    verdict = judge(outcome.text, outcome.finish, question=question)
    return Observation(
        answerer.name, question.id, 0, family=question.family, kind=question.kind, rung=question.rung,
        domain=question.domain, regime=question.regime, difficulty=question.difficulty, cluster=question.cluster,
        twin=question.twin, joint=question.joint, exempt=question.exempt, mark=verdict.mark, strict=verdict.strict,
        share=verdict.share,
    )  # fmt: skip


async def profiles(
    questions: Sequence[Question], fitted: Fitted, *, level: float = TWO_SIDED
) -> tuple[AnswererProfile, ...]:
    """How every blind baseline stands."""
    answerers = [Baseline(f"baseline/{name}", lambda _: fitted) for name in BLIND]
    rows = [await observed(answerer, question) for answerer in answerers for question in questions]
    return profile(rows, level=level).answerers


def line(answerer: AnswererProfile, standing: Standing, limit: float) -> str:
    """One finding for the message of a failure."""
    score = standing.score
    return f"{answerer.answerer} on {standing.scope.label}: {score.low} .. {score.high} of {score.n} against {limit}"


def limit_of(answerer: AnswererProfile, standing: Standing) -> float:
    """Chance in the scope as this answerer met it, and what is allowed beyond."""
    worth = chance_of(answerer, standing.scope, chance=shipped())
    assert worth is not None
    return worth + ALLOWED


def proven(answerers: Sequence[AnswererProfile]) -> list[str]:
    """Everything, at any scope, that is shown to pay: the lower bound lies above the limit."""
    return [
        line(answerer, standing, limit_of(answerer, standing))
        for answerer in answerers
        for standing in (answerer.overall, *answerer.families, *answerer.kinds)
        if standing.score.low is not None and standing.score.low > limit_of(answerer, standing)
    ]


@pytest.mark.slow
async def test_no_shortcut_is_seen_to_pay() -> None:
    """On a small set no score lies so far above chance + 2 points that its size could not explain it."""
    questions = list(generate(Plan(n=1500, seed="shortcuts")))
    together = 1.0 - (1.0 - TWO_SIDED) / (
        len(FAMILIES) * len(BLIND)
    )  # of so many some would seem to by luck (Bonferroni)
    assert not proven(await profiles(questions, fit(generate(training(600))), level=together))


async def test_only_the_association_is_exempt_and_only_where_it_is_asked_for() -> None:
    """Exempt are questions of the first rung, for the association, and they are no part of its score."""
    questions = list(generate(Plan(n=120, seed="exempt", families=("effect",))))
    marked = [question for question in questions if question.exempt]
    assert marked
    assert {(question.kind, question.rung, question.exempt) for question in marked} == {("seeing", 1, ("association",))}
    for answerer in await profiles(questions, fit(generate(training(50)))):
        left_out = len(marked) if answerer.answerer == "baseline/association" else 0
        assert answerer.overall.exempt == left_out


@pytest.mark.full
@pytest.mark.parametrize("family", FAMILIES)
async def test_shortcuts_do_not_pay(family: str) -> None:
    """No shortcut's upper bound on a family exceeds chance + 2 points, trained on thousands of other questions."""
    questions = list(generate(Plan(n=5000, seed="shortcuts in full", families=(family,))))
    answerers = await profiles(questions, fit(generate(training(3000, families=(family,)))))
    for answerer in answerers:
        (standing,) = answerer.families
        limit = limit_of(answerer, standing)
        assert standing.score.high is not None
        assert standing.score.high <= limit, line(answerer, standing, limit)
    assert not proven(answerers)
