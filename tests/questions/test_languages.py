"""Languages: the same facts and the same truth in other words, read back, and answered in that language."""

from __future__ import annotations

import re
from functools import cache

import pytest

from causal_eval.errors import UnknownName, UsageError
from causal_eval.questions.certify import verify
from causal_eval.questions.generate import TRANSLATED, Plan, generate
from causal_eval.questions.languages import LANGUAGES, language
from causal_eval.questions.question import AnswerKind, Question
from causal_eval.questions.story import load
from causal_eval.questions.translation import translated, translated_domains
from causal_eval.questions.wording import forms
from causal_eval.scoring.format import example, problems
from causal_eval.scoring.grade import judge
from causal_eval.scoring.verdict import Mark

OTHERS = [code for code in LANGUAGES if code != "en"]
DOMAINS = ("everyday_life", "medicine")


@cache
def told(code: str) -> tuple[Question, ...]:
    """A set in that language, over all families, domains, regimes and renderers that it has."""
    return tuple(generate(Plan(n=90, seed="tongues", families=TRANSLATED, domains=DOMAINS, language=code)))


@pytest.mark.sampled(4)
@pytest.mark.parametrize("code", OTHERS)
def test_the_facts_are_the_same_in_every_language(code: str) -> None:
    """Same seed, same facts, same case and numbers: only the words differ, and all of them are verified."""
    for question, english in zip(told(code), told("en"), strict=True):
        verify(question)
        assert question.language == code
        assert question.certificate is not None
        assert english.certificate is not None
        assert question.certificate.facts == english.certificate.facts
        assert question.certificate.case == english.certificate.case
        if question.answer.kind is AnswerKind.NUMBER:
            assert question.gold == english.gold


@pytest.mark.sampled(4)
@pytest.mark.parametrize("code", OTHERS)
def test_answers_are_read_in_the_language(code: str) -> None:
    """The right answer in its own words is judged right, and yes and no are options of a choice."""
    tongue = language(code)
    for question in told(code):
        assert not problems(question.answer)
        said = f"ANSWER: {example(question.answer, question.gold)}"
        assert judge(said, "stop", question=question).mark is Mark.CORRECT
        assert question.answer.kind is not AnswerKind.YES_NO
    asked = [question for question in told(code) if question.answer.kind is AnswerKind.CHOICE]
    directions = [one for one in asked if one.kind in ("direction", "would")]
    assert directions
    for question in directions:
        assert question.answer.options == (tongue.answer("yes"), tongue.answer("no"))
        wrong = next(option for option in question.answer.options if option != question.gold)
        assert judge(f"ANSWER: {wrong.upper()}", "stop", question=question).mark is Mark.WRONG
        assert judge(f"ANSWER: {question.gold.upper()}", "stop", question=question).mark is Mark.CORRECT


@pytest.mark.sampled(4)
@pytest.mark.parametrize("code", OTHERS)
def test_no_english_word_is_mixed_in(code: str) -> None:
    """No word that is frequent in English prompts, and none of that language, stands in a prompt."""
    for question in told(code):
        words = set(re.findall(r"[a-z]+", question.prompt.lower()))
        assert not words & {"the", "of", "is", "and", "when", "probability", "affects", "given", "level", "which"}


@pytest.mark.parametrize("code", OTHERS)
def test_every_language_says_every_form_that_its_families_print(code: str) -> None:
    """At least two wordings each, in no other slots than the English form has."""
    assert forms(code).keys() <= forms().keys()
    for form in forms(code).values():
        assert len(form.templates) >= 2, form.name


@pytest.mark.parametrize("code", OTHERS)
def test_translated_domains_have_distinct_words(code: str) -> None:
    """No two variables of a domain share a name, and the states of one differ."""
    assert translated_domains(code) == DOMAINS
    for name in DOMAINS:
        variables = translated(load(name), language(code)).variables
        assert len({one.name.lower() for one in variables}) == len(variables)
        assert all(one.states[0] != one.states[1] for one in variables)


def test_what_is_not_translated_is_refused() -> None:
    """An unknown language, a family and a domain without words of it are errors that say what there is."""
    with pytest.raises(UnknownName, match="de"):
        list(generate(Plan(n=1, seed="x", language="xx")))
    with pytest.raises(UsageError, match="attribution"):
        list(generate(Plan(n=1, seed="x", language="de", families=("blanket",))))
    with pytest.raises(UsageError, match="medicine"):
        list(generate(Plan(n=1, seed="x", language="de", domains=("law",), regimes=("real",))))
    (neutral,) = generate(Plan(n=1, seed="x", language="de", domains=("law",), regimes=("nonsense",)))
    verify(neutral)
