"""An answer that somebody claims in the prompt: written as an answer would be, and found again in it.

What is claimed is what a named mistake of the certificate gives, or else the truth; the facts decide as before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.dials.dial import Claims
from causal_eval.questions.facts import CLAIM, Fact, Facts
from causal_eval.questions.question import AnswerKind, AnswerSpec, Certificate, Question, canonical
from causal_eval.seeds import Stream

WRITTEN = frozenset(AnswerKind) - {AnswerKind.GRAPH, AnswerKind.FORMULA, AnswerKind.TEXT}
"""Kinds of answer that are claimed: those that one short line says."""
_MARK = '"'
"""Around what is claimed."""
_PLACES = 1000
"""Numbers are claimed in thousandths."""


def claim_of(
    spec: AnswerSpec, gold: Any, *, mistakes: Mapping[str, str], claims: Claims, stream: Stream
) -> Fact | None:
    """The claim that *gold*, or one of the *mistakes* (name -> answer as canonical JSON), is right.

    None where no such answer is written in a line, or no mistake is wrong: then nothing is claimed of its twins either.
    """
    wrong = _wrong(spec, gold, mistakes=mistakes)
    if not wrong:
        return None
    return Fact(CLAIM, (_right(spec, gold) if claims is Claims.RIGHT else stream.choice(sorted(wrong)),))


def claimed(question: Question) -> Any:
    """The wrong answer that the prompt claims, as JSON; None where it claims nothing."""
    if question.certificate is None or _MARK not in question.prompt:
        return None
    wrong = _wrong(question.answer, question.gold, mistakes=question.certificate.mistakes)
    return next((answer for text, answer in wrong.items() if f"{_MARK}{text}{_MARK}" in question.prompt), None)


def check_claims(facts: Facts, question: Question, *, certificate: Certificate) -> None:
    """See that what the prompt claims is right, or what a named mistake gives.

    Raises:
        VerificationMismatch: it is not, or several things are claimed.
    """
    claims = [fact.slots[0] for fact in facts if fact.form == CLAIM]
    if len(claims) > 1:
        raise VerificationMismatch(f"{len(claims)} answers are claimed; a prompt claims one at most")
    wrong = _wrong(question.answer, question.gold, mistakes=certificate.mistakes)
    for claim in claims:
        if claim not in wrong and claim != _right(question.answer, question.gold):
            raise VerificationMismatch(f"the prompt claims {claim!r}, neither right nor what a named mistake gives")


def _right(spec: AnswerSpec, gold: Any) -> str:
    """The right answer; of several right sets the first."""
    return written(spec, gold[:1] if spec.kind is AnswerKind.SET else gold)


def _wrong(spec: AnswerSpec, gold: Any, *, mistakes: Mapping[str, str]) -> dict[str, Any]:
    """How each wrong answer is written -> that answer."""
    if spec.kind not in WRITTEN:
        return {}
    right = written(spec, gold)
    answers = [json.loads(said) for said in mistakes.values() if said.encode() != canonical(gold)]
    if spec.kind is AnswerKind.SET:  # any of several sets is right
        answers = [one for one in answers if len(one) < 2 and not (one and one[0] in gold)]  # noqa: PLR2004 - one set
    return {text: one for one in answers if (text := written(spec, one)) != right}


def written(spec: AnswerSpec, gold: Any) -> str:
    """The answer *gold* on one line, as ``ANSWER:`` asks for it, numbers rounded."""
    match spec.kind:
        case AnswerKind.NUMBER:
            return _number(gold)
        case AnswerKind.LABELS:
            return "; ".join(f"{item} = {gold[item]}" for item in spec.items)
        case AnswerKind.NUMBERS:
            return "; ".join(f"{item} = {_number(gold[item])}" for item in spec.items)
        case AnswerKind.SET | AnswerKind.SETS:
            return "; ".join("{" + ", ".join(members) + "}" for members in gold) or "none"
        case AnswerKind.INTERVAL:
            return f"[{', '.join(map(_number, gold))}]"
        case AnswerKind.ORDER:
            return " > ".join(gold)
    return str(gold)


def _number(text: str) -> str:
    thousandths = round(Fraction(text) * _PLACES)
    return f"{thousandths / _PLACES:.3f}"
