"""Change-points: where the mean jumped, and none where it did not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from causal_eval.analysis.trends.changes import changes
from causal_eval.analysis.trends.measurement import Measurement

Series = Callable[..., list[Measurement]]


def test_a_jump_is_found_where_it_is(series: Series) -> None:
    """Six measurements at 70 %, six at 45 %: one change, between the sixth and the seventh, of about -25 points."""
    (found,) = changes(series([0.7] * 6 + [0.45] * 6))
    assert (found.before, found.after) == ("ev-0-5", "ev-0-6")
    assert -0.33 < found.jump < -0.17
    assert found.p <= 0.02


def test_two_jumps_are_found_in_turn(series: Series) -> None:
    """Down and up again: both, in order of time."""
    found = changes(series([0.75] * 8 + [0.4] * 8 + [0.75] * 8))
    assert [one.after for one in found] == ["ev-0-8", "ev-0-16"]
    assert found[0].jump < 0 < found[1].jump


@pytest.mark.slow
@pytest.mark.parametrize("runs", [40, pytest.param(400, marks=pytest.mark.full)])
def test_nothing_is_found_where_nothing_is(series: Series, runs: int) -> None:
    """A change is said in at most 5 % of steady series of twelve, within two standard errors."""
    wrong = sum(bool(changes(series([0.5] * 12, seed=seed, clusters=20))) for seed in range(runs))
    assert wrong / runs <= 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5


def test_few_or_equal_measurements_show_nothing(series: Series) -> None:
    """Three are too few for any split; twelve equal ones have none."""
    assert changes(series([0.9, 0.2, 0.2])) == ()
    assert changes(series([1.2] * 12)) == ()
