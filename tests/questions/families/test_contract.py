"""What every family keeps, whatever it asks."""

from __future__ import annotations

import functools
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from causal_eval.questions.catalog import FAMILIES, family
from causal_eval.questions.certify import verify
from causal_eval.questions.family import APART
from causal_eval.questions.question import AnswerKind, Question
from causal_eval.questions.telling import Slot, pose
from causal_eval.scoring.format import example, problems
from causal_eval.scoring.grade import judge
from causal_eval.scoring.verdict import Mark
from causal_eval.seeds import Stream

KINDS = [(name, kind.name) for name in FAMILIES for kind in family(name).kinds]
REGIMES = ("real", "anti", "nonsense", "placeholder")


@functools.cache
def posed(name: str, kind: str, count: int = 5) -> list[list[Question]]:
    """*count* twin groups, one of each difficulty, in the regimes by turns."""
    found = family(name)
    return [
        pose(
            Slot(found, found.kind(kind), "medicine", REGIMES[index % 4], 1 + index % 5, index),
            Stream("contract", name, kind, index),
            seed=f"contract/{index}",
        )
        for index in range(count)
    ]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("name", "kind"), KINDS, ids=[f"{name}-{kind}" for name, kind in KINDS])
def test_every_question_is_proven_by_its_prompt(name: str, kind: str) -> None:
    """Facts read back from the prompt give the same case, answer, derivation and mistakes."""
    for group in posed(name, kind):
        assert len(group) == family(name).kind(kind).size
        for question in group:
            verify(question)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("name", "kind"), KINDS, ids=[f"{name}-{kind}" for name, kind in KINDS])
def test_the_answer_can_be_given_and_no_named_mistake_is_it(name: str, kind: str) -> None:
    """Gold as text is judged right; a wrong method is wrong on every question, or on one of a group scored as one."""
    groups = posed(name, kind)
    assert all(not problems(question.answer) for group in groups for question in group)
    assert all(right(question, question.gold) for group in groups for question in group)
    units = groups if family(name).kind(kind).joint else [[question] for group in groups for question in group]
    for unit in units:
        for mistake in set.intersection(*(set(mistakes(question)) for question in unit)):
            assert not all(right(question, mistakes(question)[mistake]) for question in unit), mistake
    assert any(mistakes(question) for group in groups for question in group)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("name", "kind"), KINDS, ids=[f"{name}-{kind}" for name, kind in KINDS])
def test_a_wrong_number_is_wrong_by_three_tolerances(name: str, kind: str) -> None:
    """Where one number is asked for, every named mistake lies at least 0.015 from it."""
    for question in (question for group in posed(name, kind) for question in group):
        if question.answer.kind is AnswerKind.NUMBER:
            gold = Fraction(question.gold)
            assert all(abs(Fraction(wrong) - gold) >= APART for wrong in mistakes(question).values())


def right(question: Question, answer: object) -> bool:
    return judge(f"ANSWER: {example(question.answer, answer)}", "stop", question=question).mark is Mark.CORRECT


def mistakes(question: Question) -> dict[str, Any]:
    assert question.certificate is not None
    return {name: msgspec.json.decode(written) for name, written in question.certificate.mistakes.items()}


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("name", "kind"), KINDS, ids=[f"{name}-{kind}" for name, kind in KINDS])
def test_twins_that_are_scored_as_one_do_not_all_have_one_answer(name: str, kind: str) -> None:
    """In a jointly scored group at least two answers differ."""
    if family(name).kind(kind).joint:
        for group in posed(name, kind):
            assert len({msgspec.json.encode(question.gold) for question in group}) > 1
