"""A judged reply as an example card: the question, what was said, the proof, and which classic mistake it was."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from causal_eval.analysis.reports.data import ExampleCard, ExampleMistake, ExampleStep
from causal_eval.questions.card import graph_lines, shown
from causal_eval.questions.question import AnswerKind, Certificate, Question, Step, canonical
from causal_eval.scoring.verdict import Verdict

_NOTES = {"given": "printed", "claim": "checked on the graph"}


def example_card(question: Question, *, answerer: str, reply: str, verdict: Verdict) -> ExampleCard:
    """The card of one reply; without a certificate (a user's own question) it has no derivation."""
    certificate = question.certificate
    return ExampleCard(
        answerer=answerer,
        question=question.id,
        family=question.family,
        kind=question.kind,
        rung=question.rung,
        domain=question.domain,
        regime=question.regime,
        difficulty=question.difficulty,
        prompt=question.prompt,
        reply=reply,
        mark=verdict.mark,
        strict=verdict.strict,
        reason=verdict.reason,
        parsed="" if verdict.answer is None else shown(verdict.answer),
        gold="" if question.gold is None else shown(question.gold),
        estimand=certificate.estimand if certificate else "",
        graph=tuple(graph_lines(certificate)) if certificate else (),
        steps=tuple(map(_step, certificate.steps)) if certificate else (),
        mistakes=_mistakes(certificate, question, verdict=verdict) if certificate else (),
    )


def _step(step: Step) -> ExampleStep:
    value = step.value.strip('"')
    derived = step.rule not in _NOTES and step.expression != value
    return ExampleStep(step.id, step.text, step.expression if derived else "", value, _NOTES.get(step.rule, ""))


def _mistakes(certificate: Certificate, question: Question, *, verdict: Verdict) -> tuple[ExampleMistake, ...]:
    return tuple(
        ExampleMistake(name, shown(msgspec.json.decode(answer)), _is_same(question, verdict, mistake=answer))
        for name, answer in certificate.mistakes.items()
    )


def _is_same(question: Question, verdict: Verdict, *, mistake: str) -> bool:
    """Whether the answer is the mistake's: equal, a number within tolerance of it, or one of its sets."""
    if verdict.answer is None:
        return False
    match question.answer.kind:
        case AnswerKind.NUMBER:
            given, wrong = _fraction(str(verdict.answer)), _fraction(mistake.strip('"'))
            return given is not None and wrong is not None and abs(given - wrong) <= question.answer.tolerance
        case AnswerKind.SET:
            wrong_sets = msgspec.json.decode(mistake)
            return verdict.answer[0] in wrong_sets if verdict.answer else not wrong_sets
        case _:
            return canonical(verdict.answer) == mistake.encode()


def _fraction(text: str) -> Fraction | None:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
