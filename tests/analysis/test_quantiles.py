"""Quantiles agree with scipy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from causal_eval.analysis.quantiles import beta_cdf, beta_quantile, normal_quantile, t_quantile

FREEDOM = [1, 2, 3, 5, 7.5, 10, 19, 49, 59, 60, 61, 99, 500, 1e3, 1e4, 1e5, 1e6]
PROBABILITIES = [1e-8, 1e-4, 0.0123, 0.025, 0.2, 0.3, 0.45, 0.6, 0.75, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995, 0.9999]


@pytest.mark.parametrize("df", FREEDOM)
def test_t_quantile_agrees_with_scipy(df: float) -> None:
    """Student-t quantiles agree with scipy to 1e-10 of their size, from one to a million degrees of freedom."""
    for p in PROBABILITIES:
        assert t_quantile(p, df) == pytest.approx(float(stats.t.ppf(p, df)), rel=1e-10)


@pytest.mark.parametrize("p", [0.5 + 1e-9, 0.5 + 1e-5, 0.4999])
def test_t_quantile_near_the_median_follows_the_density(p: float) -> None:
    """Next to the median t = (p - 1/2) / f(0) to first order (df = 4: f(0) = 3/8), where scipy 1.17 loses digits."""
    assert t_quantile(p, 4) == pytest.approx((p - 0.5) / 0.375, rel=1e-7)


def test_known_table_values() -> None:
    """The figures that every statistics textbook prints."""
    assert t_quantile(0.975, 1) == pytest.approx(12.7062047361747, rel=1e-11)
    assert t_quantile(0.975, 10) == pytest.approx(2.22813885199, rel=1e-11)
    assert t_quantile(0.975, 49) == pytest.approx(2.00957523713, rel=1e-11)
    assert normal_quantile(0.975) == pytest.approx(1.95996398454, rel=1e-11)
    assert t_quantile(0.5, 7) == 0.0


@given(p=st.floats(1e-6, 1 - 1e-6), df=st.integers(1, 400))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_t_quantile_is_odd_and_inverts_the_distribution(p: float, df: int) -> None:
    """t(p) = -t(1-p), and the distribution function leads back to p."""
    t = t_quantile(p, df)
    assert t == pytest.approx(-t_quantile(1 - p, df), rel=1e-9, abs=1e-12)
    assert float(special.stdtr(df, t)) == pytest.approx(p, rel=1e-9)


@given(a=st.integers(1, 400), b=st.integers(1, 400), p=st.floats(0.001, 0.999))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_beta_quantile_agrees_with_scipy(a: int, b: int, p: float) -> None:
    """Beta quantiles and the incomplete beta function agree with scipy."""
    x = beta_quantile(p, a=a, b=b)
    assert x == pytest.approx(float(stats.beta.ppf(p, a, b)), rel=1e-9)
    assert beta_cdf(x, 1 - x, a=a, b=b) == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize(("p", "df"), [(0.0, 3), (1.0, 3), (0.5, 0), (float("nan"), 3)])
def test_impossible_arguments_are_refused(p: float, df: float) -> None:
    """A probability outside (0, 1) or no degrees of freedom is an error, not a number."""
    with pytest.raises(ValueError, match="0 < p < 1"):
        t_quantile(p, df)
