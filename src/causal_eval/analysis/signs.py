"""Tests of no difference between two answerers on the same questions, for pairs that come in clusters.

A cluster g holds n_g pairs whose differences a - b sum to d_g. Everything here depends on how many clusters have which
(n_g, d_g) alone, so it is the same in any order of clusters.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.analysis.dice import uniforms
from causal_eval.analysis.intervals import Exact
from causal_eval.analysis.quantiles import beta_cdf
from causal_eval.seeds import Stream

Clusters = Mapping[tuple[int, Exact], int]
"""(n_g, d_g) -> how many clusters are so."""

EXACT_CLUSTERS = 14
"""Up to so many clusters that differ, all 2^14 ways to flip their signs are gone through, whatever the differences."""
EXACT_STEPS = 2**17
"""Beyond, the exact distribution is still worked out where that takes at most so many additions."""
DRAWS = 9_999
"""Else so many random ways are drawn."""


@dataclass(frozen=True, slots=True)
class SignFlip:
    """The two-sided p value of the cluster sign-flip test."""

    p: float
    draws: int = 0
    """Random ways that were drawn; 0: the value is exact."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two-sided p values of no difference; None where a test does not apply or nothing differs."""

    sign_flip: SignFlip
    """The one that findings rest on: exact, or drawn by a fixed seed."""
    obuchowski: float | None
    durkalski: float | None
    mcnemar: float | None
    """Mid-p; only where every cluster holds a single pair, as it takes pairs for independent."""
    holm: float | None = None
    """The sign-flip value where several comparisons were made together, adjusted for that."""


def evidence(clusters: Clusters, *, only_a: int, only_b: int) -> Evidence:
    """All tests of the same pairs; *only_a* and *only_b* count the samples that one side alone has right."""
    single = all(n == 1 and d in {-1, 0, 1} for n, d in clusters)
    return Evidence(
        sign_flip=sign_flip(clusters),
        obuchowski=obuchowski(clusters),
        durkalski=durkalski(clusters),
        mcnemar=mcnemar_mid_p(only_a, only_b) if single and clusters else None,
    )


def mcnemar_mid_p(only_a: int, only_b: int) -> float:
    """McNemar's exact test of independent pairs, mid-p: 2 P(X < m) + P(X = m), X binomial(b + c, 1/2), m = min(b, c).

    Source: Fagerland, Lydersen and Laake 2013, BMC Med. Res. Methodol. 13:91 (keeps its level and has the power that
    the exact test lacks).
    """
    n, least = only_a + only_b, min(only_a, only_b)
    if only_a == only_b:
        return 1.0
    return _at_most(least, n) + _at_most(least - 1, n)


def obuchowski(clusters: Clusters) -> float | None:
    """The clustered McNemar test of the mean over pairs: X2 = (G-1)/G (sum d_g)^2 / sum d_g^2, chi-squared with 1 df.

    Source: Obuchowski 1998, Stat. Med. 17, 1495-1507 (with the proportions pooled under the null the variance reduces
    to this; Yang, Sun and Hardin 2010). None where no cluster differs, or there is only one.
    """
    groups = sum(clusters.values())
    squares = sum(count * d * d for (_, d), count in clusters.items())
    if not squares or groups < 2:  # noqa: PLR2004 - one cluster shows no spread
        return None
    total = sum(count * d for (_, d), count in clusters.items())
    return _chi_squared_tail(float(Fraction(groups - 1, groups) * total * total / squares))


def durkalski(clusters: Clusters) -> float | None:
    """The clustered McNemar test of the mean over clusters: X2 = (sum d_g/n_g)^2 / sum (d_g/n_g)^2, 1 df.

    Source: Durkalski, Palesch, Lipsitz and Rust 2003, Stat. Med. 22, 2417-2428 (method of moments; each cluster counts
    the same, however many pairs it holds). None where no cluster differs.
    """
    means = [(Fraction(d) / n, count) for (n, d), count in clusters.items()]
    squares = sum(count * mean * mean for mean, count in means)
    if not squares:
        return None
    total = sum(count * mean for mean, count in means)
    return _chi_squared_tail(float(total * total / squares))


def sign_flip(clusters: Clusters) -> SignFlip:
    """How often |sum of d_g| is at least as large as seen when every cluster's sign is tossed.

    If the answerers are equally good, a cluster favours either side by the same amount with the same probability,
    whatever the dependence within it. The sum divided by the root of the sum of squares, which no flip changes, is a
    studentised mean, so the test is also right, with many clusters, where d_g is not symmetric but has mean 0.
    Source: Fisher 1935; Canay, Romano and Shaikh 2017, Econometrica 85, 1013-1030.
    """
    moved: Counter[Exact] = Counter()
    total: Exact = 0
    for (_, d), count in clusters.items():
        total += count * d
        if d:
            moved[d if d > 0 else -d] += count
    scale = math.lcm(*(Fraction(size).denominator for size in moved))
    sizes = {int(size * scale): count for size, count in sorted(moved.items())}
    seen, groups = abs(int(total * scale)), sum(sizes.values())
    reach = sum(size * count for size, count in sizes.items())
    if groups <= EXACT_CLUSTERS or groups * reach <= EXACT_STEPS:
        return SignFlip(_exact(sizes, seen))
    return SignFlip(_drawn(sizes, seen), DRAWS)


def holm(values: Sequence[float]) -> list[float]:
    """The p values adjusted so that no true null among them is rejected with more than the stated probability.

    Source: Holm 1979, Scand. J. Stat. 6, 65-70; right whatever the dependence between the tests.
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    adjusted, highest = [1.0] * len(values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(values) - rank) * values[place]))
        adjusted[place] = highest
    return adjusted


def benjamini_hochberg(values: Sequence[float]) -> list[float]:
    """The p values adjusted so that at most the stated share of rejections is expected to be false.

    Source: Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57, 289-300; for independent or positively dependent tests.
    """
    order = sorted(range(len(values)), key=values.__getitem__, reverse=True)
    adjusted, lowest = [1.0] * len(values), 1.0
    for rank, place in enumerate(order):
        lowest = min(lowest, values[place] * len(values) / (len(values) - rank))
        adjusted[place] = lowest
    return adjusted


def _exact(sizes: Mapping[int, int], seen: int) -> float:
    """The share of all ways to flip signs whose sum is at least *seen* in size."""
    ways = {0: 1}
    for size in Counter(sizes).elements():
        flipped: dict[int, int] = {}
        for total, count in ways.items():
            flipped[total + size] = flipped.get(total + size, 0) + count
            flipped[total - size] = flipped.get(total - size, 0) + count
        ways = flipped
    far = sum(count for total, count in ways.items() if abs(total) >= seen)
    return float(Fraction(far, sum(ways.values())))


def _drawn(sizes: Mapping[int, int], seen: int) -> float:
    """The same from random ways, the seen one among them, so the test keeps its level (Phipson and Smyth 2010).

    Clusters of one size are tossed together: how many keep their sign is binomial. The seed is what is tested: same
    data, same value.
    """
    import numpy as np  # heavy, and only large comparisons draw

    stream = Stream("sign flip", *(f"{size}:{count}" for size, count in sizes.items()), seen)
    drawn = uniforms(stream, len(sizes), columns=DRAWS)
    totals = np.zeros(DRAWS)
    for (size, count), row in zip(sizes.items(), drawn, strict=True):
        steps = np.log(np.arange(count, 0, -1) / np.arange(1, count + 1))
        logs = np.concatenate([[0.0], np.cumsum(steps)]) - count * math.log(2.0)
        kept = np.searchsorted(np.cumsum(np.exp(logs)), row)
        totals += size * (2.0 * np.minimum(kept, count) - count)
    return float(1 + np.count_nonzero(np.abs(totals) >= seen)) / (1 + DRAWS)


def _at_most(k: int, n: int) -> float:
    """P(X <= k) for X binomial(n, 1/2)."""
    return 0.0 if k < 0 else beta_cdf(0.5, 0.5, a=n - k, b=k + 1)


def _chi_squared_tail(x: float) -> float:
    """The probability that a chi-squared variable with 1 df exceeds *x*."""
    return math.erfc(math.sqrt(x / 2.0))
