"""Verification: a sound question passes from its prompt alone, and every alteration of a printed fact is caught."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.catalog import FAMILIES
from causal_eval.questions.certify import check_steps, lexicon_of, stated, verify
from causal_eval.questions.facts import Fact, Facts
from causal_eval.questions.file import read_questions, write_jsonl
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.network import contrast_of
from causal_eval.questions.question import Question
from causal_eval.questions.render import read_prompt
from causal_eval.questions.shape import shape_of
from causal_eval.questions.story import contexts
from causal_eval.questions.telling import identity
from causal_eval.seeds import Stream


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return list(generate(Plan(n=150, seed="certify")))


def resigned(question: Question) -> Question:
    """The question with the id of its (altered) content, so that only the facts can betray it."""
    return replace(question, id=identity(question))


@pytest.mark.slow
def test_every_generated_question_verifies_from_its_file(questions: list[Question], tmp_path: Path) -> None:
    """Facts, case, answer, format, steps, mistakes and id are re-derived equal; no cluster asks what another asks."""
    write_jsonl(questions, tmp_path / "set.jsonl")
    again = list(read_questions(tmp_path / "set.jsonl"))
    assert [one.id for one in again] == [one.id for one in questions]
    told: dict[str, list[Facts]] = defaultdict(list)
    for question in again:
        verify(question)
        assert question.certificate is not None
        told[question.cluster].append(stated(question, question.certificate))
    nodes = {one.cluster: len(one.certificate.names) for one in again if one.certificate}
    assert len({shape_of(members, nodes[cluster]) for cluster, members in told.items()}) == len(told)


def body(question: Question) -> list[str]:
    return question.prompt.split("\n")


def mutants(question: Question, stream: Stream) -> list[Question]:
    """The question with one printed line dropped, doubled, or exchanged for one of another question's shape."""
    lines = body(question)
    facts = [place for place, line in enumerate(lines) if place and line and place != len(lines) - 1]
    place = stream.choice(facts)
    dropped = lines[:place] + lines[place + 1 :]
    changed = list(lines)
    changed[place] = altered(lines[place], question, stream)
    return [resigned(replace(question, prompt="\n".join(new))) for new in (dropped, changed) if new != lines]


def altered(line: str, question: Question, stream: Stream) -> str:
    """The line with two names exchanged, a state flipped, or a number changed."""
    assert question.certificate is not None
    words = list(question.certificate.names.values())
    present = [word for word in words if word[0].lower() in line.lower()]
    if not present:
        return line + " Or not."
    name, low, high = stream.choice(present)
    for state, other in ((low, high), (high, low)):
        lower = line.lower()
        clause = f"{name} is {state}".lower()
        if clause in lower:
            start = lower.index(clause)
            return line[:start] + f"{name} is {other}" + line[start + len(clause) :]
    others = [word[0] for word in words if word[0].lower() not in line.lower()]
    if not others:
        return ""
    start = line.lower().index(name.lower())
    return line[:start] + stream.choice(others) + line[start + len(name) :]


def says_the_same(question: Question, mutant: Question) -> bool:
    """A probability of one half for the other state is the same statement in other words."""
    assert question.certificate is not None
    words, known = lexicon_of(question.certificate), contexts(question.domain, question.regime)
    try:
        facts = [
            read_prompt(one.prompt, words, contexts=known, renderer=question.renderer) for one in (question, mutant)
        ]
        return facts[0] == facts[1]
    except VerificationMismatch:
        return False


@pytest.mark.slow
def test_every_mutation_of_a_printed_fact_is_caught(questions: list[Question]) -> None:
    """Dropping or altering any one line makes verification fail, though the id is made to fit."""
    stream = Stream("mutation")
    tried = 0
    for question in questions:
        for mutant in mutants(question, stream):
            if says_the_same(question, mutant):
                continue
            tried += 1
            with pytest.raises(VerificationMismatch):
                verify(mutant)
    assert tried >= 250


def test_a_wrong_gold_is_caught(questions: list[Question]) -> None:
    """An answer that is not derived from the prompt does not pass."""
    numbers = [question for question in questions if question.answer.kind == "number"]
    for question in numbers[:10]:
        with pytest.raises(VerificationMismatch, match="answer"):
            verify(resigned(replace(question, gold=str(Fraction(question.gold) + Fraction(1, 100)))))


def test_a_wrong_step_is_caught(questions: list[Question]) -> None:
    """A derivation that is arithmetically false does not pass."""
    computed = [
        (question.certificate, index)
        for question in questions
        if question.certificate is not None
        for index, step in enumerate(question.certificate.steps)
        if step.rule == "arithmetic"
    ]
    assert len(computed) >= 50
    for certificate, index in computed[::3]:
        steps = list(certificate.steps)
        steps[index] = replace(steps[index], value='"12345/6"')
        with pytest.raises(VerificationMismatch, match="step"):
            check_steps(replace(certificate, steps=tuple(steps)))


def test_the_derivation_ends_in_the_answer(questions: list[Question]) -> None:
    """The last number of a numeric derivation is the gold answer; without one a linear programme certifies it."""
    for question in questions:
        assert question.certificate is not None
        if question.answer.kind == "number":
            found = check_steps(question.certificate)
            assert found == Fraction(question.gold) or (found is None and question.certificate.proofs), question.id


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_names_mistakes(questions: list[Question], family: str) -> None:
    """Proof cards can say what classic mistakes would answer."""
    named = [question for question in questions if question.family == family]
    assert named
    assert any(question.certificate and question.certificate.mistakes for question in named)


@pytest.mark.parametrize("asked", [((1, 1), (0, 0), (0, 1)), ((1, 0), (0, 1), (0, 0)), ((1, 1), (0, 1), (2, 0))])
def test_a_contrast_that_its_family_does_not_answer_is_refused(asked: tuple[tuple[int, int], ...]) -> None:
    """States the other way round, another outcome's state or two quantities are no question that was answered."""
    with pytest.raises(VerificationMismatch, match="compare two states of one quantity"):
        contrast_of((Fact("ask-simpson-size", asked),))
    assert contrast_of((Fact("ask-simpson-size", ((1, 1), (0, 1), (0, 0))),)) == (1, 0)
