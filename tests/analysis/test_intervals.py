"""Clustered intervals: exact, order-free, honest at the ends, covering what they promise."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from causal_eval.analysis.intervals import (
    Exact,
    Interval,
    Tally,
    difference_cluster,
    difference_interval,
    mean,
    score_cluster,
    score_interval,
    tally,
    variance,
)
from causal_eval.analysis.quantiles import t_quantile

SCORES = st.lists(st.lists(st.fractions(0, 1, max_denominator=4), min_size=1, max_size=5), min_size=2, max_size=12)


def _scores(clusters: list[list[Exact]]) -> Tally:
    return tally(score_cluster(scores) for scores in clusters)


@pytest.mark.slow
@given(clusters=SCORES, seed=st.integers(0, 99))
@settings(derandomize=True, deadline=None, max_examples=80)
def test_any_order_and_any_split_give_the_same_bits(clusters: list[list[Exact]], seed: int) -> None:
    """Intervals are equal bit for bit in whatever order, and in whatever pieces, clusters arrive."""
    shuffled = clusters[:]
    random.Random(seed).shuffle(shuffled)
    cut = seed % len(clusters)
    pieces = _scores(shuffled[:cut]).merge(_scores(shuffled[cut:]))
    assert pieces == _scores(clusters)
    assert score_interval(pieces) == score_interval(_scores(clusters))
    assert difference_interval(pieces) == difference_interval(_scores(clusters))


@pytest.mark.slow
@given(clusters=SCORES)
@settings(derandomize=True, deadline=None, max_examples=80)
def test_variance_is_the_linearised_one(clusters: list[list[Exact]]) -> None:
    """The variance from running sums equals its definition from the residuals s_g - r n_g."""
    n = sum(map(len, clusters))
    r = Fraction(sum(map(sum, clusters))) / n
    residuals = sum((sum(scores) - r * len(scores)) ** 2 for scores in clusters)
    groups = len(clusters)
    assert variance(_scores(clusters)) == Fraction(groups, groups - 1) * residuals / n**2


def test_equal_clusters_give_the_t_test_of_cluster_means() -> None:
    """With equal clusters the difference's interval is scipy's one-sample t interval of the cluster means."""
    differences = [[1, 0, 0], [0, -1, 0], [1, 1, 0], [0, 0, 0], [1, 0, -1], [1, 1, 1], [0, 1, 0], [-1, 0, 0]]
    means = [sum(cluster) / 3 for cluster in differences]
    ours = difference_interval(tally(map(difference_cluster, differences)))
    theirs = stats.ttest_1samp(means, 0.0).confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-12)
    assert ours.se == pytest.approx(float(stats.sem(means)), rel=1e-12)


@pytest.mark.slow
@given(clusters=SCORES)
@settings(derandomize=True, deadline=None, max_examples=80)
def test_score_interval_holds_its_estimate_and_stays_within_the_scale(clusters: list[list[Exact]]) -> None:
    """0 <= low <= estimate <= high <= 1, and the interval always has a width."""
    found = score_interval(_scores(clusters))
    assert found.estimate is not None
    assert found.low is not None
    assert found.high is not None
    assert 0.0 <= found.low <= found.estimate <= found.high <= 1.0
    assert found.high > found.low


@pytest.mark.slow
@given(clusters=SCORES)
@settings(derandomize=True, deadline=None, max_examples=40)
def test_wrong_is_the_mirror_of_right(clusters: list[list[Exact]]) -> None:
    """The interval of the error rate is the mirrored interval of the score."""
    right = score_interval(_scores(clusters))
    wrong = score_interval(_scores([[1 - score for score in scores] for scores in clusters]))
    assert right.low is not None
    assert wrong.high is not None
    assert wrong.high == pytest.approx(1 - right.low, abs=1e-12)


def test_many_clusters_approach_wilson_at_the_effective_sample_size() -> None:
    """With very many single-question clusters the interval is Wilson's with a t quantile."""
    n, right = 4000, 1200
    found = score_interval(_scores([[int(place < right)] for place in range(n)]))
    t, p = t_quantile(0.975, n - 1), right / n
    middle = (p + t * t / 2 / n) / (1 + t * t / n)
    half = t * math.sqrt(p * (1 - p) / n + t * t / 4 / n / n) / (1 + t * t / n)
    assert (found.low, found.high) == pytest.approx((middle - half, middle + half), abs=5e-5)


@pytest.mark.parametrize("groups", [2, 3, 5, 12, 60, 500])
@pytest.mark.parametrize("size", [1, 10])
def test_nothing_right_is_bounded_at_least_as_widely_as_the_exact_bound(groups: int, size: int) -> None:
    """All wrong (all right): the far end lies beyond 1 - (alpha/2)^(1/G), exact for any dependence within clusters."""
    wrong = score_interval(_scores([[0] * size] * groups))
    right = score_interval(_scores([[1] * size] * groups))
    exact = 1 - 0.025 ** (1 / groups)
    assert (wrong.estimate, wrong.low, right.estimate, right.high) == (0.0, 0.0, 1.0, 1.0)
    assert wrong.high is not None
    assert right.low is not None
    assert exact <= wrong.high < 1.0
    assert 1 - right.low == pytest.approx(wrong.high)


@pytest.mark.parametrize("groups", [5, 20, 60])
def test_the_step_from_none_to_some_right_has_no_cliff(groups: int) -> None:
    """One wholly right cluster raises the upper end; a mixed one (a sign of independence) keeps most of it."""
    wrong: list[list[Exact]] = [[0] * 5] * (groups - 1)
    none, mixed, whole = (
        score_interval(_scores([*wrong, [int(place < right) for place in range(5)]])).high or 0.0 for right in (0, 1, 5)
    )
    independent = score_interval(_scores([[int(place == 0)] for place in range(5 * groups)])).high or 0.0
    assert none < whole
    assert max(independent, 0.6 * none) < mixed < whole


@pytest.mark.parametrize("clusters", [[], [[1, 0, 1]]])
def test_fewer_than_two_clusters_have_no_interval(clusters: list[list[Exact]]) -> None:
    """Without two clusters nothing is known about the spread, and no ends are made up."""
    found = score_interval(_scores(clusters))
    estimate = 2 / 3 if clusters else None
    assert found == Interval(estimate, None, None, len(clusters), 3 * len(clusters))
    assert difference_interval(_scores(clusters)) == found


def test_an_empty_cluster_changes_nothing() -> None:
    """A cluster of which nothing was scored is no cluster."""
    assert Tally().plus(score_cluster([])) == Tally()
    assert mean(Tally()) is None


def test_epochs_narrow_the_interval_only_as_far_as_single_draws_allow() -> None:
    """Four samples of half-right questions count as four draws at most, never as certainty."""
    clusters = [score_cluster([Fraction(1, 2)], samples=4)] * 40
    found = score_interval(tally(clusters))
    single = score_interval(_scores([[place % 2] for place in range(40)]))
    assert found.low is not None
    assert found.high is not None
    assert single.low is not None
    assert 0.5 - found.low == pytest.approx(found.high - 0.5)
    assert 0.05 < found.high - 0.5 < 0.5 - single.low


@pytest.mark.parametrize("moved", [0, 1, 5])
def test_few_differing_clusters_never_decide(moved: int) -> None:
    """With fewer than six differing clusters no exact sign-flip test rejects at 5 %, and the interval holds zero."""
    found = difference_interval(tally(difference_cluster([1 if place < moved else 0] * 4) for place in range(50)))
    assert found.estimate == moved / 50
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.0 < found.high
    exact = stats.binomtest(moved, 50).proportion_ci(0.95, "exact")
    assert found.high == pytest.approx(exact.high, rel=1e-9)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("groups", [6, 20, 200])
def test_what_differs_everywhere_is_no_certainty(groups: int, sign: int) -> None:
    """Where one is always right and the other never, a cluster of another kind may still be among the unseen."""
    found = difference_interval(tally(difference_cluster([sign] * 3) for _ in range(groups)))
    ends = sorted(sign * end for end in (found.low or 0.0, found.high or 0.0))
    unseen = stats.binomtest(0, groups).proportion_ci(0.95, "exact").high
    assert ends == [pytest.approx(1.0 - 2.0 * unseen), 1.0]
    assert ends[0] > 0.0  # as the exact sign-flip test rejects from six clusters on


def _draws(rng: random.Random, rate: float, correlation: float, size: int) -> list[Exact]:
    """A cluster of 0/1 scores with a mean of *rate* and the given correlation between any two (beta-binomial)."""
    if correlation == 1.0:
        return [int(rng.random() < rate)] * size
    own = rate
    if correlation:
        left = (1 - correlation) / correlation
        own = rng.betavariate(rate * left, (1 - rate) * left)
    return [int(rng.random() < own) for _ in range(size)]


@pytest.mark.parametrize(
    ("rate", "correlation", "size", "groups"),
    [
        pytest.param(0.03, 0.0, 3, 20, id="near chance, independent"),
        pytest.param(0.03, 0.3, 3, 60, id="near chance, clustered"),
        pytest.param(0.05, 1.0, 10, 60, id="near chance, one draw a cluster"),
        pytest.param(0.5, 0.3, 10, 20, id="middle, clustered"),
        pytest.param(0.9, 0.2, 5, 30, id="strong, clustered"),
    ],
)
def test_coverage_by_simulation(rate: float, correlation: float, size: int, groups: int) -> None:
    """The 95 % interval holds the true rate in at least 95 % of runs, within three Monte-Carlo standard errors."""
    rng, runs, held = random.Random(7), 800, 0
    for _ in range(runs):
        found = score_interval(_scores([_draws(rng, rate, correlation, size) for _ in range(groups)]))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= rate <= found.high
    assert held / runs >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)


def test_the_unclustered_interval_does_not_cover() -> None:
    """The same answers taken as independent questions cover far less than promised: why clusters are needed."""
    rng, runs, held = random.Random(7), 150, 0
    for _ in range(runs):
        clusters = [_draws(rng, 0.5, 0.5, 10) for _ in range(50)]
        found = score_interval(_scores([[score] for scores in clusters for score in scores]))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.5 <= found.high
    assert held / runs < 0.75
