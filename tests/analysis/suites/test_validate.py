"""Validation: a sound set passes, and whatever is wrong with a set is found and named."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from causal_eval.analysis.suites.card import Origin, card
from causal_eval.analysis.suites.page import page
from causal_eval.analysis.suites.recorded import recorded
from causal_eval.analysis.suites.validate import BLIND, FamilyCheck, reading_grade, validate
from causal_eval.evaluation.baselines.fit import Fitted, fit
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import AnswerKind, AnswerSpec, Question
from causal_eval.questions.suite import training

FAMILIES = ("attribution", "effect")


@pytest.fixture(scope="module")
def learnt() -> Fitted:
    return fit(generate(training(60, families=FAMILIES)))


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return list(generate(Plan(n=60, seed="validate", families=FAMILIES)))


def checked(questions: list[Question], learnt: Fitted) -> dict[str, FamilyCheck]:
    return {one.family: one for one in validate(questions, learnt)}


@pytest.mark.slow
def test_a_generated_set_is_sound(questions: list[Question], learnt: Fitted) -> None:
    """Every question is proven, no cluster repeats another, and numbers keep their distance from mistakes."""
    found = checked(questions, learnt)
    assert [one.sound for one in found.values()] == [True, True]
    assert sum(one.questions for one in found.values()) == len(questions)
    assert found["effect"].nearest is not None
    assert found["effect"].nearest >= Fraction(3, 200)
    assert {blind.name for blind in found["effect"].shortcuts} == set(BLIND)


def test_a_changed_gold_is_found(questions: list[Question], learnt: Fitted) -> None:
    """A number that its prompt does not give is named with its question."""
    number = next(one for one in questions if one.answer.kind == "number")
    wrong = [replace(one, gold="1/2") if one is number else one for one in questions]
    found = checked(wrong, learnt)["effect"]
    assert not found.sound
    assert len(found.mismatches) == 1
    assert number.id in found.mismatches[0]


def test_the_same_question_in_other_words_is_found(learnt: Fitted) -> None:
    """Two clusters of one graph under other names are a repeat."""
    plan = Plan(n=1, seed="twice", families=("attribution",), regimes=("nonsense",), domains=("medicine",))
    words = [next(generate(replace(plan, regimes=(regime,)))) for regime in ("nonsense", "placeholder")]
    found = checked(words, learnt)["attribution"]
    assert found.repeats == ((words[0].cluster, words[1].cluster),)


@pytest.mark.slow
def test_a_shortcut_that_pays_is_found(learnt: Fitted) -> None:
    """Where the answer is always what stands first, the order of mention is shown to score more than chance."""
    labels = [one for one in generate(Plan(n=90, seed="pays", families=("effect",))) if one.answer.kind == "yes_no"]
    told = [replace(one, gold="yes" if len(one.prompt) % 2 else "no", joint=False) for one in labels]
    found = checked(told, learnt)["effect"]
    assert "order" in [blind.name for blind in found.shortcuts if blind.pays]


def test_the_reading_level_grows_with_sentences_and_words() -> None:
    """Longer sentences of longer words take more years of school."""
    easy = reading_grade("The dog ran. The cat sat.")
    hard = reading_grade("Notwithstanding intermittent methodological considerations, investigators deliberate.")
    assert easy < 3
    assert hard > 12


def test_card_and_page_say_what_was_found(questions: list[Question], learnt: Fitted) -> None:
    """Both name every family, the set's hash and the canary or verdict, and escape nothing twice."""
    checks = validate(questions, learnt)
    told = card(Origin("mine.jsonl", "set-1", "0.1.0", "3"), checks, questions)
    shown = page(checks, questions, digest="set-1", title="Mine & yours")
    for family in FAMILIES:
        assert family in told
        assert f'id="{family}"' in shown
    assert "canary" in told
    assert ("## Shortcuts, recorded" in told) == bool({*FAMILIES} & {*recorded()})
    assert "Every question is proven" in shown
    assert "Mine &amp; yours" in shown
    assert shown.count("<svg") == len(FAMILIES)


def test_questions_that_no_family_made_are_told_by_their_own_name(learnt: Fitted) -> None:
    """A user's own file has no proofs: it is told so, and neither page nor card fails on its family."""
    own = Question(
        id="a", family="custom", kind="", rung=0, domain="", regime="", difficulty=0, cluster="a", twin=None,
        joint=False, exempt=(), prompt="What is 2 + 2?", answer=AnswerSpec(AnswerKind.NUMBER), gold="4",
        certificate=None,
    )  # fmt: skip
    checks = validate([own], learnt)
    assert "no certificate" in checks[0].mismatches[0]
    assert "custom" in page(checks, [own], digest="set-1", title="Mine")
    assert "custom (own)" in card(Origin("mine", "set-1", "0.1.0", ""), checks, [own])
