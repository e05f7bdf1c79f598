"""Further intervals of clustered means: closed forms equal their matrix definitions, resampling covers what it says."""

from __future__ import annotations

import math
import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from scipy import linalg, stats

from causal_eval.analysis import robust
from causal_eval.analysis.robust import Clusters


def _draw(rng: random.Random, groups: int, *, most: int = 8, rate: float = 0.6) -> Counter[tuple[int, int | Fraction]]:
    """Clusters of 1 to *most* questions whose luck is shared; the mean over questions is *rate*."""
    drawn: Counter[tuple[int, int | Fraction]] = Counter()
    for _ in range(groups):
        size, lean = rng.randint(1, most), rng.betavariate(2 * rate, 2 * (1 - rate))
        drawn[size, sum(rng.random() < lean for _ in range(size))] += 1
    return drawn


def test_cr2_is_its_matrix_definition() -> None:
    """Variance and degrees of freedom equal Bell and McCaffrey's, from (I - H)^(-1/2), residuals and G x G products."""
    clusters = _draw(random.Random(1), 9)
    each = list(clusters.elements())
    n = sum(size for size, _ in each)
    y = np.concatenate([[1.0] * int(s) + [0.0] * (size - int(s)) for size, s in each])
    groups = np.concatenate([[g] * size for g, (size, _) in enumerate(each)])
    h = np.full((n, n), 1 / n)
    parts = []
    for g in range(len(each)):
        own = groups == g
        root = linalg.fractional_matrix_power(np.eye(own.sum()) - h[np.ix_(own, own)], -0.5)
        parts.append((np.eye(n) - h)[:, own] @ root @ np.full(own.sum(), 1 / n))
    products = np.array([[a @ b for a in parts] for b in parts])
    v = sum(float(part @ y) ** 2 for part in parts)
    found = robust.cr2(clusters)
    assert found is not None
    assert found.se == pytest.approx(math.sqrt(v))
    assert found.df == pytest.approx(np.trace(products) ** 2 / (products**2).sum())


def test_equal_clusters_give_the_t_test_of_their_means() -> None:
    """With equal clusters CR2 is scipy's one-sample t interval of cluster means, G - 1 degrees of freedom."""
    sums = [1, 4, 3, 2, 4, 0, 3, 3]
    found = robust.cr2(Counter((5, s) for s in sums))
    theirs = stats.ttest_1samp([s / 5 for s in sums], 0.5).confidence_interval()
    assert found is not None
    assert (found.low, found.high, found.df) == pytest.approx((theirs.low, theirs.high, 7))


@pytest.mark.parametrize("groups", [60, 3000])
def test_the_bootstrap_is_scipys(groups: int) -> None:
    """Drawn singly or by kind, the ends are those of scipy's percentile bootstrap, within its own noise."""
    clusters = _draw(random.Random(2), groups)
    sizes, sums = np.array([(size, float(s)) for size, s in clusters.elements()]).T
    theirs = stats.bootstrap(
        (sums, sizes), lambda s, n, axis: s.sum(axis) / n.sum(axis), paired=True, method="percentile",
        n_resamples=2000, batch=100, rng=np.random.default_rng(5),
    )  # fmt: skip
    found = robust.bootstrap(clusters)
    assert found is not None
    ends = theirs.confidence_interval
    width = ends.high - ends.low
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), abs=0.08 * width)
    assert found == robust.bootstrap(Counter(dict(reversed(clusters.items()))))


def test_the_wild_interval_holds_the_means_that_are_not_rejected() -> None:
    """Just inside both ends a mean is kept, just outside it is rejected."""
    clusters = _draw(random.Random(3), 9)
    found = robust.wild(clusters)
    assert found is not None
    for end, out in ((found.low, -1), (found.high, 1)):
        assert robust.wild_p(clusters, end + out * 1e-4) <= 0.05 < robust.wild_p(clusters, end - out * 1e-4)


@pytest.mark.parametrize("clusters", [{}, {(4, 2): 1}])
def test_one_cluster_allows_no_interval(clusters: Clusters) -> None:
    """Below two clusters nothing is said of the spread."""
    assert not any((robust.cr2(clusters), robust.bootstrap(clusters), robust.wild(clusters)))


def test_no_spread_allows_no_normal_interval() -> None:
    """Where every cluster is all wrong, CR2 and the wild bootstrap are silent: Wilson's interval stands."""
    assert not any((robust.cr2({(3, 0): 9}), robust.wild({(3, 0): 9})))


def test_coverage_with_few_clusters() -> None:
    """Ten clusters: CR2 and the wild bootstrap cover the truth in over 90 % of 400 runs, the unclustered do not."""
    rng, runs = random.Random(7), 400
    covered = Counter[str]()
    for _ in range(runs):
        clusters = _draw(rng, 10)
        interval = robust.cr2(clusters)
        covered["cr2"] += interval is not None and interval.low <= 0.6 <= interval.high
        covered["wild"] += robust.wild_p(clusters, 0.6) > 0.05
        n = sum(size for size, _ in clusters.elements())
        r = float(sum(s for _, s in clusters.elements())) / n
        covered["naive"] += abs(r - 0.6) <= 1.96 * math.sqrt(r * (1 - r) / n)
    assert min(covered["cr2"], covered["wild"]) / runs > 0.90
    assert covered["naive"] / runs < 0.85


@pytest.mark.slow
def test_coverage_of_the_bootstrap() -> None:
    """Sixty clusters: the bootstrap covers the truth in about 95 % of 300 runs."""
    rng, runs, covered = random.Random(8), 300, 0
    for _ in range(runs):
        found = robust.bootstrap(_draw(rng, 60), resamples=500)
        covered += found is not None and found.low <= 0.6 <= found.high
    assert covered / runs >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)
