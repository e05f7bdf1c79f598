"""Means of clustered scores with honest intervals, from exact sums that do not depend on the order of arrival.

Notation: G clusters; cluster g holds n_g units whose scores sum to s_g; n = sum of n_g; r = sum of s_g / n. A unit is
what is scored once (a question, or a jointly scored twin group); the cluster is what is drawn independently.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.analysis.quantiles import beta_quantile, t_quantile

Exact = int | Fraction
"""A number without rounding; sums of them are equal in any order."""

LEVEL = 0.95
"""The default confidence level, two-sided."""

FEWEST_CLUSTERS = 2
"""Below this nothing can be said about the spread between clusters."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its confidence interval; ends are None where the data cannot give one."""

    estimate: float | None
    """None: nothing was scored."""
    low: float | None
    high: float | None
    clusters: int
    n: int
    """Scoring units."""
    level: float = LEVEL
    se: float | None = None
    """Cluster-robust standard error; None below two clusters."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What one whole cluster adds to a tally."""

    n: int
    s: Exact
    samples: int
    """Single draws behind the units: n times the epochs when nothing is missing."""
    up: bool
    """Scores: something is above 0. Differences: some unit is above 0."""
    down: bool
    """Scores: something is below 1. Differences: some unit is below 0."""


def score_cluster(scores: Sequence[Exact], samples: int | None = None) -> Cluster:
    """A cluster of scores in [0, 1]."""
    return Cluster(
        n=len(scores),
        s=sum(scores),
        samples=len(scores) if samples is None else samples,
        up=any(scores),
        down=any(score != 1 for score in scores),
    )


def difference_cluster(differences: Sequence[Exact]) -> Cluster:
    """A cluster of paired differences in [-1, 1]."""
    return Cluster(
        n=len(differences),
        s=sum(differences),
        samples=len(differences),
        up=any(difference > 0 for difference in differences),
        down=any(difference < 0 for difference in differences),
    )


@dataclass(frozen=True, slots=True)
class Tally:
    """Exact sums over whole clusters; adding and merging commute, so any order gives the same bits."""

    clusters: int = 0
    """G."""
    n: int = 0
    """Sum of n_g."""
    s: Exact = 0
    """Sum of s_g."""
    nn: int = 0
    """Sum of n_g squared."""
    ns: Exact = 0
    """Sum of n_g s_g."""
    ss: Exact = 0
    """Sum of s_g squared."""
    samples: int = 0
    up: int = 0
    """Clusters with :attr:`Cluster.up`."""
    down: int = 0
    """Clusters with :attr:`Cluster.down`."""
    moved: int = 0
    """Clusters whose sum is not 0."""

    def plus(self, cluster: Cluster) -> Tally:
        """This tally and one more whole cluster; a cluster without units changes nothing."""
        if cluster.n == 0:
            return self
        return Tally(
            self.clusters + 1,
            self.n + cluster.n,
            self.s + cluster.s,
            self.nn + cluster.n * cluster.n,
            self.ns + cluster.n * cluster.s,
            self.ss + cluster.s * cluster.s,
            self.samples + cluster.samples,
            self.up + cluster.up,
            self.down + cluster.down,
            self.moved + (cluster.s != 0),
        )

    def merge(self, other: Tally) -> Tally:
        """The tally of both; they must share no cluster."""
        return Tally(
            self.clusters + other.clusters,
            self.n + other.n,
            self.s + other.s,
            self.nn + other.nn,
            self.ns + other.ns,
            self.ss + other.ss,
            self.samples + other.samples,
            self.up + other.up,
            self.down + other.down,
            self.moved + other.moved,
        )


def tally(clusters: Iterable[Cluster]) -> Tally:
    """The sums over all of *clusters*."""
    total = Tally()
    for cluster in clusters:
        total = total.plus(cluster)
    return total


def mean(sums: Tally) -> Fraction | None:
    """The ratio r = sum of s_g / n, exactly; None where nothing was scored."""
    return Fraction(sums.s) / sums.n if sums.n else None


def variance(sums: Tally) -> Fraction | None:
    """The cluster-robust variance of the ratio r, exactly; None below two clusters.

    V = G/(G-1) * sum over g of (s_g - r n_g)^2 / n^2, the linearised variance of a ratio (Cochran 1977, Sampling
    Techniques, section 6.4 and 9A.2; with equal clusters it is the variance of the mean of cluster means).
    """
    r = mean(sums)
    if r is None or sums.clusters < FEWEST_CLUSTERS:
        return None
    residuals = sums.ss - 2 * r * sums.ns + r * r * sums.nn
    return residuals * sums.clusters / ((sums.clusters - 1) * sums.n * sums.n)


def score_interval(sums: Tally, *, level: float = LEVEL) -> Interval:
    """The mean of scores in [0, 1] with Wilson's interval at the effective sample size, t quantile with G - 1 df.

    A Wald interval fails near 0 and 1, where weak answerers live, and has no width at all where everything is wrong.
    Wilson's interval with n_eff = r(1-r)/V in the place of n is the remedy for clustered proportions (Kott and Carr
    1997; Franco, Little, Louis and Slud 2019, J. Survey Stat. Methodol. 7, 334-364: best coverage of those compared).
    """
    r = mean(sums)
    if r is None or sums.clusters < FEWEST_CLUSTERS:
        return Interval(_float(r), None, None, sums.clusters, sums.n, level)
    spread = float(_spread(sums, r))
    t = t_quantile((1.0 + level) / 2.0, sums.clusters - 1)
    p, w = float(r), t * t * spread
    middle = (p + w / 2.0) / (1.0 + w)
    half = math.sqrt(float(r * (1 - r)) * w + w * w / 4.0) / (1.0 + w)
    low = 0.0 if r == 0 else max(0.0, middle - half)
    high = 1.0 if r == 1 else min(1.0, middle + half)
    return Interval(p, low, high, sums.clusters, sums.n, level, _root(variance(sums)))


def difference_interval(sums: Tally, *, level: float = LEVEL) -> Interval:
    """The mean of paired differences in [-1, 1] with the t interval of the cluster-robust variance, G - 1 df.

    Where so few clusters differ that no exact sign-flip test could reject (2^(1-k) > 1 - level; k < 6 at 95 %), t is no
    guide. Then the ends are exact one-sided bounds (Clopper and Pearson 1934) on the share of clusters that hold
    any difference in that direction, which bounds the mean difference whatever happens within a cluster. So it is where
    every unit differs in full: a cluster that holds anything else was never seen, and may lie at the other end.
    """
    r, v = mean(sums), variance(sums)
    if r is None or v is None:
        return Interval(_float(r), None, None, sums.clusters, sums.n, level)
    alpha = 1.0 - level
    if 2.0 ** (1 - sums.moved) > alpha:
        low, high = (
            -_share_bound(sums.down, sums.clusters, alpha=alpha),
            _share_bound(sums.up, sums.clusters, alpha=alpha),
        )
    elif abs(r) == 1:
        reach = 1.0 - 2.0 * _share_bound(0, sums.clusters, alpha=alpha)
        low, high = (reach, 1.0) if r > 0 else (-1.0, -reach)
    else:
        half = t_quantile(1.0 - alpha / 2.0, sums.clusters - 1) * math.sqrt(float(v))
        low, high = max(-1.0, float(r) - half), min(1.0, float(r) + half)
    return Interval(float(r), low, high, sums.clusters, sums.n, level, _root(v))


def _spread(sums: Tally, r: Fraction) -> Fraction:
    """1 / n_eff: the variance of r in units of r(1-r), never smaller than the data can support.

    V is hardly known where only h clusters hold the rarer outcome, and is 0 at h = 0. It is therefore mixed with the
    worst case, every cluster a single draw (sum of n_g^2 / n^2), which gets the weight of one such cluster against h.
    At h = 0, equal clusters, the bound t^2/(G + t^2) lies above the exact 1 - (alpha/2)^(1/G), which holds whatever
    the dependence within clusters. n_eff never exceeds the number of single draws, its value under independence.
    """
    h = min(sums.up, sums.down)
    v = variance(sums)
    known = v / (r * (1 - r)) if v is not None and 0 < r < 1 else Fraction(0)
    worst = Fraction(sums.nn, sums.n * sums.n)
    return max(known, (h * known + worst) / (h + 1), Fraction(1, sums.samples))


def _share_bound(count: int, total: int, *, alpha: float) -> float:
    """The upper Clopper-Pearson bound of count/total at one-sided level alpha/2."""
    return 1.0 if count == total else beta_quantile(1.0 - alpha / 2.0, a=count + 1, b=total - count)


def _root(v: Fraction | None) -> float | None:
    return None if v is None else math.sqrt(float(v))


def _float(r: Fraction | None) -> float | None:
    return None if r is None else float(r)
