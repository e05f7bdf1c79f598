"""A set of questions with everything that was found of it: as a table, a page and a data card, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import causal_eval
from causal_eval.analysis.suites.card import Origin, card
from causal_eval.analysis.suites.page import page
from causal_eval.analysis.suites.validate import FamilyCheck, validate
from causal_eval.evaluation.baselines.fit import Fitted, fit
from causal_eval.evaluation.baselines.learn import NOTHING
from causal_eval.questions.catalog import title_of
from causal_eval.questions.distinct import published
from causal_eval.questions.domain import Domain
from causal_eval.questions.file import SetHash
from causal_eval.questions.generate import generate
from causal_eval.questions.question import GENERATOR, Question
from causal_eval.questions.suite import training

TRAINED_ON = 60
"""Questions a family from which shortcuts learn; whole twin groups of any size add up to it."""

Told = Callable[[int], None]
"""Hears how many questions are looked at; what it raises ends the looking."""


@dataclass(frozen=True, slots=True)
class CheckedSet:
    """Questions, and what was found of each family."""

    digest: str
    """The set's hash."""
    questions: Sequence[Question]
    checks: tuple[FamilyCheck, ...]

    @property
    def unsound(self) -> list[str]:
        """Families of which something was found to be wrong."""
        return [one.family for one in self.checks if not one.sound]

    def page(self, title: str) -> str:
        """One self-contained page of HTML."""
        return page(self.checks, self.questions, digest=self.digest, title=title)

    def card(self, name: str) -> str:
        """The data card as Markdown."""
        origin = Origin(name, self.digest, causal_eval.__version__, GENERATOR)
        return card(origin, self.checks, self.questions)

    def document(self, name: str) -> Mapping[str, object]:
        """All of it as JSON; shares are between 0 and 1."""
        return {
            "set": self.digest, "questions": len(self.questions), "sound": not self.unsound, "unsound": self.unsound,
            "families": [as_json(one) for one in self.checks], "card": self.card(name),
        }  # fmt: skip


def check_set(given: Iterable[Question], *, told: Told = lambda _: None, own: Collection[Domain] = ()) -> CheckedSet:
    """Prove every question of *given* again, and let those try it who see no causality; *own*: words of users' own."""
    questions, digest = [], SetHash()
    for question in given:
        questions.append(question)
        digest.add(question)
    fitted = _learnt(tuple(sorted({one.family for one in questions})), told=told)
    return CheckedSet(digest.hexdigest(), questions, validate(questions, fitted, told=told, own=own))


def as_json(one: FamilyCheck) -> dict[str, object]:
    """What was found of a family, as JSON."""
    return {
        "family": one.family, "questions": one.questions, "units": one.units, "clusters": one.clusters,
        "levels": {str(level): count for level, count in one.levels.items()},
        "distinct": {str(level): count for (name, level), count in published().items() if name == one.family},
        "mismatches": list(one.mismatches), "repeats": [list(pair) for pair in one.repeats],
        "nearest": None if one.nearest is None else str(one.nearest), "commonest": str(one.commonest),
        "chance": float(one.chance), "sound": one.sound, "words": one.words, "grade": one.grade,
        "shortcuts": [
            {"name": blind.name, "score": blind.score.estimate, "low": blind.score.low, "high": blind.score.high,
             "limit": blind.limit, "pays": blind.pays}
            for blind in one.shortcuts
        ],
    }  # fmt: skip


def _learnt(families: tuple[str, ...], *, told: Told) -> Fitted:
    """What shortcuts learn of these families, from seeds that no set uses; of a user's own questions nothing."""
    known = tuple(name for name in families if title_of(name) is not None)
    if not known:
        return NOTHING
    return fit(_heard(generate(training(TRAINED_ON * len(known), families=known)), told))


def _heard(questions: Iterable[Question], told: Told) -> Iterable[Question]:
    """The same, with *told* hearing at each that none is looked at yet."""
    for question in questions:
        told(0)
        yield question
