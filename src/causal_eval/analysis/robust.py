"""Further intervals for the mean of clustered scores, each where it is at its best, beside the headline's.

A cluster g holds n_g units whose scores sum to s_g; n = sum of n_g; r = sum of s_g / n. Everything depends on how many
clusters have which (n_g, s_g) alone: a million answers are a few dozen kinds of clusters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from causal_eval.analysis.dice import poisson, uniforms
from causal_eval.analysis.intervals import FEWEST_CLUSTERS, LEVEL, Exact
from causal_eval.analysis.quantiles import t_quantile
from causal_eval.seeds import Stream

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

Clusters = Mapping[tuple[int, Exact], int]
"""(n_g, s_g) -> how many clusters are so."""

FEW_CLUSTERS = 20
"""Below this many, normal theory and resampling of clusters are rough, and the wild bootstrap is worked out too."""
RESAMPLES = 2_000
DRAWN_SINGLY = 500
WILD_DRAWS = 2_999
_STEPS = 20
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Robust:
    """The CR2 interval."""

    low: float
    high: float
    se: float
    df: float
    """Satterthwaite's degrees of freedom: G - 1 where clusters are equal, fewer where few large ones dominate."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The ends of a resampled interval."""

    low: float
    high: float


def cr2(clusters: Clusters, *, level: float = LEVEL) -> Robust | None:
    """The bias-reduced cluster-robust interval of the mean, t quantile with Satterthwaite's degrees of freedom.

    Regression on a constant makes both closed: V = sum of u_g^2 / (1 - n_g/n) / n^2 with u_g = s_g - r n_g, and
    df = n^2 / (sum of n_g^2 + ((sum of w_g)^2 - sum of w_g^2) / n^2) with w_g = n_g^2 / (1 - n_g/n).
    Source: Bell and McCaffrey 2002, Surv. Methodol. 28, 169-181; Pustejovsky and Tipton 2018, J. Bus. Econ. Stat. 36.
    None where there are fewer than two clusters, or no spread.
    """
    n = sum(size * count for (size, _), count in clusters.items())
    if sum(clusters.values()) < FEWEST_CLUSTERS:
        return None
    r = float(Fraction(sum(s * count for (_, s), count in clusters.items())) / n)
    v = sizes = weights = squares = 0.0
    for (size, s), count in sorted(clusters.items()):  # float sums: one order, one value
        leverage = 1.0 - size / n
        w = size * size / leverage
        v += count * (float(s) - r * size) ** 2 / leverage
        sizes, weights, squares = sizes + count * size * size, weights + count * w, squares + count * w * w
    if v <= 0.0:
        return None
    se = math.sqrt(v) / n
    df = n * n / (sizes + (weights * weights - squares) / (n * n))
    half = t_quantile((1.0 + level) / 2.0, df) * se
    return Robust(max(0.0, r - half), min(1.0, r + half), se, df)


def bootstrap(clusters: Clusters, *, level: float = LEVEL, resamples: int = RESAMPLES) -> Ends | None:
    """The percentile interval of the mean over resampled clusters; the seed is the data: same data, same ends.

    Up to 500 clusters are drawn one by one, with replacement. More are drawn by kind: how often c clusters of a kind
    come is Poisson with mean c (Hanley and MacGibbon 2006, Comput. Methods Programs Biomed. 83, 57-62), whatever c.
    Source: Davison and Hinkley 1997, 2.4 and 3.8; Field and Welsh 2007, J. R. Stat. Soc. B 69. None below two clusters.
    """
    groups = sum(clusters.values())
    if groups < FEWEST_CLUSTERS:
        return None
    import numpy as np  # heavy, and only what is resampled needs it

    kinds = sorted(clusters.items())
    drawn = resampled([count for _, count in kinds], _stream("bootstrap", clusters), resamples=resamples)
    sizes = drawn @ np.array([float(size) for (size, _), _ in kinds])
    sums = drawn @ np.array([float(s) for (_, s), _ in kinds])
    low, high = np.quantile(sums / sizes, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return Ends(float(low), float(high))


def resampled(counts: Sequence[int], stream: Stream, *, resamples: int = RESAMPLES) -> Array:
    """How often each kind of cluster, of which there are *counts*, comes in each set of drawn clusters; a row a set."""
    import numpy as np  # heavy, and only what is resampled needs it

    groups = sum(counts)
    if groups <= DRAWN_SINGLY:
        edges = np.array(counts).cumsum() / groups
        places = np.searchsorted(edges, uniforms(stream, resamples, columns=groups), side="right")
        return np.stack([np.bincount(row, minlength=len(counts)) for row in places]).astype(np.float64)
    rows = uniforms(stream, len(counts), columns=resamples)
    return np.stack([poisson(row, mean) for row, mean in zip(rows, counts, strict=True)], axis=1)


def wild(clusters: Clusters, *, level: float = LEVEL) -> Ends | None:
    """The interval of all means that :func:`wild_p` does not reject, found by bisection: for few clusters.

    None below two clusters, or without spread between them.
    """
    sums = [(float(s), size) for (size, s), count in sorted(clusters.items()) for _ in range(count)]
    n = sum(size for _, size in sums)
    r = sum(s for s, _ in sums) / n if n else 0.0
    if len(sums) < FEWEST_CLUSTERS or all(abs(s - r * size) < _NOTHING for s, size in sums):
        return None
    p, ends = _tossing(clusters), []
    for outer in (0.0, 1.0):
        inner, end = r, outer
        for _ in range(_STEPS if p(outer) <= 1.0 - level else 0):
            middle = (inner + end) / 2.0
            inner, end = (inner, middle) if p(middle) <= 1.0 - level else (middle, end)
        ends.append(end)
    return Ends(*ends)


def wild_p(clusters: Clusters, mean: float) -> float:
    """The p value of *mean* by the wild cluster bootstrap of its cluster-robust t statistic, the null imposed.

    Residuals of whole clusters are multiplied by Webb's six-point weights. Source: Cameron, Gelbach and Miller 2008,
    Rev. Econ. Stat. 90, 414-427; Webb 2023, Can. J. Econ. 56, 839-858.
    """
    return _tossing(clusters)(mean)


def _tossing(clusters: Clusters) -> Callable[[float], float]:
    """:func:`wild_p` of these clusters, with the same weights for every mean."""
    import numpy as np  # heavy, and only what is resampled needs it

    each = [(float(size), float(s)) for (size, s), count in sorted(clusters.items()) for _ in range(count)]
    sizes, sums = np.array(each).T
    webb = np.sqrt([0.5, 1.0, 1.5, 0.5, 1.0, 1.5]) * np.array([1, 1, 1, -1, -1, -1])
    tossed = webb[(6 * uniforms(_stream("wild", clusters), WILD_DRAWS, columns=len(each))).astype(np.int64)]

    def p(mean: float) -> float:
        residuals = np.concatenate([(sums - mean * sizes)[None, :], tossed * (sums - mean * sizes)])
        shift = residuals.sum(axis=1) / sizes.sum()
        spread = ((residuals - shift[:, None] * sizes) ** 2).sum(axis=1)
        t = np.divide(shift**2, spread, out=np.full_like(shift, np.inf), where=spread > _NOTHING)
        return float(np.count_nonzero(t >= t[0]) / len(t))

    return p


def _stream(what: str, clusters: Clusters) -> Stream:
    return Stream(what, *(f"{size}:{s}:{count}" for (size, s), count in sorted(clusters.items())))
