"""Recommendations: only from a figure whose whole interval clears its threshold."""

from __future__ import annotations

import pytest

from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.profiling.advice import Figure, recommended
from causal_eval.analysis.twins.metrics import METRICS

SILENT = {"pressure_yield"}
"""Metrics from which nothing follows that another one does not say."""


def _figure(rule: str, low: float | None, high: float | None) -> Figure:
    return Figure(rule, "", Interval(0.1, low, high, 40, 60), "chain")


@pytest.mark.parametrize(
    ("rule", "low", "high", "is_said"),
    [
        ("unparsed", 0.021, 0.4, True),
        ("unparsed", 0.019, 0.4, False),
        ("size_slope", -0.2, -0.01, True),
        ("size_slope", -0.2, 0.01, False),
        ("graph_use", 0.0, 0.04, True),
        ("association_pull", None, None, False),
        ("what nobody knows", 0.5, 0.6, False),
    ],
)
def test_a_recommendation_needs_the_whole_interval(
    rule: str, low: float | None, high: float | None, is_said: bool
) -> None:
    """One end on the wrong side, no interval or no rule: nothing is said."""
    assert bool(recommended([_figure(rule, low, high)])) is is_said


def test_a_recommendation_carries_its_figure() -> None:
    """Interval, n, threshold and what it is about."""
    (found,) = recommended([_figure("family", 0.05, 0.2)])
    assert (found.value.n, found.value.clusters, found.threshold, found.above) == (60, 40, 0.0, True)
    assert "chain" in found.text


@pytest.mark.parametrize("name", [name for name in METRICS if name not in SILENT])
def test_something_follows_from_every_metric(name: str) -> None:
    """A figure that nothing can follow from would not be worth showing."""
    assert recommended([_figure(name, 0.9, 0.95)]) or recommended([_figure(name, -0.95, -0.9)])
