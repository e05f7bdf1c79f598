"""One wrong answer as a diagnosis sees it: which mistakes it is the answer of, and how easily that is coincidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from causal_eval.analysis.diagnosis import guessing
from causal_eval.analysis.diagnosis.classes import class_of
from causal_eval.analysis.diagnosis.matching import NUMERIC, is_mistake, mistakes_of, vector
from causal_eval.analysis.diagnosis.slips import Slip, possible, slips
from causal_eval.questions.question import Question, canonical


class Wrong(NamedTuple):
    """A wrong answer, as it was read."""

    question: Question
    sample: int
    answer: Any


@dataclass(frozen=True, slots=True)
class Miss:
    """A wrong answer held against all that mistakes lead to on its question."""

    question: str
    sample: int
    family: str
    kind: str
    cluster: str
    matched: Mapping[str, float]
    """Class -> how probable this very answer is to one who makes a mistake of the class here."""
    names: tuple[tuple[str, str], ...]
    """(class, name) of every mistake that it matches."""
    expected: Mapping[str, float]
    """Class that can be made here -> how probable a random wrong answer is to match it."""
    guess: float
    """How probable this very answer is among random wrong ones."""

    @property
    def chance(self) -> float:
        """A bound on how probable a random wrong answer is to match anything."""
        return min(1.0, sum(self.expected.values()))


def read_miss(wrong: Wrong) -> Miss:
    """The wrong answer, matched."""
    question = wrong.question
    named: dict[str, list[tuple[str, Any]]] = {}
    for one in mistakes_of(question):
        named.setdefault(class_of(one.name, family=question.family), []).append((one.name, one.answer))
    guess = guessing.probability(wrong.answer, question)
    written = {canonical(answer) for pairs in named.values() for _, answer in pairs}
    matched: dict[str, float] = {}
    names: list[tuple[str, str]] = []
    expected: dict[str, float] = {}
    for key, pairs in named.items():
        ways = guessing.distinct([answer for _, answer in pairs], question)
        expected[key] = min(1.0, sum(guessing.probability(way, question) for way in ways))
        same = [
            (name, answer)
            for name, answer in pairs
            if is_mistake(wrong.answer, answer, among=written, question=question)
        ]
        if same:
            matched[key] = 1.0 / len(ways)
            names += [(key, name) for name, _ in same]
            guess = max(guess, *(guessing.probability(answer, question) for _, answer in same))
    _add_slips(wrong, matched, names=names, expected=expected)
    return Miss(
        question.id, wrong.sample, question.family, question.kind, question.cluster, matched, tuple(names), expected,
        guess,
    )  # fmt: skip


def _add_slips(
    wrong: Wrong, matched: dict[str, float], *, names: list[tuple[str, str]], expected: dict[str, float]
) -> None:
    """What the answer can be of slips in calculating, beside the named mistakes."""
    spec, question = wrong.question.answer, wrong.question
    if spec.kind not in NUMERIC:
        return
    true, given = vector(question.gold, spec), vector(wrong.answer, spec)
    is_share = guessing.is_share(question)
    one = guessing.window(question)
    for slip in possible(true, tolerance=spec.tolerance, is_share=is_share):
        expected[slip.name] = min(1.0, expected.get(slip.name, 0.0) + _chance(slip, one, count=len(true)))
    for slip in slips(given, true, tolerance=spec.tolerance, is_share=is_share):
        matched[slip.name] = max(matched.get(slip.name, 0.0), min(1.0, float(1 / slip.width)))
        names.append((slip.name, slip.name))


def _chance(slip: Slip, window: float, *, count: int) -> float:
    """Of random numbers, one or all of them."""
    one = min(1.0, float(slip.width) * window)
    return one if count == 1 else (one**count + one) / 2
