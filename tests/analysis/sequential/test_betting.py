"""Betting: coverage at all times at once, whatever is missing, and intervals that are worth having."""

from __future__ import annotations

import numpy as np
import pytest

from causal_eval.analysis.sequential.betting import Betting, candidates

BETS = 300
HARD = {"rare": (0.05, 0.5), "middle": (0.5, 1.0), "high": (0.93, 3.0)}
"""Mean of clusters, and how alike the questions of one are (small: all right or all wrong)."""


def clusters(name: str, games: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Means of clusters of three questions, (bets, games)."""
    mean, alike = HARD[name]
    rng = np.random.default_rng(7)
    skill = rng.beta(mean * alike, (1 - mean) * alike, (BETS, games))
    return rng.binomial(3, skill) / 3


@pytest.mark.parametrize("games", [1000, pytest.param(10_000, marks=pytest.mark.full)])
@pytest.mark.parametrize("name", HARD)
def test_the_mean_is_excluded_at_any_time_at_most_as_often_as_promised(name: str, games: int) -> None:
    """Looked at after every one of 300 clusters, the interval fails in at most 5 % of runs, 2.5 % to either side.

    Two Monte-Carlo standard errors are allowed.
    """
    play = Betting(np.array(HARD[name][0]))
    for observed in clusters(name, games):
        play.bet(observed, observed)
    for wrong, share in ((play.above, 0.025), (play.below, 0.025), (play.above | play.below, 0.05)):
        assert float(np.mean(wrong)) <= share + 2 * np.sqrt(share * (1 - share) / games)


@pytest.mark.parametrize("games", [1000, pytest.param(10_000, marks=pytest.mark.full)])
def test_what_is_missing_for_a_reason_does_not_break_it(games: int) -> None:
    """Where half of all wrong answers are lost, bounds keep the promise that leaving them out breaks."""
    mean, _ = HARD["middle"]
    bounded, left_out = Betting(np.array(mean)), Betting(np.array(mean))
    rng = np.random.default_rng(8)
    for _ in range(BETS):
        right = rng.random(games) < mean
        lost = ~right & (rng.random(games) < 0.5)
        bounded.bet(np.where(lost, 0.0, right), np.where(lost, 1.0, right), learns=False)
        left_out.bet(np.where(lost, mean, right), np.where(lost, mean, right))  # pays nothing, as if never asked
    assert float(np.mean(bounded.above | bounded.below)) <= 0.05
    assert float(np.mean(left_out.above)) > 0.5


def test_an_ordinary_interval_fails_when_it_is_looked_at_again_and_again() -> None:
    """The 95 % interval of a mean, looked at after each of 300 clusters from the 20th on, often fails at some time."""
    data = clusters("middle", 1000)
    count = np.arange(1, BETS + 1)[:, None]
    mean = np.cumsum(data, axis=0) / count
    spread = np.sqrt(np.maximum(np.cumsum(data**2, axis=0) / count - mean**2, 0) / count)
    outside = np.abs(mean - HARD["middle"][0]) > 1.96 * spread
    assert float(np.mean(outside[20:].any(axis=0))) > 0.2


def test_bets_follow_from_earlier_observations_alone() -> None:
    """An observation that is seen later as something else changes the payment of its own bet, and no later stake."""
    one, other = Betting(candidates(100)), Betting(candidates(100))
    for play, second in ((one, 0.0), (other, 1.0)):
        play.bet(0.5, 0.5)
        play.bet(second, second, learns=False)
        for _ in range(200):
            play.bet(0.6, 0.6)
    assert one.ends()[0] <= other.ends()[0]
    assert one.ends()[1] <= other.ends()[1]


def test_bounds_that_close_only_narrow_the_interval() -> None:
    """What was missing and is answered later leaves both ends where they were, or moves them inwards."""
    rng = np.random.default_rng(9)
    data = (rng.random(400) < 0.4).astype(float)
    lost = rng.random(400) < 0.1
    open_, closed = Betting(candidates(200)), Betting(candidates(200))
    for right, gone in zip(data, lost, strict=True):
        open_.bet(0.0 if gone else right, 1.0 if gone else right, learns=not gone)
        closed.bet(right, right, learns=not gone)
    assert open_.ends()[0] <= closed.ends()[0] <= 0.4 <= closed.ends()[1] <= open_.ends()[1]


def test_the_interval_narrows_almost_as_fast_as_one_for_a_fixed_number() -> None:
    """After 1000 fair coins it is at most twice as wide as the interval for 1000 coins planned; before any, [0, 1]."""
    play = Betting(candidates(1000))
    assert play.ends() == (0.0, 1.0)
    for right in np.random.default_rng(10).random(1000) < 0.5:
        play.bet(float(right), float(right))
    low, high = play.ends()
    assert 2 * 1.96 * 0.5 / np.sqrt(1000) < high - low < 2 * 2 * 1.96 * 0.5 / np.sqrt(1000)


def test_one_answer_only_is_learned_too() -> None:
    """All wrong: the lower end stays 0, the upper one falls below 5 % within 200 clusters."""
    play = Betting(candidates(1000))
    for _ in range(200):
        play.bet(0.0, 0.0)
    low, high = play.ends()
    assert low == 0.0
    assert high < 0.05


@pytest.mark.parametrize("games", [1000, pytest.param(10_000, marks=pytest.mark.full)])
def test_a_set_with_fixed_numbers_per_family_keeps_the_promise_too(games: int) -> None:
    """Five families of sixty clusters in random order, drawn without replacement: at most 5 % fail at any time."""
    families = np.repeat([0.05, 0.2, 0.5, 0.8, 0.95], BETS // 5)
    rng = np.random.default_rng(11)
    skills = rng.permuted(np.tile(families, (games, 1)), axis=1)
    play = Betting(np.array(float(families.mean())))
    for place in range(BETS):
        right = (rng.random(games) < skills[:, place]).astype(float)
        play.bet(right, right)
    assert float(np.mean(play.above | play.below)) <= 0.05
