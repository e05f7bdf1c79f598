"""What a question says of itself to a metric: whether association misleads, what is claimed, whether it is open."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from causal_eval.analysis.twins.seen import Seen
from causal_eval.questions.dials.claim import claimed
from causal_eval.questions.question import AnswerKind, Question
from causal_eval.scoring.verdict import Mark

ASSOCIATION = frozenset(
    {
        "effect/direction",
        "selection/labels",
        "simpson/labels",
        "underdetermined/tables",
        "underdetermined/structure",
        "underdetermined/graph",
    }
)
"""Kinds whose twins are made so that taking the association for the effect is right in some and wrong in others."""
NAIVE = "correlation is causation"


def agrees_with_association(question: Question) -> bool | None:
    """Whether the association gives the right answer; None where the question is not made for that, or has no proof."""
    if question.certificate is None or f"{question.family}/{question.kind}" not in ASSOCIATION:
        return None
    said = question.certificate.mistakes.get(NAIVE)  # families leave a mistake out where it gives the truth
    return said is None or json.loads(said) == question.gold


def is_open(question: Question) -> bool | None:
    """Whether the facts leave the answer open; None where "it is open" is no answer to the question."""
    open_answer = _open_answer(question)
    return None if open_answer is None else bool(question.gold == open_answer)


def gives_up(seen: Seen) -> bool:
    """Whether the answer is that it cannot be determined, or none is given for that reason."""
    return seen.row.mark is Mark.ABSTAINED or seen.answer == _open_answer(seen.question)


def is_removed(question: Question) -> bool:
    """Whether the question of kind ``underdetermined/graph`` is the one without a graph."""
    return bool(is_open(question))


def yields(seen: Seen) -> bool | None:
    """Whether the answer is the wrong one that the prompt claims; None where it claims none."""
    claim = claimed(seen.question)
    if claim is None:
        return None
    return seen.answer is not None and _same(seen.answer, claim, question=seen.question)


def _same(one: Any, other: Any, *, question: Question) -> bool:
    """Whether two answers are the same, numbers within the tolerance."""
    spec = question.answer
    match spec.kind:
        case AnswerKind.NUMBER:
            return _near(one, other, question=question)
        case AnswerKind.NUMBERS:
            return all(_near(one.get(item), other.get(item), question=question) for item in spec.items)
        case AnswerKind.INTERVAL:
            return all(_near(a, b, question=question) for a, b in zip(one, other, strict=True))
        case AnswerKind.SET:
            return one == [] if not other else bool(one) and one[0] in other
    return bool(one == other)


def _near(one: Any, other: Any, *, question: Question) -> bool:
    return one is not None and other is not None and abs(Fraction(one) - Fraction(other)) <= question.answer.tolerance


def _open_answer(question: Question) -> str | None:
    """The option that says that it cannot be determined."""
    if question.family != "underdetermined" or question.kind == "missing":
        return None
    return question.answer.options[-1]
