"""A run followed: the same decision in whatever pieces it is looked at, and error rates as promised."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from causal_eval.analysis.observation import Observation
from causal_eval.analysis.sequential.clusters import Baseline, over
from causal_eval.analysis.sequential.following import Follower, Sequential
from causal_eval.analysis.sequential.rule import Reached, StopRule
from causal_eval.scoring.verdict import Mark

Make = Callable[..., Observation]
C, W = Mark.CORRECT, Mark.WRONG
PAIR = StopRule(baseline="ev-old")


def rows(make: Make, name: str, skill: float, *, seed: int, clusters: int) -> list[Observation]:
    """Clusters of two questions; how hard a cluster is, is the same for every *name* of one seed."""
    hard, draw = random.Random(seed), random.Random(f"{name}/{seed}")
    shifts = [hard.uniform(-0.2, 0.2) for _ in range(clusters)]
    return [
        make(f"q{c}-{n}", C if draw.random() < skill + shifts[c] else W, answerer=name, cluster=f"c{c}")
        for c in range(clusters)
        for n in range(2)
    ]  # fmt: skip


def follow(new: list[Observation], old: list[Observation], rule: StopRule) -> Sequential:
    """All of it."""
    follower = Follower(rule, Baseline(old) if old else None)
    for found in over(new, frozenset(), unjudged=""):
        follower.add(found)
    return follower.followed()


def test_the_decision_does_not_depend_on_how_answers_arrive(observation: Make) -> None:
    """Looked at after every answer of a random order of arrival, and once at the end: the same steps, the same end."""
    new = rows(observation, "new", 0.8, seed=1, clusters=150)
    old = rows(observation, "old", 0.4, seed=1, clusters=150)
    whole = follow(new, old, PAIR)
    assert whole.reached is Reached.BETTER
    there: set[int] = set()
    follower, place = Follower(PAIR, Baseline(old)), 0
    for arrival in random.Random(2).sample(range(len(new)), len(new)):
        there.add(arrival)
        rest = [
            row if n in there else observation(row.question, Mark.MISSING, cluster=row.cluster, answerer="new")
            for n, row in enumerate(new[place:], place)
        ]
        for found in over(rest, frozenset(), unjudged=""):
            place += len(found.rows)
            follower.add(found)
    assert follower.followed() == whole


@pytest.mark.slow
@pytest.mark.parametrize("runs", [60, pytest.param(2000, marks=pytest.mark.full)])
def test_equal_models_are_rarely_decided(observation: Make, runs: int) -> None:
    """At a true difference of 0, better or worse is said in at most 5 % of runs of 100 clusters."""
    wrong = sum(
        follow(
            rows(observation, "new", 0.5, seed=seed, clusters=100),
            rows(observation, "old", 0.5, seed=seed, clusters=100), PAIR,
        ).reached is not None
        for seed in range(runs)
    )  # fmt: skip
    assert wrong / runs <= 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5


def test_a_score_that_is_narrow_enough(observation: Make) -> None:
    """It stops at the first cluster after which the interval reaches ten points to either side, and narrows on."""
    found = follow(rows(observation, "m", 0.5, seed=3, clusters=400), [], StopRule(until=0.1))
    after = found.score.after
    assert found.reached is Reached.NARROW
    assert after is not None
    before = found.score.steps[after.clusters - 2]
    assert after.high - after.low <= 0.2 + 1e-9 < before.high - before.low
    assert found.score.now.high - found.score.now.low < after.high - after.low
    assert found.difference is None


def test_nothing_is_known_before_the_first_cluster() -> None:
    """No step, nothing reached."""
    found = Follower(PAIR, Baseline([])).followed()
    assert (found.reached, found.score.steps, found.score.now.clusters) == (None, (), 0)
