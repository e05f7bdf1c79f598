"""The drift test: it keeps its promise over all time, on the same questions and on fresh ones, and sees changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from causal_eval.analysis.trends.drift import drift
from causal_eval.analysis.trends.measurement import Measurement

Series = Callable[..., list[Measurement]]


@pytest.mark.slow
@pytest.mark.parametrize("anchored", [True, False])
@pytest.mark.parametrize("games", [100, pytest.param(2000, marks=pytest.mark.full)])
def test_a_model_that_stays_the_same_is_rarely_accused(series: Series, anchored: bool, games: int) -> None:
    """In at most 5 % of series of eight measurements is there an alarm at any time; two standard errors are allowed."""
    alarms = sum(
        drift(series([0.5] * 8, seed=seed, clusters=40, anchored=anchored)).alarm is not None for seed in range(games)
    )
    assert alarms / games <= 0.05 + 2 * (0.05 * 0.95 / games) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("anchored", [True, False])
def test_a_fall_is_seen_after_it_happens(series: Series, anchored: bool) -> None:
    """From 70 to 45 % at the fifth of ten measurements: an alarm that says fallen, none before; a rise is a rise."""
    found = [drift(series([0.7] * 4 + [0.45] * 6, seed=seed, anchored=anchored)) for seed in range(10)]
    assert sum(one.alarm is not None and one.is_fall for one in found) >= 9
    early = [one for one in found if one.alarm is not None and int(one.alarm.rsplit("-", 1)[1]) < 4]
    assert len(early) <= 1
    rise = drift(series([0.45] * 4 + [0.7] * 6, anchored=anchored))
    assert rise.alarm is not None
    assert not rise.is_fall


def test_the_luck_of_the_first_measurement_is_no_drift(series: Series) -> None:
    """A first measurement far above what the model can do does not accuse the many that follow, beyond its due."""
    alarms = 0
    for seed in range(60):
        first, *others = series([0.5] * 12, seed=seed, clusters=20)
        if first.score.estimate is not None and first.score.estimate > 0.55:
            alarms += drift([first, *others]).alarm is not None
    assert alarms <= 3


def test_the_same_whoever_computes_it(series: Series) -> None:
    """Ties are tossed by names, so the path is equal bit for bit."""
    made = series([0.6] * 5)
    assert drift(made) == drift(list(made))
    assert drift(made[:1]).path[0].down == drift(made).path[0].down
