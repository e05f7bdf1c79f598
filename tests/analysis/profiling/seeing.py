"""Answers of imaginary answerers, as a profile sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from causal_eval.analysis.observation import Observation
from causal_eval.analysis.twins.seen import Seen
from causal_eval.questions.question import Question
from causal_eval.scoring.format import example
from causal_eval.scoring.grade import judge

Answer = Callable[[Question], Any]
"""The gold-like answer that is given; None: something unreadable."""


def seen(questions: Iterable[Question], answer: Answer, *, answerer: str = "lab/model") -> list[Seen]:
    """What came of asking them."""
    rows = []
    for question in questions:
        given = answer(question)
        text = "hm" if given is None else f"ANSWER: {example(question.answer, given)}"
        verdict = judge(text, "stop", question=question)
        row = Observation(
            answerer=answerer, question=question.id, sample=0, family=question.family, kind=question.kind,
            rung=question.rung, domain=question.domain, regime=question.regime, difficulty=question.difficulty,
            cluster=question.cluster, twin=question.twin, joint=question.joint, exempt=question.exempt,
            mark=verdict.mark, strict=verdict.strict, share=verdict.share,
        )  # fmt: skip
        rows.append(Seen(row, question, verdict.answer))
    return rows
