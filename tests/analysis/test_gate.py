"""The gate: three rulings, the number that decides, and error rates as promised under clustering."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from causal_eval.analysis.compare import Needed, compare
from causal_eval.analysis.gate import Ruling, gate, margin_of, ruling
from causal_eval.analysis.intervals import Interval, Tally, difference_interval
from causal_eval.analysis.observation import Observation
from causal_eval.errors import UsageError
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]
CLUSTERS, SIZE, DIFFER = 50, 10, 0.4


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (-0.019, 0.05, Ruling.PASS),
        (-0.02, 0.05, Ruling.INCONCLUSIVE),
        (-0.08, -0.021, Ruling.FAIL),
        (-0.08, -0.02, Ruling.INCONCLUSIVE),
        (None, None, Ruling.INCONCLUSIVE),
    ],
)
def test_only_a_whole_interval_on_one_side_of_the_margin_rules(
    low: float | None, high: float | None, wanted: Ruling
) -> None:
    """Pass iff low > -m, fail iff high < -m; an end on the margin, or none at all, decides nothing."""
    assert ruling(Interval(-0.01, low, high, 50, 500), margin=0.02) is wanted


def _rows(make: Make, name: str, marks: list[Mark]) -> list[Observation]:
    return [make(f"q{n}", mark, answerer=name, cluster=f"c{n // 2}") for n, mark in enumerate(marks)]


def test_the_number_that_decides_counts_from_the_margin(observation: Make) -> None:
    """At D = 0 and m = 2 points it is the number that would show a gap of two points; a decided gate needs none."""
    new = _rows(observation, "new", [Mark.CORRECT, Mark.WRONG] * 20 + [Mark.CORRECT, Mark.CORRECT, Mark.WRONG] * 6)
    old = _rows(observation, "old", [Mark.CORRECT, Mark.WRONG] * 20 + [Mark.WRONG, Mark.CORRECT, Mark.CORRECT] * 6)
    found = gate(compare(new, old), margin=0.02)
    seen = found.comparison.difference
    assert (seen.estimate, found.ruling) == (0.0, Ruling.INCONCLUSIVE)
    clusters = math.ceil(29 * ((1.959964 + 0.841621) * (seen.se or 0) / 0.02) ** 2)
    assert found.needed == Needed(math.ceil(clusters * 58 / 29), clusters)
    assert gate(compare(new, old), margin=0.9).needed is None


def test_what_only_the_new_run_lacks_is_bounded(observation: Make) -> None:
    """A run cannot pass by silence unnoticed: with 10 of 40 answers lost, D falls from 0 to -1/4 at worst."""
    old = _rows(observation, "old", [Mark.CORRECT] * 40)
    new = _rows(observation, "new", [Mark.MISSING] * 10 + [Mark.CORRECT] * 30)
    assert gate(compare(new, old), margin=0.02).if_missing_were_wrong == -0.25
    assert gate(compare(old, new), margin=0.02).if_missing_were_wrong is None


@pytest.mark.parametrize(("text", "share"), [("2pts", 0.02), ("0.5 points", 0.005), ("3%", 0.03), ("0pp", 0.0)])
def test_margins_are_points(text: str, share: float) -> None:
    """A margin is points of the score, whatever they are called."""
    assert margin_of(text) == share


@pytest.mark.parametrize("text", ["2", "0.02", "-1pts", "100pts", "two points", ""])
def test_margins_that_leave_something_open_are_refused(text: str) -> None:
    """A bare number could be points or a share: the way to write it is said."""
    with pytest.raises(UsageError, match="as in 2pts"):
        margin_of(text)


def _tallies(difference: float, *, runs: int, clustered: bool) -> list[Tally]:
    """Paired differences of 50 clusters of 10 with mean *difference*, the luck shared within a cluster."""
    dice = np.random.default_rng(20 if difference else 21)
    mean = 0.5 + difference / (2 * DIFFER)
    lean = dice.beta(2 * mean, 2 * (1 - mean), (runs, CLUSTERS))
    moved = dice.binomial(SIZE, DIFFER, (runs, CLUSTERS))
    ups = dice.binomial(moved, lean)
    sums, up, down = 2 * ups - moved, ups > 0, moved > ups
    if not clustered:  # every question a cluster of its own
        n = CLUSTERS * SIZE
        whole = zip(sums.sum(1).tolist(), moved.sum(1).tolist(), ups.sum(1).tolist(), strict=True)
        return [Tally(n, n, s, n, s, m, samples=n, up=u, down=m - u, moved=m) for s, m, u in whole]
    columns = (sums.sum(1), (sums**2).sum(1), up.sum(1), down.sum(1), (sums != 0).sum(1))
    n = CLUSTERS * SIZE
    return [
        Tally(CLUSTERS, n, s, n * SIZE, s * SIZE, ss, samples=n, up=u, down=d, moved=m)
        for s, ss, u, d, m in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _share(wanted: Ruling, difference: float, *, margin: float, runs: int, clustered: bool = True) -> float:
    found = [
        ruling(difference_interval(sums), margin=margin)
        for sums in _tallies(difference, runs=runs, clustered=clustered)
    ]
    return found.count(wanted) / runs


@pytest.mark.parametrize("margin", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("runs", [1000, pytest.param(10_000, marks=pytest.mark.full)])
def test_error_rates_under_clustering(margin: float, runs: int) -> None:
    """P(pass | D = -m) and P(fail | D = 0) are at most 5 % within two standard errors; unclustered they are not.

    50 clusters of 10 questions; answers differ on four in ten, and who is right then is a matter of the causal model.
    """
    most = 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)
    assert _share(Ruling.PASS, -margin, margin=margin, runs=runs) <= most
    assert _share(Ruling.FAIL, 0.0, margin=margin, runs=runs) <= most
    assert _share(Ruling.PASS, -margin, margin=margin, runs=runs, clustered=False) > most


@pytest.mark.parametrize("runs", [1000, pytest.param(10_000, marks=pytest.mark.full)])
def test_the_unclustered_gate_fails_the_innocent(runs: int) -> None:
    """With a margin of 0 it also fails more than 5 % of runs that are no worse; the clustered one does not."""
    most = 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)
    assert _share(Ruling.FAIL, 0.0, margin=0.0, runs=runs, clustered=False) > most
    assert _share(Ruling.FAIL, 0.0, margin=0.0, runs=runs) <= most
