"""The memorisation gap: how much better published questions are answered than fresh ones of the same distribution.

The two runs share no question, so their scores are independent. Each score has its clustered Wilson interval
(:mod:`causal_eval.analysis.intervals`); the interval of the difference is made from both (Newcombe 1998, method 10).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

from causal_eval.analysis.intervals import LEVEL, Interval, Tally, score_cluster, score_interval
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.units import units_of


@dataclass(frozen=True, slots=True)
class Gap:
    """Score on published questions minus score on fresh ones."""

    published: Interval
    fresh: Interval
    estimate: float | None
    low: float | None
    high: float | None

    @property
    def said(self) -> str:
        """What the interval allows to say."""
        if self.low is None or self.high is None:
            return "cannot tell: too few clusters"
        if self.low > 0:
            return "published questions are answered better"
        return "fresh questions are answered better" if self.high < 0 else "no gap is shown"


def memorisation(published: Iterable[Observation], fresh: Iterable[Observation], *, level: float = LEVEL) -> Gap:
    """The gap of one answerer; the rows of either run come cluster by cluster."""
    old, new = (score_interval(_tally(rows), level=level) for rows in (published, fresh))
    if old.estimate is None or new.estimate is None:
        return Gap(old, new, None, None, None)
    gap = old.estimate - new.estimate
    if old.low is None or old.high is None or new.low is None or new.high is None:
        return Gap(old, new, gap, None, None)
    down = math.hypot(old.estimate - old.low, new.high - new.estimate)
    up = math.hypot(old.high - old.estimate, new.estimate - new.low)
    return Gap(old, new, gap, max(-1.0, gap - down), min(1.0, gap + up))


def _tally(rows: Iterable[Observation]) -> Tally:
    total = Tally()
    for _, cluster in itertools.groupby(rows, key=lambda row: row.cluster):
        units = [unit for unit in units_of(cluster) if unit.trials and not unit.exempt]
        scores = [unit.lenient for unit in units]
        total = total.plus(score_cluster(scores, sum(len(unit.trials) for unit in units)))
    return total
