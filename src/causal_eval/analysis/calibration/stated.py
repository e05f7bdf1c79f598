"""Answers with the confidence that their replies state, and how many state none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from causal_eval.analysis.observation import Observation
from causal_eval.scoring.confidence import Unstated, confidence
from causal_eval.scoring.verdict import Mark

READ = frozenset({Mark.CORRECT, Mark.PARTIAL, Mark.WRONG})
"""Marks of replies in which there is an answer to be sure of."""
NO_ANSWER = frozenset({Mark.UNPARSED, Mark.ABSTAINED})
"""Marks of replies without one: they score 0, but no confidence is about them."""

FEWEST_OF_EACH = 6
"""Clusters with a right and clusters with a wrong answer below which the spread of what depends on both is no guide:
as few clusters that differ give no exact sign-flip test that could reject at 95 %."""


class Replied(NamedTuple):
    """A planned (question, sample) with what was replied."""

    row: Observation
    text: str | None
    """None: nothing was replied, or the provider declined."""
    finish: str
    """The provider's word for why the reply ended."""


class Stated(NamedTuple):
    """An answer whose confidence is stated."""

    cluster: str
    c: Fraction
    """The confidence, from 0 to 1."""
    y: int
    """1 if the answer is right by its headline reading, else 0: right in part is not right."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Which replies calibration rests on."""

    asked: int
    """Planned (question, sample)."""
    answers: int
    """Replies with an answer that was read."""
    unstated: Mapping[Unstated, int]
    """Of these, those that state no confidence, by why not; they are left out."""
    no_answer: int
    """Replies without an answer that could be read; they are left out."""

    @property
    def stated(self) -> int:
        """Answers with a stated confidence: the n of everything."""
        return self.answers - sum(self.unstated.values())


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read from the replies of one run."""

    counts: Counts
    stated: tuple[Stated, ...]


def read(rows: Iterable[Replied]) -> Reading:
    """The confidences that *rows* state; what is missing or not graded is no reply."""
    asked = no_answer = answers = 0
    unstated: Counter[Unstated] = Counter()
    stated = []
    for row, text, finish in rows:
        asked += 1
        no_answer += row.mark in NO_ANSWER
        if row.mark not in READ:
            continue
        answers += 1
        c = confidence(text or "", finish=finish)
        if isinstance(c, Unstated):
            unstated[c] += 1
        else:
            stated.append(Stated(row.cluster, c, int(row.mark is Mark.CORRECT)))
    return Reading(Counts(asked, answers, dict(sorted(unstated.items())), no_answer), tuple(stated))


def is_one_sided(clusters: Iterable[Sequence[Stated]]) -> bool:
    """Whether nearly all clusters are right, or nearly all wrong, throughout: :data:`FEWEST_OF_EACH`."""
    kinds = [{one.y for one in own} for own in clusters]
    return min(sum(1 in own for own in kinds), sum(0 in own for own in kinds)) < FEWEST_OF_EACH
