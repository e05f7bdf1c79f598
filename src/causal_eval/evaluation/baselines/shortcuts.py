"""The shortcuts, one function each: question and what was learnt in, an answer as gold JSON out (None = no answer)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import msgspec

from causal_eval.evaluation.baselines import parts
from causal_eval.evaluation.baselines.associate import associated_with_both
from causal_eval.evaluation.baselines.fit import Fitted, beginning
from causal_eval.evaluation.baselines.prompt import first_place, mentions, numbers, words, words_about
from causal_eval.evaluation.blind import POLICIES
from causal_eval.questions.question import AnswerKind, Question
from causal_eval.seeds import Stream

Shortcut = Callable[[Question, Fitted], Any]


def majority(question: Question, fitted: Fitted) -> Any:
    """What most training questions of the kind had."""
    return _from_class(question, fitted.majority.get((question.family, question.kind), ""))


def wording(question: Question, fitted: Fitted) -> Any:
    """What most training questions that begin with the same words had."""
    key = (question.family, question.kind, beginning(question))
    return _from_class(question, fitted.wording[key]) if key in fitted.wording else majority(question, fitted)


def bag_of_words(question: Question, fitted: Fitted) -> Any:
    """Naive Bayes over the words of the prompt, or of the sentences that mention an item."""
    counts = fitted.bags.get((question.family, question.kind))
    if counts is None:
        return majority(question, fitted)
    match question.answer.kind:
        case AnswerKind.LABELS:
            labels = question.answer.options
            return {item: counts.best(words_about(question.prompt, item), labels) for item in question.answer.items}
        case AnswerKind.SET | AnswerKind.SETS:
            return [
                [item for item in question.answer.items if counts.best(words_about(question.prompt, item)) == "True"]
            ]
        case AnswerKind.CHOICE:
            likely = [
                item for item in question.answer.options if counts.best(words_about(question.prompt, item)) == "True"
            ]
            return (likely or list(question.answer.options))[0]
        case kind if kind in POLICIES:
            return parts.likely(question, counts.best)
    return counts.best(words(question.prompt))


def association(question: Question, fitted: Fitted) -> Any:
    """The association taken for the answer: the named mistake *correlation is causation*, where there is one.

    For sets of covariates: whatever is associated with both treatment and outcome.
    """
    if "association" in question.exempt:
        return question.gold
    named = question.certificate.mistakes if question.certificate else {}
    if "correlation is causation" in named:
        return msgspec.json.decode(named["correlation is causation"])
    if (
        question.answer.kind in (AnswerKind.SET, AnswerKind.SETS)
        and (both := associated_with_both(question)) is not None
    ):
        return [both]
    return parts.association(question) if question.answer.kind in POLICIES else no_graph(question, fitted)


def no_graph(question: Question, fitted: Fitted) -> Any:
    """Printed numbers averaged; names that are mentioned more often than others."""
    prompt = question.prompt
    match question.answer.kind:
        case AnswerKind.NUMBER:
            shares = numbers(prompt)
            return str(sum(shares, Fraction(0)) / len(shares)) if shares else "1/2"
        case AnswerKind.YES_NO:
            shares = numbers(prompt)
            return "yes" if shares and sum(shares) * 2 > len(shares) else "no"
        case AnswerKind.CHOICE:
            return max(question.answer.options, key=lambda option: mentions(prompt, option))
        case AnswerKind.SET | AnswerKind.SETS:
            counts = {item: mentions(prompt, item) for item in question.answer.items}
            average = Fraction(sum(counts.values()), max(1, len(counts)))
            return [[item for item, count in counts.items() if count > average]]
        case kind if kind in POLICIES:
            return parts.no_graph(question)
    return majority(question, fitted)


def order(question: Question, fitted: Fitted) -> Any:
    """Order of mention taken for causal order: what stands first is first."""
    prompt = question.prompt
    match question.answer.kind:
        case AnswerKind.NUMBER:
            shares = numbers(prompt)
            return str(shares[0]) if shares else "1/2"
        case AnswerKind.YES_NO:
            return "yes" if len(prompt) % 2 else "no"
        case AnswerKind.CHOICE:
            return min(question.answer.options, key=lambda option: first_place(prompt, option))
        case AnswerKind.LABELS:
            ordered = sorted(question.answer.items, key=lambda item: first_place(prompt, item))
            half = (len(ordered) + 1) // 2
            first, last = question.answer.options[0], question.answer.options[-1]
            return {item: first if place < half else last for place, item in enumerate(ordered)}
        case AnswerKind.SET | AnswerKind.SETS:
            ordered = sorted(question.answer.items, key=lambda item: first_place(prompt, item))
            return [ordered[: (len(ordered) + 1) // 2]]
        case kind if kind in POLICIES:
            return parts.order(question)
    return majority(question, fitted)


def random(question: Question, _fitted: Fitted) -> Any:
    """A uniform draw from the answer format, the same for the same question."""
    stream = Stream("baseline random", question.id)
    spec = question.answer
    match spec.kind:
        case AnswerKind.NUMBER:
            return str(Fraction(stream.below(101), 100))
        case AnswerKind.YES_NO:
            return stream.choice(("yes", "no"))
        case AnswerKind.CHOICE:
            return stream.choice(spec.options)
        case AnswerKind.LABELS:
            return {item: stream.choice(spec.options) for item in spec.items}
        case AnswerKind.SET | AnswerKind.SETS:
            return [[item for item in spec.items if stream.below(2)]]
        case kind if kind in POLICIES:
            return parts.random(question, stream)
    return None


def oracle(question: Question, _fitted: Fitted) -> Any:
    """The right answer: what a perfect answerer would score."""
    return question.gold


def _from_class(question: Question, name: str) -> Any:
    """The answer that a class of :func:`causal_eval.evaluation.baselines.fit.whole` stands for here."""
    spec = question.answer
    match spec.kind:
        case AnswerKind.NUMBER:
            return name or "1/2"
        case AnswerKind.YES_NO:
            return name or "yes"
        case AnswerKind.CHOICE:
            place = int(name) if name else 0
            return spec.options[min(place, len(spec.options) - 1)]
        case AnswerKind.LABELS:
            label = name if name in spec.options else spec.options[0]
            return dict.fromkeys(spec.items, label)
        case AnswerKind.SET | AnswerKind.SETS:
            if name == "none" and spec.may_be_none:
                return []
            fixed = {"all": len(spec.items), "empty": 0, "none": 1, "": 1}
            count = fixed[name] if name in fixed else int(name.removeprefix("first "))
            return [sorted(spec.items)[:count]]
        case kind if kind in POLICIES:
            return parts.from_class(question, name)
    return name or None


SHORTCUTS: Mapping[str, Shortcut] = {
    "majority": majority,
    "wording": wording,
    "association": association,
    "no-graph": no_graph,
    "order": order,
    "bag-of-words": bag_of_words,
    "random": random,
    "oracle": oracle,
}
"""Name after ``baseline/`` -> shortcut."""

TRAINED = frozenset({"majority", "wording", "association", "no-graph", "order", "bag-of-words"})
"""Shortcuts that look at what was learnt."""
