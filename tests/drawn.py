"""Questions of every family that several files look at and none changes, made once in a process."""

from __future__ import annotations

import functools

from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question


def drawn(n: int) -> tuple[Question, ...]:
    """The first *n*, of 360 at most, of a set over all families."""
    return _all()[:n]


@functools.cache
def _all() -> tuple[Question, ...]:
    return tuple(generate(Plan(n=360, seed="diagnose")))
