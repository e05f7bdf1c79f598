"""A judged reply as an example card: the question, what was said, the proof, and which classic mistake it was."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import msgspec

from causal_eval.analysis.charts.dag import drawing_of
from causal_eval.analysis.diagnosis.matching import is_mistake
from causal_eval.analysis.reports.data import (
    ExampleCard,
    ExampleMistake,
    ExampleStep,
    ExampleSymbol,
    Given,
    QuestionCard,
)
from causal_eval.questions.card import graph_lines, shown
from causal_eval.questions.question import AnswerKind, Certificate, Question, Step, canonical
from causal_eval.scoring.verdict import Mark, Verdict

_CLAIMS = {"dsep": "d-separated", "is_adjustment_set": "valid adjustment set"}
"""Yes/no questions of ``solve`` in words."""


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
        parsed="" if verdict.answer is None else _readable(shown(verdict.answer), question),
        gold=_gold(question),
        symbols=_symbols(certificate) if certificate else (),
        estimand=certificate.estimand if certificate else "",
        graph=tuple(graph_lines(certificate)) if certificate else (),
        steps=tuple(map(_step, certificate.steps)) if certificate else (),
        mistakes=_mistakes(certificate, question, verdict=verdict) if certificate else (),
    )


def question_card(question: Question, given: tuple[Given, ...]) -> QuestionCard:
    """The question with its proof and what was *given*; without a certificate it has no proof."""
    certificate = question.certificate
    card = QuestionCard(
        question=question.id,
        family=question.family,
        kind=question.kind,
        rung=question.rung,
        domain=question.domain,
        regime=question.regime,
        difficulty=question.difficulty,
        cluster=question.cluster,
        prompt=question.prompt,
        gold=_gold(question),
        given=given,
    )
    return card if certificate is None else _proven(card, certificate, question=question)


def given_reply(question: Question, *, answerer: str, sample: int, reply: str, verdict: Verdict) -> Given:
    """A judged reply, with the classic mistakes that give just its answer."""
    certificate, same = question.certificate, tuple[str, ...]()
    if certificate is not None and verdict.mark is not Mark.CORRECT:  # what is right is nobody's mistake
        same = _given_names(certificate, question, verdict=verdict)
    parsed = "" if verdict.answer is None else _readable(shown(verdict.answer), question)
    return Given(answerer, sample, reply, verdict.mark, verdict.strict, verdict.reason, parsed, same)


def _proven(card: QuestionCard, certificate: Certificate, *, question: Question) -> QuestionCard:
    drawing = drawing_of(certificate)
    return replace(
        card,
        symbols=_symbols(certificate),
        estimand=certificate.estimand,
        nodes=drawing.nodes,
        edges=drawing.directed,
        hidden=drawing.bidirected,
        latent=tuple(sorted(drawing.latent)),
        steps=tuple(map(_step, certificate.steps)),
        mistakes=tuple(
            (name, _readable(shown(msgspec.json.decode(answer)), question))
            for name, answer in certificate.mistakes.items()
        ),
    )


def _gold(question: Question) -> str:
    return "" if question.gold is None else _readable(shown(question.gold), question)


def _symbols(certificate: Certificate) -> tuple[ExampleSymbol, ...]:
    names = sorted(certificate.names.items(), key=lambda item: (len(item[0]), item[0]))
    return tuple(ExampleSymbol(symbol, *words) for symbol, words in names)


def _step(step: Step) -> ExampleStep:
    value = msgspec.json.decode(step.value)
    match step.rule:
        case "given":
            return ExampleStep(step.id, step.text, "", shown(value), "printed")
        case "claim" if isinstance(value, bool):
            kind = str(msgspec.json.decode(step.expression).get("kind"))
            said = f"checked: {_CLAIMS.get(kind, kind)}, {'yes' if value else 'no'}"
            return ExampleStep(step.id, step.text, "", "", said)
        case "claim":
            return ExampleStep(step.id, step.text, "", shown(value), "checked on the whole model")
        case _:
            return ExampleStep(
                step.id, step.text, "" if step.expression == value else step.expression, shown(value), ""
            )


def _mistakes(certificate: Certificate, question: Question, *, verdict: Verdict) -> tuple[ExampleMistake, ...]:
    same = _given_names(certificate, question, verdict=verdict)
    return tuple(
        ExampleMistake(name, _readable(shown(msgspec.json.decode(text)), question), name in same)
        for name, text in certificate.mistakes.items()
    )


def _given_names(certificate: Certificate, question: Question, *, verdict: Verdict) -> tuple[str, ...]:
    """The mistakes that give just the answer."""
    if verdict.answer is None:
        return ()
    answers = {name: msgspec.json.decode(text) for name, text in certificate.mistakes.items()}
    among = set(map(canonical, answers.values()))
    return tuple(
        name for name, answer in answers.items() if is_mistake(verdict.answer, answer, among=among, question=question)
    )


def _readable(answer: str, question: Question) -> str:
    """The answer, a fraction with its decimal value beside it."""
    value = _fraction(answer) if question.answer.kind is AnswerKind.NUMBER else None
    return answer if value is None or "/" not in answer else f"{answer} (≈ {float(value):.4g})"


def _fraction(text: str) -> Fraction | None:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
