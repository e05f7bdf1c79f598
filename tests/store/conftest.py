"""A fresh database and questions for it, with everything that does not matter filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.asked import asked

from causal_eval.questions.question import AnswerKind, AnswerSpec, Certificate, Question, Step
from causal_eval.scoring.verdict import Mark, Verdict
from causal_eval.store.database import Store, open_store


def _question(number: int, **other: Any) -> Question:
    fields: dict[str, Any] = {
        "family": "effect",
        "kind": "ate",
        "rung": 2,
        "domain": "medicine",
        "regime": "real",
        "difficulty": 1,
        "cluster": f"c{number // 3}",
        "exempt": ("association",),
        "prompt": f"Question number {number}?",
        "answer": AnswerSpec(AnswerKind.NUMBER, tolerance=Fraction(1, 300)),
        "gold": "3/10",
        "certificate": Certificate(
            {"graph": [["a", "b"]]}, "E[b | do(a)]", (Step("s1", "given", "t", "k", '"1/2"'),), {}, {"naive": '"1/2"'}
        ),
    }
    return asked(f"q{number:05d}", **{**fields, **other})


def _judge(text: str, finish: str, question: Question) -> Verdict:
    assert finish
    mark = Mark.CORRECT if text == question.gold else Mark.WRONG
    return Verdict(mark, mark, Fraction(mark is Mark.CORRECT), answer=text)


@pytest.fixture
def make_question() -> Callable[..., Question]:
    """A question by its number; three share a cluster; any field by keyword."""
    return _question


@pytest.fixture
def judge() -> Callable[[str, str, Question], Verdict]:
    """Right is the gold answer itself."""
    return _judge


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty, up-to-date database, on SQLite and on PostgreSQL."""
    opened = open_store(database_url)
    yield opened
    opened.close()


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[Store]:
    """An empty, up-to-date SQLite file."""
    opened = open_store(f"sqlite:///{tmp_path}/store.db")
    yield opened
    opened.close()
