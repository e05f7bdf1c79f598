"""Variance components are right by hand, agree with REML where they must, and find known components again."""

from __future__ import annotations

import math
import random
import statistics
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from tests.analysis.planning.nested import Known

from causal_eval.analysis.planning.components import components, error_parts, resampled_parts, shape
from causal_eval.analysis.planning.nests import nest
from causal_eval.errors import UsageError

BALANCED = (
    45, 46, 47, 47, 47, 49, 51, 49, 49, 51, 48, 51, 45, 44, 46, 46, 47, 48, 43, 42, 43, 44, 44, 43, 44, 44, 46, 46, 46,
    42, 46, 47, 47, 43, 42, 44, 46, 47, 47, 50, 53, 50, 49, 47, 48, 49, 49, 49, 51, 51, 51, 51, 48, 48, 51, 49, 48, 50,
    48, 48, 49, 49, 49, 54, 51, 50, 48, 48, 49, 50, 50, 50, 50, 53, 50, 50, 48, 46, 52, 51, 51, 49, 50, 48, 53, 55, 55,
    48, 49, 50, 50, 51, 51, 54, 54, 56,
)  # fmt: skip
"""Eight models of four questions of three draws."""
MEASURED = {20: (0.937, 0.887, 0.923), 60: (0.933, 0.937, 0.937), 200: (0.963, 0.963, 0.953)}
"""Causal models -> how often intervals hold the component of models, wording, sampling (docs/guides/plan.md)."""
UNEVEN = Known(Fraction(1, 4), Fraction(3, 20), sizes=(1, 2, 5), samples=(1, 2, 4))


def test_equal_counts_are_reml() -> None:
    """On balanced draws the components are those of statsmodels 0.15 (MixedLM, REML): 5.932, 2.783 and 1.417."""
    questions = [BALANCED[start : start + 3] for start in range(0, len(BALANCED), 3)]
    found = components(Counter(nest(questions[start : start + 4]) for start in range(0, len(questions), 4)))
    assert found.parts == pytest.approx((5.932008, 2.783464, 1.416682), rel=1e-4)


def test_two_uneven_models_by_hand() -> None:
    """Models ((0, 2), (4)) and ((6, 8)): by hand SSE = 4, SSB = 6, SSA = 125/3 - 5/3 = 128/5; solved for the three."""
    found = components(Counter([nest([[0, 2], [4]]), nest([[6, 8]])]))
    e = Fraction(4, 2)  # N - b = 5 - 3
    w = (6 - (3 - 2) * e) / (5 - (Fraction(5, 3) + 2))  # k = (4 + 1) / 3 + 4 / 2
    between = Fraction(36, 3) + Fraction(196, 2) - Fraction(20 * 20, 5)
    a = (between - e - (Fraction(11, 3) - Fraction(9, 5)) * w) / (5 - Fraction(9 + 4, 5))
    assert (found.cluster, found.wording, found.sampling) == pytest.approx((float(a), float(w), float(e)))


def test_what_was_not_repeated_is_part_of_what_is_around_it() -> None:
    """Asked once: sampling is None; one question a model, too: wording is None; their variance is not lost."""
    once = components(Counter({nest([[0], [1]]): 5, nest([[1], [1]]): 5}))
    assert once.sampling is None
    assert once.wording == pytest.approx(0.25)
    alone = components(Counter({nest([[0]]): 5, nest([[1]]): 5}))
    assert (alone.wording, alone.sampling) == (None, None)
    assert alone.cluster == pytest.approx(5 / 18)


def test_one_model_is_refused() -> None:
    """A single causal model shows no spread between models, and the message says what to do."""
    with pytest.raises(UsageError, match="at least two"):
        components(Counter({nest([[0], [1]]): 1}))


@pytest.mark.slow
def test_parts_of_the_error_are_its_variance() -> None:
    """The parts add up to the variance of the mean over questions, which 400 simulated sets of 60 models show."""
    rng, means, predicted = random.Random(1), [], []
    for _ in range(400):
        models = [UNEVEN.model_of(rng) for _ in range(60)]
        means.append(statistics.mean(statistics.mean(answers) for model in models for answers in model))
        drawn = Counter(map(nest, models))
        predicted.append(math.fsum(error_parts(components(drawn), shape(drawn))))
    seen = statistics.variance(means)
    assert statistics.mean(predicted) == pytest.approx(seen, abs=3 * seen * math.sqrt(2 / 400))


@pytest.mark.slow
def test_known_components_are_found() -> None:
    """Over 300 sets of 50 uneven models the estimates are unbiased within three Monte-Carlo standard errors."""
    rng, found = random.Random(2), []
    for _ in range(300):
        one = components(UNEVEN.drawn(rng, 50))
        found.append((one.cluster, one.wording or 0.0, one.sampling or 0.0))
    for values, known in zip(zip(*found, strict=True), UNEVEN.components, strict=True):
        error = statistics.stdev(values) / math.sqrt(len(values))
        assert statistics.mean(values) == pytest.approx(known, abs=3 * error)


@pytest.mark.slow
def test_intervals_hold_what_is_true() -> None:
    """Percentile intervals of 60 resampled models hold each true component in about 95 of 100 sets, at least 88."""
    rng, held = random.Random(3), Counter[int]()
    runs = 100
    for _ in range(runs):
        parts = resampled_parts(UNEVEN.drawn(rng, 60), resamples=400)
        for place, known in enumerate(UNEVEN.components):
            ordered = sorted(parts[:, place].tolist())
            held[place] += ordered[len(ordered) // 40] <= known <= ordered[-len(ordered) // 40 - 1]
    assert min(held.values()) >= 88


@pytest.mark.full
@pytest.mark.parametrize(("clusters", "measured"), MEASURED.items())
def test_intervals_hold_as_often_as_the_guide_says(clusters: int, measured: tuple[float, ...]) -> None:
    """Other 300 sets hold each true component as often, within two Monte-Carlo standard errors."""
    rng, held, runs = random.Random(10), Counter[int](), 300
    for _ in range(runs):
        parts = resampled_parts(UNEVEN.drawn(rng, clusters), resamples=1000)
        for place, known in enumerate(UNEVEN.components):
            low, high = np.quantile(parts[:, place], [0.025, 0.975])
            held[place] += bool(low <= known <= high)
    for place, share in enumerate(measured):
        assert held[place] / runs == pytest.approx(share, abs=2 * math.sqrt(2 * share * (1 - share) / runs))


def test_resampling_is_the_same_each_time() -> None:
    """The seed is the data: the same draws in another order give the same values."""
    drawn = UNEVEN.drawn(random.Random(4), 30)
    backwards = Counter(dict(reversed(drawn.items())))
    assert (resampled_parts(drawn) == resampled_parts(backwards)).all()
