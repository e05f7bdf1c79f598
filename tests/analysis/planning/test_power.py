"""Power is scipy's noncentral t, grows with what it should grow with, and the fewest clusters are the fewest."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from causal_eval.analysis.intervals import Tally, score_cluster, score_interval, variance
from causal_eval.analysis.planning.power import FEWEST, half_width, least, power
from causal_eval.errors import UsageError


@given(clusters=st.integers(2, 100_000), effect=st.floats(0, 8), level=st.sampled_from([0.8, 0.95, 0.99]))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_power_is_scipys_noncentral_t(clusters: int, effect: float, level: float) -> None:
    """Both tails of the noncentral t distribution beyond the critical value, to 1e-6."""
    critical = stats.t.ppf((1 + level) / 2, clusters - 1)
    tails = stats.nct.sf(critical, clusters - 1, effect) + stats.nct.sf(critical, clusters - 1, -effect)
    assert power(clusters, effect=effect, level=level) == pytest.approx(tails, abs=1e-6)


@given(clusters=st.integers(2, 5000), effect=st.floats(0, 6), more=st.floats(0.01, 3))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_power_grows(clusters: int, effect: float, more: float) -> None:
    """A larger effect, more clusters and a lower level never make it less likely to be shown."""
    here = power(clusters, effect=effect, level=0.95)
    assert power(clusters, effect=effect + more, level=0.95) >= here - 1e-12
    assert power(clusters + 1, effect=effect, level=0.95) >= here - 1e-9
    assert power(clusters, effect=effect, level=0.9) >= here


def test_the_half_width_is_that_of_the_interval() -> None:
    """It is half of what score_interval gives for data with that share and variance."""
    sums = Tally()
    for number in range(60):
        sums = sums.plus(score_cluster([int(number % 3 == 0), int(number % 4 == 0)]))
    found, v = score_interval(sums), float(variance(sums) or 0)
    assert found.low is not None
    assert found.high is not None
    width = half_width(float(found.estimate or 0), variance=v, clusters=60, level=0.95)
    assert width == pytest.approx((found.high - found.low) / 2, rel=0.02)


@given(threshold=st.integers(1, 10**7))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_the_fewest_are_found(threshold: int) -> None:
    """The smallest number that is enough, but never below the fewest that a plan has."""
    assert least(lambda clusters: clusters >= threshold) == max(threshold, FEWEST)


def test_what_no_number_reaches_is_said() -> None:
    """An aim out of reach, and a share that no precision can be planned for, are refused with what to do."""
    with pytest.raises(UsageError, match="ask for less"):
        least(lambda clusters: clusters < 0)
    with pytest.raises(UsageError, match="between 0 and 1"):
        half_width(1.0, variance=0.1, clusters=50, level=0.95)
