"""The Brier score of stated confidences, its parts, and its skill against the base rate.

Notation: n answers; c_i the stated confidence, y_i 1 if right, else 0; a = mean of y, the base rate (accuracy).
BS = mean of (c - y)^2 (Brier 1950, recalled): 0 is perfect, UNC = a(1 - a) is what stating a every time scores, and
1/4 what 50 % every time scores.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.analysis.calibration.stated import Stated, is_one_sided
from causal_eval.analysis.intervals import LEVEL, Interval, difference_cluster, tally, variance
from causal_eval.analysis.quantiles import t_quantile


@dataclass(frozen=True, slots=True)
class Decomposition:
    """BS = miscalibration - discrimination + uncertainty, exactly; none is negative."""

    miscalibration: float
    """What the best rise-only change of the confidences would save: 0 is calibrated."""
    discrimination: float
    """What knowing the changed confidences is worth against knowing the base rate alone: 0 tells nothing apart."""
    uncertainty: float
    """a(1 - a): the score of stating the base rate every time."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Answers that the same recalibrated confidence is given: their number, and how many are right."""

    n: int
    s: int

    def merge(self, other: _Block) -> _Block:
        return _Block(self.n + other.n, self.s + other.s)

    @property
    def score(self) -> Fraction:
        """Sum of (s/n - y)^2 over the block."""
        return Fraction(self.s * (self.n - self.s), self.n)


def decomposition(answers: Sequence[Stated]) -> Decomposition | None:
    """The CORP decomposition (Dimitriadis, Gneiting and Jordan 2021, PNAS 118(8) e2016191118); None without answers.

    With S_R the score of confidences recalibrated by isotonic regression (pool adjacent violators, in exact numbers):
    MCB = BS - S_R, DSC = UNC - S_R, as the documentation of the authors' R package ``reliabilitydiag`` defines them.
    No bins are chosen. Recalibration fits the sample, so with few answers MCB and DSC are both too large.
    """
    if not answers:
        return None
    n = len(answers)
    brier = sum(((one.c - one.y) ** 2 for one in answers), Fraction(0)) / n
    recalibrated = sum((block.score for block in _pooled(answers)), Fraction(0)) / n
    uncertainty = _Block(n, sum(one.y for one in answers)).score / n
    return Decomposition(float(brier - recalibrated), float(uncertainty - recalibrated), float(uncertainty))


def _pooled(answers: Iterable[Stated]) -> list[_Block]:
    """Pool adjacent violators: blocks by rising confidence, whose shares of right answers rise, too."""
    levels: dict[Fraction, _Block] = {}
    for one in answers:
        levels[one.c] = levels.get(one.c, _Block(0, 0)).merge(_Block(1, one.y))
    blocks: list[_Block] = []
    for _, block in sorted(levels.items()):
        while blocks and blocks[-1].s * block.n >= block.s * blocks[-1].n:
            block = blocks.pop().merge(block)  # noqa: PLW2901 - it grows by what it violates
        blocks.append(block)
    return blocks


def skill(clusters: Sequence[Sequence[Stated]], *, level: float = LEVEL) -> Interval:
    """1 - BS / UNC, with the t interval of its linearised cluster-robust variance, G - 1 degrees of freedom.

    1 is perfect, 0 no better than stating the base rate every time, below 0 worse. The derivative takes into account
    that a is estimated from the same answers: z_i = -b_i / UNC + BS (1 - 2a) y_i / UNC^2. There is no skill where all
    answers are right or all wrong, and no interval where nearly all clusters are.
    """
    answers = [one for own in clusters for one in own]
    n, groups = len(answers), len(clusters)
    a = Fraction(sum(one.y for one in answers), n or 1)
    unc = a * (1 - a)
    if not unc:
        return Interval(None, None, None, groups, n, level)
    brier = sum(((one.c - one.y) ** 2 for one in answers), Fraction(0)) / n
    slope = brier * (1 - 2 * a) / unc**2
    sums = tally(difference_cluster([slope * one.y - (one.c - one.y) ** 2 / unc for one in own]) for own in clusters)
    estimate, v = float(1 - brier / unc), variance(sums)
    if not v or is_one_sided(clusters):
        return Interval(estimate, None, None, groups, n, level)
    se = math.sqrt(float(v))
    half = t_quantile((1.0 + level) / 2.0, groups - 1) * se
    return Interval(estimate, estimate - half, min(1.0, estimate + half), groups, n, level, se)
