"""Questions and answerers for runs, with everything that does not matter filled in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import pytest
from tests.asked import asked

from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.run import Watch
from causal_eval.providers.halt import Halt
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Reply
from causal_eval.questions.question import AnswerKind, AnswerSpec, Question
from causal_eval.scoring.verdict import Mark, Verdict


def _question(number: int, **other: Any) -> Question:
    fields: dict[str, Any] = {
        "family": "effect",
        "kind": "ate",
        "rung": 2,
        "domain": "medicine",
        "regime": "real",
        "difficulty": 1,
        "cluster": f"c{number // 3}",
        "prompt": f"Question number {number}?",
        "answer": AnswerSpec(AnswerKind.YES_NO),
        "gold": "yes",
    }
    return asked(f"q{number:05d}", **{**fields, **other})


class Scripted:
    """Answers by a function of (question id, sample) and remembers whom it was asked."""

    name = "script/one"

    def __init__(self, script: Callable[[Ask], Outcome] | None = None) -> None:
        self.asked: list[tuple[str, int]] = []
        self._script = script or (lambda _: Reply("ANSWER: yes"))

    async def answer(self, ask: Ask) -> Outcome:
        self.asked.append((ask.question.id, ask.sample))
        return self._script(ask)

    async def close(self) -> None:
        """Hold nothing."""


class Calm:
    """A watch that never halts."""

    def note(self, outcome: Outcome) -> Halt | None:
        assert outcome is not None
        return None


class AtOnce:
    """Halts at the first failure."""

    def __init__(self, kind: FailureKind) -> None:
        self._kind = kind

    def note(self, outcome: Outcome) -> Halt | None:
        return Halt(self._kind, "gone") if isinstance(outcome, Failure) else None


def _judge(text: str, finish: str, question: Question) -> Verdict:
    assert finish
    right = text.removeprefix("ANSWER: ") == question.gold
    mark = Mark.CORRECT if right else Mark.WRONG
    return Verdict(mark, mark, Fraction(right), answer=text)


@pytest.fixture
def make_question() -> Callable[..., Question]:
    """A question by its number; three share a cluster; any field by keyword."""
    return _question


@pytest.fixture
def ten(make_question: Callable[..., Question]) -> Sequence[Question]:
    """Ten questions in four clusters."""
    return [make_question(number) for number in range(10)]


@pytest.fixture
def scripted() -> type[Scripted]:
    """An answerer that follows a function."""
    return Scripted


@pytest.fixture
def calm() -> Watch:
    """A watch that never halts."""
    return Calm()


@pytest.fixture
def at_once() -> type[AtOnce]:
    """A watch that halts at the first failure, for a reason of the given kind."""
    return AtOnce


@pytest.fixture
def judge() -> Callable[[str, str, Question], Verdict]:
    """Right is what repeats the gold answer after ``ANSWER:``."""
    return _judge
