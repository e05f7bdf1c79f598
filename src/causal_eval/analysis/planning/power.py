"""How surely so many causal models show a gap, how narrow they make an interval, and the fewest that do.

Everything is said of the analysis that compare makes: the t interval of a mean of clusters, and the sign-flip test.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from statistics import NormalDist

from causal_eval.analysis.quantiles import t_quantile
from causal_eval.errors import UsageError

FEWEST = 20
"""Clusters that a plan never goes below: with fewer, intervals are rough."""
MOST = 10**9
_REACH = 9.0
_STEPS = 200


@functools.lru_cache(maxsize=4096)
def power(clusters: int, *, effect: float, level: float) -> float:
    """The probability that a two-sided t test with *clusters* - 1 degrees of freedom rejects.

    *effect* is the gap over its standard error: T is noncentral t. Source: Cohen 1988; tested against
    scipy.stats.nct.
    """
    df = clusters - 1
    critical = t_quantile((1.0 + level) / 2.0, df)
    return _above(critical, effect, df=df) + _above(critical, -effect, df=df)


def half_width(share: float, *, variance: float, clusters: int, level: float) -> float:
    """Half of the interval of a score that is *share* with that variance: Wilson's at the effective sample size."""
    spread = share * (1.0 - share)
    if not spread:
        raise UsageError(f"the score to plan for is {share:g}: precision is planned for scores between 0 and 1")
    w = t_quantile((1.0 + level) / 2.0, clusters - 1) ** 2 * variance / spread
    return math.sqrt(spread * w + w * w / 4.0) / (1.0 + w)


def least(enough: Callable[[int], bool]) -> int:
    """The fewest clusters, at least :data:`FEWEST`, that are *enough*; what is enough stays so with more.

    Raises:
        UsageError: a thousand million are not.
    """
    high = FEWEST
    while not enough(high):
        high *= 2
        if high > MOST:
            raise UsageError("more than a thousand million causal models would be needed: ask for less")
    low = high // 2
    while high - low > 1 and high > FEWEST:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return max(high, FEWEST)


def _above(critical: float, effect: float, *, df: int) -> float:
    """P(T > critical): the mean of Phi(effect - critical s) over s, the root of a chi-squared over its df."""
    width = _REACH / math.sqrt(2.0 * df)
    low, high = max(1e-9, 1.0 - width), 1.0 + width
    normal = NormalDist()
    total = mass = 0.0
    for step in range(_STEPS + 1):  # Simpson's rule; the density is normed by its own sum
        s = low + (high - low) * step / _STEPS
        weight = 1.0 if step in {0, _STEPS} else 4.0 if step % 2 else 2.0
        density = weight * math.exp((df - 1) * math.log(s) - df * (s * s - 1.0) / 2.0)
        mass += density
        total += density * normal.cdf(effect - critical * s)
    return total / mass
