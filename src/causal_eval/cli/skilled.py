"""Replies of an imaginary answerer of known skill: what the demo and the mock server answer from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec

from causal_eval.questions.question import AnswerKind, AnswerSpec, Question
from causal_eval.scoring.format import example
from causal_eval.seeds import Stream

_SURE, _GUESSED = (60, 70, 80, 90, 95, 100), (50, 60, 70, 80, 90, 100)
"""What it says, in per cent, of answers that it knows and of others: it is over-confident, as most models are."""


class Skilled(NamedTuple):
    """What it replies to a question."""

    question: Question
    reply: str
    sure: str
    """The same reply to whoever also asks how sure it is."""


def skilled_replies(questions: Iterable[Question], *, skill: Fraction, seed: str) -> Iterator[Skilled]:
    """Each question with a reply that is right with probability *skill*, else what a classic mistake would answer.

    A jointly scored twin group is known or not known as a whole, so that the expected score is *skill* everywhere.
    """
    for question in questions:
        unit = question.twin if question.joint and question.twin else question.id
        knows = Stream("skilled", seed, unit).chance(skill.numerator, skill.denominator)
        answer = question.gold if knows else wrong_answer(question, Stream("mistake", seed, question.id))
        said, line = "I worked through what is stated.", f"ANSWER: {example(question.answer, answer)}"
        sure = Stream("sure", seed, question.id).choice(_SURE if knows else _GUESSED)
        yield Skilled(question, f"{said}\n{line}", f"{said}\nCONFIDENCE: {sure}\n{line}")


def wrong_answer(question: Question, stream: Stream) -> Any:
    """An answer in the right form that is not right: a named mistake's where there is one."""
    if question.certificate is not None:
        mistakes = [msgspec.json.decode(value) for value in question.certificate.mistakes.values()]
        wrong = [value for value in mistakes if value != question.gold]
        if wrong:
            return stream.choice(wrong)
    return _other(question.answer, question.gold, stream)


def _other(spec: AnswerSpec, gold: Any, stream: Stream) -> Any:
    match spec.kind:
        case AnswerKind.NUMBER:
            return str(Fraction(gold) + Fraction(1, 10))
        case AnswerKind.YES_NO:
            return "no" if gold == "yes" else "yes"
        case AnswerKind.CHOICE:
            return stream.choice([option for option in spec.options if option != gold])
        case AnswerKind.LABELS:
            item = stream.choice(spec.items)
            return {**gold, item: stream.choice([option for option in spec.options if option != gold[item]])}
        case AnswerKind.SET | AnswerKind.SETS:
            return [[item] for item in spec.items if [item] not in gold][:1] or [[]]
        case AnswerKind.NUMBERS:
            return {item: str(Fraction(number) + Fraction(1, 10)) for item, number in gold.items()}
        case AnswerKind.INTERVAL:
            return [str(Fraction(gold[0]) - Fraction(1, 10)), gold[1]]
        case AnswerKind.GRAPH:
            turned = {"directed": [[effect, cause] for cause, effect in gold["directed"]], "undirected": []}
            return turned if gold["directed"] or gold["undirected"] else {**turned, "directed": [[*spec.items[:2]]]}
        case AnswerKind.ORDER:
            return gold[::-1]
        case AnswerKind.FORMULA:
            return {"formula": f"P({spec.items[0]}|{spec.items[0]})"}
    return "something else"
