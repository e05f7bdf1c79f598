"""What a random wrong answer is worth: it matches mistakes about as often as is said."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.analysis.diagnosis.answering import guesses
from tests.drawn import drawn

from causal_eval.analysis.diagnosis.guessing import distinct, probability
from causal_eval.analysis.diagnosis.miss import read_miss
from causal_eval.questions.question import AnswerKind


def _of(kind: AnswerKind) -> list[int]:
    return [place for place, one in enumerate(drawn(240)) if one.answer.kind is kind]


def test_a_yes_or_no_has_one_wrong_answer() -> None:
    """It matches whatever mistake is possible, which proves nothing."""
    question = drawn(240)[_of(AnswerKind.YES_NO)[0]]
    assert probability("no" if question.gold == "yes" else "yes", question) == 1.0


def test_a_choice_has_as_many_wrong_answers_as_other_options() -> None:
    """Each is as probable as the others."""
    question = drawn(240)[_of(AnswerKind.CHOICE)[0]]
    wrong = [option for option in question.answer.options if option != question.gold]
    assert sum(probability(option, question) for option in wrong) == pytest.approx(1.0)


def test_a_number_falls_into_the_window_of_its_tolerance() -> None:
    """Two hundredths of a half of what a probability can be."""
    found = {round(probability("0.5", drawn(240)[place]), 6) for place in _of(AnswerKind.NUMBER)}
    assert found == {0.01, 0.005}


@pytest.mark.parametrize("kind", [AnswerKind.LABELS, AnswerKind.SET, AnswerKind.SETS, AnswerKind.GRAPH])
def test_an_answer_next_to_the_truth_is_no_rare_one(kind: AnswerKind) -> None:
    """A careless answer that differs in one place is far more probable than one of all that the format allows."""
    question = drawn(240)[_of(kind)[0]]
    near: Any
    far: Any
    if kind is AnswerKind.LABELS:
        item = question.answer.items[0]
        others = [option for option in question.answer.options if option != question.gold[item]]
        near, far = {**question.gold, item: others[0]}, dict.fromkeys(question.answer.items, others[0])
    elif kind is AnswerKind.GRAPH:
        near = {**question.gold, "directed": question.gold["directed"][1:]}
        far = {"directed": [], "undirected": []}
    else:
        first = set(question.gold[0]) if question.gold else set()
        near = [sorted(first ^ {question.answer.items[0]}), *(question.gold[1:] if kind is AnswerKind.SETS else [])]
        far = [sorted(set(question.answer.items) - first)]
    assert probability(near, question) > probability(far, question)


def test_an_answer_that_two_mistakes_give_counts_once() -> None:
    """Otherwise a random answer would seem to match more often than it can."""
    question = drawn(240)[_of(AnswerKind.NUMBER)[0]]
    assert distinct(["0.5", "1/2", "0.502", "0.7"], question) == ["0.5", "0.7"]


def test_guesses_match_about_as_often_as_is_said() -> None:
    """Over all questions the matches of a guesser do not exceed what is expected by more than chance allows.

    Choices and numbers hold what can be checked: of formulas a guesser names those that are mistakes.
    """
    kinds = (AnswerKind.NUMBER, AnswerKind.CHOICE, AnswerKind.YES_NO, AnswerKind.LABELS, AnswerKind.SET)
    asked = [one for one in drawn(240) if one.answer.kind in kinds]
    found = [read_miss(one) for seed in "abcd" for question in asked if (one := guesses(question, seed=seed))]
    expected = sum(miss.chance for miss in found)
    hits = sum(bool(miss.matched) for miss in found)
    assert hits <= expected + 3.0 * math.sqrt(expected)
    assert hits >= expected / 3
