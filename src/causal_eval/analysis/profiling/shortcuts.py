"""How many answers are those of a shortcut that sees no causality, and how many more than coincidence gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from causal_eval.analysis.diagnosis.guessing import probability
from causal_eval.analysis.diagnosis.matching import is_right, is_same
from causal_eval.analysis.intervals import (
    LEVEL,
    Interval,
    Tally,
    difference_cluster,
    difference_interval,
    score_cluster,
    score_interval,
)
from causal_eval.analysis.twins.seen import Seen
from causal_eval.evaluation.baselines.learn import NOTHING, Learn
from causal_eval.evaluation.baselines.shortcuts import SHORTCUTS
from causal_eval.questions.question import AnswerKind, Question

UNTAUGHT = ("association", "no-graph", "order")
"""Shortcuts that need nothing learnt, but for labels."""
TAUGHT = (*UNTAUGHT, "majority", "wording", "bag-of-words")
_GRAIN = 10_000


@dataclass(frozen=True, slots=True)
class ShortcutShare:
    """One shortcut against one answerer."""

    shortcut: str
    equal: Interval
    """Share of the answers that could be read that are just the shortcut's, right ones too."""
    beyond: Interval
    """Of answers that are wrong where the shortcut is wrong too: share that is the same wrong answer, less the share of
    random wrong answers that would be."""


def shortcut_shares(
    rows: Iterable[Seen], *, learn: Learn | None = None, level: float = LEVEL
) -> tuple[ShortcutShare, ...]:
    """Every shortcut against the one answerer of *rows*, which come cluster by cluster.

    Args:
        rows: all that was asked.
        learn: what shortcuts know of a family; None: only those that need to know nothing.
        level: of the intervals.
    """
    names = UNTAUGHT if learn is None else TAUGHT
    equal, beyond = ({name: Tally() for name in names} for _ in range(2))
    for _, cluster in groupby(rows, key=lambda seen: seen.row.cluster):
        read = [seen for seen in cluster if seen.answer is not None and seen.question.gold is not None]
        for name in names:
            pairs = list(_met(read, name, learn=learn))
            equal[name] = equal[name].plus(score_cluster([int(same) for same, _ in pairs]))
            more = [
                int(same) - Fraction(round(chance * _GRAIN), _GRAIN) for same, chance in pairs if chance is not None
            ]
            beyond[name] = beyond[name].plus(difference_cluster(more))
    return tuple(
        [
            ShortcutShare(
                name, score_interval(equal[name], level=level), difference_interval(beyond[name], level=level)
            )
            for name in names
        ]
    )


def _met(read: Iterable[Seen], name: str, *, learn: Learn | None) -> Iterator[tuple[bool, float | None]]:
    """For each answer whether it is the shortcut's; where both are wrong, how probable that is by coincidence."""
    for seen in read:
        question = seen.question
        if learn is None and question.answer.kind is AnswerKind.LABELS and not _knows(question, name):
            continue
        said = SHORTCUTS[name](question, NOTHING if learn is None else learn(question.family))
        if said is None:
            continue
        same = is_same(seen.answer, said, question=question)
        both_wrong = not seen.right and not is_right(said, question)
        yield same, probability(said, question) if both_wrong else None


def _knows(question: Question, name: str) -> bool:
    """Whether the shortcut labels items without having learnt which label is usual."""
    named = question.certificate.mistakes if question.certificate else {}
    return name == "order" or (name == "association" and "correlation is causation" in named)
