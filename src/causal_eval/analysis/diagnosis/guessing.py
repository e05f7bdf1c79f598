"""How probable each wrong answer is when nothing was understood: what a match with a mistake has to be held against.

Half of the random wrong answers are drawn from all that the format allows, half lie next to the truth, one part of it
altered: a careless answer must not pass for a mistake that happens to differ from the truth in one place alone.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from causal_eval.analysis.diagnosis.matching import NUMERIC, is_same, vector
from causal_eval.evaluation.blind import STATES, formulas
from causal_eval.questions.question import AnswerKind, AnswerSpec, Question, canonical

RARE = 1e-6
"""What the format does not rule out is never impossible."""
_UNSEEN_FORMULA = 1e-3
_MOST_BITS = 60


def probability(answer: Any, question: Question) -> float:
    """The probability that a random wrong answer to *question* is *answer*, numbers within their tolerance."""
    spec = question.answer
    match spec.kind:
        case AnswerKind.YES_NO:
            return 1.0
        case AnswerKind.CHOICE:
            return 1.0 / max(1, len(spec.options) - 1)
        case AnswerKind.FORMULA:
            seen = set(map(_bare, formulas(question).values()))
            return 1.0 / len(seen) if _bare(answer["formula"]) in seen else _UNSEEN_FORMULA
        case kind if kind in NUMERIC:
            return max(RARE, _numbers(vector(answer, spec), question))
        case AnswerKind.TEXT:
            return RARE
    return max(RARE, (_anything(question) + _near(answer, question)) / 2)


def window(question: Question) -> float:
    """The probability that one random number falls within the tolerance of a given one."""
    return min(1.0, float(2 * question.answer.tolerance) / (1 if is_share(question) else 2))


def is_share(question: Question) -> bool:
    """Whether what is asked for lies between 0 and 1, as far as truth and mistakes show."""
    if question.answer.kind not in NUMERIC:
        return False
    written = list(question.certificate.mistakes.values()) if question.certificate else []
    return all(one >= 0 for one in vector(question.gold, question.answer)) and not any('"-' in one for one in written)


def _bare(text: str | None) -> str | None:
    """A formula without what does not matter to who reads it aloud."""
    return None if text is None else "".join(char for char in text if char not in " {}")


def _numbers(given: tuple[Fraction, ...], question: Question) -> float:
    """All numbers drawn, or one of several altered."""
    true, one = vector(question.gold, question.answer), window(question)
    count = max(1, len(true))
    if count == 1:
        return one
    wrong = sum(abs(left - right) > question.answer.tolerance for left, right in zip(given, true, strict=False))
    return (one**count + (one / count if wrong == 1 else 0.0)) / 2


def _anything(question: Question) -> float:
    """One of all answers that the format allows."""
    spec = question.answer
    items = len(spec.items)
    match spec.kind:
        case AnswerKind.LABELS:
            return 1.0 / max(1, math.prod(_fitting(question)) - 1)
        case AnswerKind.SET | AnswerKind.SETS:  # who guesses at several sets names one
            return 2.0 ** -min(items, _MOST_BITS)
        case AnswerKind.GRAPH:
            return float(len(STATES)) ** -min(items * (items - 1) // 2, _MOST_BITS // 2)
    return 1.0 / max(1, math.factorial(min(items, 20)) - 1)


def _near(answer: Any, question: Question) -> float:
    """One of the answers that differ from a right one in one part."""
    spec, gold = question.answer, question.gold
    match spec.kind:
        case AnswerKind.LABELS:
            differing = sum(answer.get(item) != gold[item] for item in spec.items)
            return 1.0 / max(1, sum(fitting - 1 for fitting in _fitting(question))) if differing == 1 else 0.0
        case AnswerKind.SET | AnswerKind.SETS:
            return _near_sets(answer, spec, gold=gold)
        case AnswerKind.GRAPH:
            return _near_graph(answer, question)
    swapped = sum(one != other for one, other in zip(answer, gold, strict=False))
    return 1.0 / max(1, len(gold) - 1) if swapped == 2 else 0.0  # noqa: PLR2004 - two neighbours changed places


def _near_sets(answer: list[list[str]], spec: AnswerSpec, *, gold: list[list[str]]) -> float:
    """A member more or less in one set, or one set of several left out."""
    given, right = [frozenset(one) for one in answer], [frozenset(one) for one in gold]
    if spec.kind is AnswerKind.SET:
        near = any(len(one ^ other) == 1 for one in given[:1] for other in right)
        return 1.0 / max(1, len(spec.items) * max(1, len(right))) if near else 0.0
    lost, more = set(right) - set(given), set(given) - set(right)
    if len(lost) == 1 and not more:
        return 0.5 / len(right)
    altered = len(lost) == len(more) == 1 and len(next(iter(lost)) ^ next(iter(more))) == 1
    return 0.5 / max(1, len(spec.items) * len(right)) if altered else 0.0


def _near_graph(answer: dict[str, list[list[str]]], question: Question) -> float:
    items = len(question.answer.items)
    pairs = items * (items - 1) // 2
    ours = {frozenset(edge): (kind, *edge) for kind in answer for edge in answer[kind]}
    true = {frozenset(edge): (kind, *edge) for kind in question.gold for edge in question.gold[kind]}
    differing = sum(ours.get(pair) != true.get(pair) for pair in {*ours, *true})
    return 1.0 / max(1, pairs * (len(STATES) - 1)) if differing == 1 else 0.0


def _fitting(question: Question) -> list[int]:
    """For every item how many labels fit it: its own two states where the labels are state words, else all."""
    options = set(question.answer.options)
    words = question.certificate.names.values() if question.certificate else ()
    states = {name: {low, high} for name, low, high in words}
    return [2 if states.get(item, {None}) <= options else len(options) for item in question.answer.items]


def distinct(answers: list[Any], question: Question) -> list[Any]:
    """The answers, those that are the same given once."""
    found: list[Any] = []
    seen: set[bytes] = set()
    for answer in answers:
        if canonical(answer) not in seen and not any(_may_equal(answer, one, question=question) for one in found):
            found.append(answer)
        seen.add(canonical(answer))
    return found


def _may_equal(answer: Any, other: Any, *, question: Question) -> bool:
    """Whether two wrong answers are one; sets of sets and formulas are compared as they stand."""
    if question.answer.kind in (AnswerKind.SET, AnswerKind.FORMULA):
        return bool(answer == other)
    return is_same(answer, other, question=question)
