"""Whether a set of questions is sound: every question proven again, and nothing to be had without causal reasoning."""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import msgspec

from causal_eval.analysis.intervals import Interval, score_cluster, score_interval, tally
from causal_eval.errors import VerificationMismatch
from causal_eval.evaluation.baselines.fit import Fitted
from causal_eval.evaluation.baselines.shortcuts import SHORTCUTS
from causal_eval.evaluation.chance import chance, shipped
from causal_eval.questions.certify import stated, verify
from causal_eval.questions.domain import Domain
from causal_eval.questions.family import APART
from causal_eval.questions.question import AnswerKind, Question, canonical
from causal_eval.questions.shape import shape_of
from causal_eval.scoring.format import example
from causal_eval.scoring.grade import judge
from causal_eval.scoring.verdict import Mark

ALLOWED = Fraction(1, 50)
"""What a shortcut may score beyond chance."""
BLIND = tuple(sorted(set(SHORTCUTS) - {"oracle"}))
"""Shortcuts that see no causality."""
_RISK = 0.05
_TWO_SIDED = 0.9
"""Both ends of such an interval are one-sided 95 % bounds."""
_SYLLABLES = re.compile(r"[aeiouy]+")
_WORDS = re.compile(r"[A-Za-z']+")
_SENTENCES = re.compile(r"[.?!](?:\s|$)")

Unit: TypeAlias = Sequence[Question]
"""What is scored once: a question, or a twin group that is scored jointly."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What an answerer without causal reasoning scores in a family."""

    name: str
    score: Interval
    limit: float
    """Chance and what is allowed beyond."""
    surely: float | None
    """The score is at least this, at 95 % for all families and shortcuts of the set together (Bonferroni)."""

    @property
    def pays(self) -> bool:
        """It is shown to score more than the limit."""
        return self.surely is not None and self.surely > self.limit

    @property
    def cleared(self) -> bool:
        """The whole interval lies below the limit: so many questions are enough to say so."""
        return self.score.high is not None and self.score.high <= self.limit


@dataclass(frozen=True, slots=True)
class FamilyCheck:
    """What was found of a family's questions."""

    family: str
    questions: int
    units: int
    clusters: int
    levels: Mapping[int, int]
    """Questions by difficulty."""
    mismatches: tuple[str, ...]
    """Why questions do not verify: solvers, sufficiency of the prompt, steps, mistakes, id."""
    repeats: tuple[tuple[str, str], ...]
    """Clusters that ask the same in other words."""
    nearest: Fraction | None
    """The least distance of a number from what a named mistake answers."""
    commonest: Fraction
    """The largest share that one answer has within a kind whose answers are options."""
    chance: Fraction
    """What the best policy without the question scores, by units."""
    shortcuts: tuple[Shortcut, ...]
    words: float
    """Median words of a prompt."""
    grade: float
    """Reading level: years of school (Flesch and Kincaid), the median prompt."""

    @property
    def best(self) -> Shortcut:
        """The shortcut that scores most; the first by name of several."""
        return max(self.shortcuts, key=lambda one: one.score.estimate or 0.0)

    @property
    def sound(self) -> bool:
        """Nothing was found to be wrong."""
        far = self.nearest is None or self.nearest >= APART
        return not (self.mismatches or self.repeats or any(one.pays for one in self.shortcuts)) and far


def validate(
    questions: Iterable[Question],
    fitted: Fitted,
    *,
    told: Callable[[int], None] = lambda _: None,
    own: Collection[Domain] = (),
) -> tuple[FamilyCheck, ...]:
    """What was found of each family, by name; *fitted*: what shortcuts learnt from other seeds.

    *told* hears, family by family, how many questions are looked at; what it raises ends the looking. Questions without
    gold or proof (a public file) are mismatches. *own* are the domains of users' own that they are told in.
    """
    families: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        families[question.family].append(question)
    sure = 1.0 - 2.0 * _RISK / (len(BLIND) * max(1, len(families)))
    found, looked = [], 0
    for name in sorted(families):
        found.append(_checked(name, families[name], fitted=fitted, sure=sure, own=own))
        told(looked := looked + len(families[name]))
    return tuple(found)


def _checked(
    name: str, questions: Sequence[Question], *, fitted: Fitted, sure: float, own: Collection[Domain]
) -> FamilyCheck:
    units = list(_units(questions))
    worth = chance(questions) | shipped()  # a small set cannot tell how often the best constant number is right
    by_chance = [worth.get((unit[0].family, unit[0].kind), Fraction(0)) for unit in units]
    mean = sum(by_chance, Fraction(0)) / len(units)
    broken = dict(_mismatches(questions, own))
    proven = [question for question in questions if question.id not in broken]
    return FamilyCheck(
        family=name,
        questions=len(questions),
        units=len(units),
        clusters=len({question.cluster for question in questions}),
        levels=dict(sorted(Counter(question.difficulty for question in questions).items())),
        mismatches=tuple(broken.values()),
        repeats=tuple(_repeats(proven, own)),
        nearest=min(itertools.chain.from_iterable(map(_gaps, proven)), default=None),
        commonest=_commonest(questions),
        chance=mean,
        shortcuts=tuple(_shortcut(blind, units, fitted=fitted, worth=worth, sure=sure) for blind in BLIND),
        words=statistics.median(len(_WORDS.findall(question.prompt)) for question in questions),
        grade=round(statistics.median(reading_grade(question.prompt) for question in questions), 1),
    )


def shortcuts(questions: Sequence[Question], fitted: Fitted) -> tuple[Shortcut, ...]:
    """What every shortcut scores on *questions*, all of one family."""
    worth, sure = chance(questions), 1.0 - 2.0 * _RISK / len(BLIND)
    units = list(_units(questions))
    return tuple(_shortcut(blind, units, fitted=fitted, worth=worth, sure=sure) for blind in BLIND)


def reading_grade(text: str) -> float:
    """Years of school that *text* takes (Flesch and Kincaid's formula, recalled), syllables by groups of vowels."""
    words = _WORDS.findall(text)
    sentences = max(1, len(_SENTENCES.findall(text)))
    syllables = sum(max(1, len(_SYLLABLES.findall(word.lower()))) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / max(1, len(words)) - 15.59


def _units(questions: Iterable[Question]) -> Iterator[Unit]:
    """Scoring units, in order of first appearance."""
    groups: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        groups[question.twin if question.joint and question.twin else question.id].append(question)
    return iter(groups.values())


def _mismatches(questions: Iterable[Question], own: Collection[Domain]) -> Iterator[tuple[str, str]]:
    for question in questions:
        try:
            verify(question, own=own)
        except VerificationMismatch as error:
            yield question.id, str(error)


def _repeats(questions: Sequence[Question], own: Collection[Domain]) -> Iterator[tuple[str, str]]:
    """Pairs of clusters of one shape."""
    clusters: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        clusters[question.cluster].append(question)
    known: dict[str, str] = {}
    for cluster, members in clusters.items():
        proofs = {one.id: one.certificate for one in members if one.certificate is not None}
        told = [stated(one, proofs[one.id], own=own) for one in members]
        # linked questions of one cluster may have more quantities than others
        first = known.setdefault(shape_of(told, max(len(proof.names) for proof in proofs.values())), cluster)
        if first != cluster:
            yield first, cluster


def _gaps(question: Question) -> Iterator[Fraction]:
    """How far every named mistake lies from a right number; nothing for other answers."""
    if question.answer.kind is AnswerKind.NUMBER and question.certificate is not None:
        gold = Fraction(question.gold)
        for written in question.certificate.mistakes.values():
            yield abs(Fraction(msgspec.json.decode(written)) - gold)


def _commonest(questions: Iterable[Question]) -> Fraction:
    """The largest share that one of few answers has in a kind; 0 where answers are no options."""
    kinds: dict[str, Counter[bytes]] = defaultdict(Counter)
    for question in questions:
        if question.answer.kind in (AnswerKind.YES_NO, AnswerKind.CHOICE):
            kinds[question.kind][canonical(question.gold)] += 1
    shares = (Fraction(max(counts.values()), counts.total()) for counts in kinds.values())
    return max(shares, default=Fraction(0))


def _shortcut(
    name: str, units: Sequence[Unit], *, fitted: Fitted, worth: Mapping[tuple[str, str], Fraction], sure: float
) -> Shortcut:
    """The clustered score of a blind shortcut on the units that were not made for it."""
    asked = [unit for unit in units if not any(name in question.exempt for question in unit)]
    clusters: dict[str, list[int]] = defaultdict(list)
    for unit in asked:
        clusters[unit[0].cluster].append(int(all(_right(question, name, fitted=fitted) for question in unit)))
    limits = [worth.get((unit[0].family, unit[0].kind), Fraction(0)) for unit in asked]
    limit = sum(limits, Fraction(0)) / max(1, len(asked)) + ALLOWED
    sums = tally(map(score_cluster, clusters.values()))
    return Shortcut(name, score_interval(sums, level=_TWO_SIDED), float(limit), score_interval(sums, level=sure).low)


def _right(question: Question, name: str, *, fitted: Fitted) -> bool:
    answer = SHORTCUTS[name](question, fitted)
    if answer is None or question.gold is None:
        return False
    reply = f"ANSWER: {example(question.answer, answer)}"
    return judge(reply, "stop", question=question).mark is Mark.CORRECT
