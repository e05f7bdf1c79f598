"""Whether an answer is the one that a mistake leads to, and which mistakes can be made on a question at all."""

from __future__ import annotations

import functools
from collections.abc import Container, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec

from causal_eval.questions.question import AnswerKind, AnswerSpec, Question, canonical
from causal_eval.scoring.hidden import same_formulas

NUMERIC = frozenset({AnswerKind.NUMBER, AnswerKind.NUMBERS, AnswerKind.INTERVAL})


class Named(NamedTuple):
    """A named mistake of the question's family that leads to a wrong answer here."""

    name: str
    answer: Any
    """As a gold answer."""


def mistakes_of(question: Question) -> Iterator[Named]:
    """The named mistakes of *question* that can be given and are wrong; one that happens to be right is none."""
    for name, written in question.certificate.mistakes.items() if question.certificate else ():
        answer = msgspec.json.decode(written)
        if _can_be_given(answer, question.answer) and not _is_gold(answer, question):
            yield Named(name, answer)


def is_same(given: Any, other: Any, *, question: Question) -> bool:
    """Whether *given* (an answer as it was read) is the answer *other* (as a gold answer).

    Numbers are the same within the question's tolerance; of several sets any one will do; formulas are the same if they
    are the same function, however written.
    """
    spec = question.answer
    match spec.kind:
        case kind if kind in NUMERIC:
            one, two = vector(given, spec), vector(other, spec)
            same = (abs(left - right) <= spec.tolerance for left, right in zip(one, two, strict=False))
            return bool(one) and len(one) == len(two) and all(same)
        case AnswerKind.SET if given and other:
            return frozenset(given[0]) in _sets(other)
        case AnswerKind.SET | AnswerKind.SETS:
            return _sets(given) == _sets(other)
        case AnswerKind.FORMULA:
            one, two = given.get("formula"), other.get("formula")
            if one is None or two is None or one == two:
                return bool(one == two)
            return same_formulas(one, two, gold=question.gold)
        case _:
            return canonical(given) == canonical(other)


def is_mistake(given: Any, answer: Any, *, among: Container[bytes], question: Question) -> bool:
    """Whether *given* is a mistake's *answer*; what is one mistake's formula to the letter is no other one's.

    *among*: the canonical answers of all mistakes of the question.
    """
    said = canonical(given)
    if question.answer.kind is AnswerKind.FORMULA and said in among:
        return said == canonical(answer)
    return is_same(given, answer, question=question)


def vector(answer: Any, spec: AnswerSpec) -> tuple[Fraction, ...]:
    """The numbers of a NUMBER, NUMBERS or INTERVAL answer in the order of its items; empty where one is lacking."""
    match spec.kind:
        case AnswerKind.NUMBER:
            written = [answer]
        case AnswerKind.NUMBERS:
            written = [answer.get(item) for item in spec.items] if isinstance(answer, dict) else []
        case _:
            written = list(answer)
    return () if None in written else tuple([_number(str(one)) for one in written])


@functools.lru_cache(maxsize=4096)  # the answers of a question are compared with each other
def _number(text: str) -> Fraction:
    return Fraction(text)


def _sets(answer: list[list[str]]) -> frozenset[frozenset[str]]:
    return frozenset(map(frozenset, answer))


def _can_be_given(answer: Any, spec: AnswerSpec) -> bool:
    """Whether the format has words for it: that no set exists is no answer to every question about sets."""
    return bool(answer) or spec.may_be_none or spec.kind not in (AnswerKind.SET, AnswerKind.SETS)


def _is_gold(answer: Any, question: Question) -> bool:
    """Whether a mistake gives the right answer; that a formula does not was tried when the question was made."""
    if question.answer.kind is AnswerKind.FORMULA:
        return bool(answer["formula"] == question.gold["formula"])
    return is_right(answer, question)


def is_right(answer: Any, question: Question) -> bool:
    """Whether *answer* (as a gold answer; of several sets every one) is right."""
    gold = question.gold
    if question.answer.kind is AnswerKind.SET and answer and gold:
        return _sets(answer) <= _sets(gold)
    return is_same(answer, gold, question=question)
