"""Tests of no difference: the values that independent programs give, and the promised level under clustering."""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from causal_eval.analysis import signs
from causal_eval.analysis.signs import Clusters

CLUSTERS = st.lists(st.tuples(st.integers(1, 6), st.fractions(-3, 3, max_denominator=3)), min_size=2, max_size=9)


def _counted(pairs: list[tuple[int, Fraction]]) -> Clusters:
    return Counter(pairs)


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 1), (3, 12), (25, 14), (400, 330), (7, 7)])
def test_mid_p_is_the_binomial_one(only_a: int, only_b: int) -> None:
    """The mid-p value is scipy's exact binomial p value without half of what is exactly as far."""
    n, least = only_a + only_b, min(only_a, only_b)
    exact = stats.binomtest(least, n).pvalue
    wanted = 1.0 if only_a == only_b else exact - stats.binom.pmf(least, n, 0.5)
    assert signs.mcnemar_mid_p(only_a, only_b) == pytest.approx(wanted, rel=1e-9)


def test_mid_p_of_the_published_example() -> None:
    """Airways before and after transplantation, 1 against 7 pairs: 0.039 (Fagerland et al. 2013)."""
    assert signs.mcnemar_mid_p(1, 7) == pytest.approx(0.0391, abs=5e-5)


@pytest.mark.slow
@given(pairs=CLUSTERS)
@settings(derandomize=True, deadline=None, max_examples=60)
def test_clustered_statistics_are_their_definitions(pairs: list[tuple[int, Fraction]]) -> None:
    """Obuchowski's and Durkalski's p values are chi-squared tails of the statistics as written."""
    clusters, groups = _counted(pairs), len(pairs)
    sums = np.array([float(d) for _, d in pairs])
    means = np.array([float(d) / n for n, d in pairs])
    if not sums.any():
        assert signs.obuchowski(clusters) is signs.durkalski(clusters) is None
        return
    by_pairs = (groups - 1) / groups * sums.sum() ** 2 / (sums**2).sum()
    by_means = means.sum() ** 2 / (means**2).sum()
    assert signs.obuchowski(clusters) == pytest.approx(stats.chi2.sf(by_pairs, 1), rel=1e-9)
    assert signs.durkalski(clusters) == pytest.approx(stats.chi2.sf(by_means, 1), rel=1e-9)


def test_single_pairs_give_mcnemars_own_statistic() -> None:
    """With one pair a cluster Durkalski's statistic is McNemar's (b - c)^2 / (b + c): 10 against 20 gives 3.33."""
    clusters: Clusters = {(1, 1): 10, (1, -1): 20, (1, 0): 70}
    assert signs.durkalski(clusters) == pytest.approx(stats.chi2.sf(100 / 30, 1))
    assert signs.evidence(clusters, only_a=10, only_b=20).mcnemar == signs.mcnemar_mid_p(10, 20)


def test_mcnemar_is_not_given_where_pairs_are_clustered() -> None:
    """Two pairs in one cluster are not independent: the unclustered value is withheld, the clustered ones are there."""
    found = signs.evidence({(2, 1): 3, (1, 1): 4, (2, 0): 5}, only_a=7, only_b=0)
    assert found.mcnemar is None
    assert found.durkalski is not None


@pytest.mark.slow
@given(pairs=CLUSTERS)
@settings(derandomize=True, deadline=None, max_examples=40)
def test_the_exact_sign_flip_goes_through_every_way(pairs: list[tuple[int, Fraction]]) -> None:
    """Up to nine clusters: the share of all 2^G ways, counted one by one, whose sum is as far from 0."""
    sums = [d for _, d in pairs]
    tosses = itertools.product((1, -1), repeat=len(sums))
    ways = [abs(sum((sign * d for sign, d in zip(toss, sums, strict=True)), Fraction(0))) for toss in tosses]
    found = signs.sign_flip(_counted(pairs))
    assert found.draws == 0
    assert found.p == pytest.approx(sum(way >= abs(sum(sums, Fraction(0))) for way in ways) / len(ways), rel=1e-12)


def test_the_exact_sign_flip_is_scipys() -> None:
    """On twelve clusters scipy's permutation test of paired samples finds the same share."""
    sums = [3, -1, 2, 2, 0, 5, -2, 1, 1, 4, -3, 2]
    theirs = stats.permutation_test(
        [np.array(sums, float), np.zeros(len(sums))], lambda a, b: float(np.sum(a - b)), permutation_type="samples",
        n_resamples=2**13,
    )  # fmt: skip
    assert signs.sign_flip(Counter((6, d) for d in sums)).p == pytest.approx(theirs.pvalue)


def test_drawn_values_stand_beside_exact_ones_and_do_not_change() -> None:
    """Drawing gives the exact value within three Monte-Carlo standard errors, and the same value each time."""
    rng = random.Random(4)
    sizes = Counter(rng.randint(1, 6) for _ in range(60))
    seen = 30
    exact, drawn = signs._exact(sizes, seen), signs._drawn(sizes, seen)
    assert drawn == pytest.approx(exact, abs=3 * math.sqrt(exact * (1 - exact) / signs.DRAWS) + 1 / signs.DRAWS)
    assert drawn == signs._drawn(sizes, seen)


def test_many_clusters_are_drawn_and_small_ones_are_not() -> None:
    """A thousand differing clusters are drawn, and the value is never 0; fourteen are always exact."""
    many = signs.sign_flip({(9, 5): 1000, (9, -1): 300})
    assert (many.draws, many.p) == (signs.DRAWS, 1 / (1 + signs.DRAWS))
    assert signs.sign_flip(Counter((1, Fraction(2**n + 1, 3**n)) for n in range(14))).draws == 0


def test_nothing_that_differs_is_no_evidence() -> None:
    """Without a differing cluster the sign-flip p value is 1 and the chi-squared ones do not exist."""
    found = signs.evidence({(4, 0): 10}, only_a=0, only_b=0)
    assert (found.sign_flip.p, found.obuchowski, found.durkalski) == (1.0, None, None)


@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=12))
@settings(derandomize=True, deadline=None, max_examples=80)
def test_benjamini_hochberg_is_scipys(values: list[float]) -> None:
    """Adjusted values are those of scipy's false_discovery_control."""
    assert signs.benjamini_hochberg(values) == pytest.approx(list(stats.false_discovery_control(values)))


@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=12), level=st.sampled_from([0.01, 0.05, 0.2]))
@settings(derandomize=True, deadline=None, max_examples=80)
def test_holm_rejects_what_its_steps_reject(values: list[float], level: float) -> None:
    """Adjusted values below the level are those that Holm's step-down procedure rejects."""
    left, rejected = sorted(values), 0
    while left and left[0] * len(left) <= level:
        left.pop(0)
        rejected += 1
    assert sum(value <= level for value in signs.holm(values)) == rejected


@pytest.mark.slow
def test_level_under_clustering() -> None:
    """Equal answerers, 40 clusters of 1 to 9 dependent pairs: at most 5 % of 2,000 runs reject, McNemar far more."""
    rng, runs = random.Random(11), 2000
    false = Counter[str]()
    for _ in range(runs):
        clusters, ups, downs = Counter[tuple[int, int | Fraction]](), 0, 0
        for _ in range(40):
            n, lean = rng.randint(1, 9), rng.random()
            drawn = [1 if rng.random() < lean else -1 for _ in range(n) if rng.random() < 0.4]
            clusters[n, sum(drawn)] += 1
            ups, downs = ups + drawn.count(1), downs + drawn.count(-1)
        found = signs.evidence(clusters, only_a=ups, only_b=downs)
        false["flip"] += found.sign_flip.p <= 0.05
        false["obuchowski"] += (found.obuchowski or 1) <= 0.05
        false["durkalski"] += (found.durkalski or 1) <= 0.05
        false["unclustered"] += signs.mcnemar_mid_p(ups, downs) <= 0.05
    slack = 2 * math.sqrt(0.05 * 0.95 / runs)
    assert max(false[name] for name in ("flip", "obuchowski", "durkalski")) / runs <= 0.05 + slack
    assert false["unclustered"] / runs > 0.10
