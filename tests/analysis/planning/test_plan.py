"""The planned size reaches the stated power with the analysis that compare makes, and moves the right way."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_eval.analysis.compare import Finding, finding_among
from causal_eval.analysis.intervals import Exact, Tally, difference_cluster, difference_interval, variance
from causal_eval.analysis.planning.components import Shape
from causal_eval.analysis.planning.plan import Aim, Basis, plan, points_of, reached, size, worst_case
from causal_eval.analysis.signs import sign_flip
from causal_eval.errors import UsageError

BASIS = Basis((0.1, 0.25, 0.1), 0.6, 1.4, 1.2, 1.3, "a test")


@dataclass(frozen=True)
class Pair:
    """Two answerers: how often each is right, how much luck a causal model shares, and the two of them."""

    right: tuple[float, float]
    of_model: float
    of_both: float
    sizes: Sequence[int]

    def drawn(self, rng: random.Random, clusters: int) -> tuple[Tally, Counter[tuple[int, Exact]]]:
        """The differences on so many causal models, as compare keeps them."""
        sums, kinds = Tally(), Counter[tuple[int, Exact]]()
        for _ in range(clusters):
            lucks = rng.random(), rng.random()
            found = difference_cluster([self._one(rng, lucks) for _ in range(rng.choice(self.sizes))])
            sums = sums.plus(found)
            kinds[found.n, found.s] += 1
        return sums, kinds

    def _one(self, rng: random.Random, lucks: tuple[float, float]) -> int:
        x, y = (luck if rng.random() < self.of_model else rng.random() for luck in lucks)
        other = x if rng.random() < self.of_both else y
        return int(x < self.right[0]) - int(other < self.right[1])

    def basis(self) -> Basis:
        """What a very large pilot would tell."""
        sums, _ = self.drawn(random.Random(0), 30_000)
        v = float(variance(sums) or Fraction(0)) * sums.clusters
        return Basis((v, 0.0, 0.0), self.right[0], sums.n / sums.clusters, 1.0, 1.0, "known")


PAIRS = {
    "clusters of one to three": Pair((0.60, 0.50), 0.5, 0.3, (1, 1, 2, 3)),
    "single questions, much in common": Pair((0.62, 0.58), 0.0, 0.9, (1,)),
    "few large clusters": Pair((0.90, 0.60), 0.8, 0.0, (4,)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PAIRS)
def test_the_planned_size_has_the_stated_power(name: str) -> None:
    """Simulated comparisons of the planned size find the gap as often as planned, within three standard errors."""
    _has_power(PAIRS[name], power=0.8, runs=400)


@pytest.mark.full
@pytest.mark.parametrize("power", [0.7, 0.8, 0.9])
@pytest.mark.parametrize("name", PAIRS)
def test_the_planned_size_has_any_stated_power(name: str, power: float) -> None:
    """The same at three powers with 1,500 comparisons each, within four points above: sizes are whole numbers."""
    _has_power(PAIRS[name], power=power, runs=1500)


def _has_power(pair: Pair, *, power: float, runs: int) -> None:
    gap = pair.right[0] - pair.right[1]
    clusters = plan(Aim(detect=gap, power=power), pair.basis()).size.clusters
    rng, found = random.Random(7), 0
    for _ in range(runs):
        sums, kinds = pair.drawn(rng, clusters)
        found += finding_among(difference_interval(sums), sign_flip(kinds).p) is Finding.BETTER
    slack = 3 * math.sqrt(power * (1 - power) / runs)
    assert power - slack <= found / runs <= power + 0.04 + slack


@pytest.mark.slow
@given(gap=st.floats(0.01, 0.3), more=st.floats(1.05, 2), sure=st.floats(0.5, 0.9))
@settings(derandomize=True, deadline=None, max_examples=40)
def test_more_is_asked_for_more(gap: float, more: float, sure: float) -> None:
    """A smaller gap, more power, a higher level, more variance, narrower precision never take fewer causal models."""
    aim = Aim(detect=gap, power=sure)
    here = size(aim, BASIS, wanted=gap).clusters
    assert size(aim, BASIS, wanted=gap / more).clusters >= here
    assert size(replace(aim, power=sure + 0.09), BASIS, wanted=gap).clusters >= here
    assert size(replace(aim, level=0.99), BASIS, wanted=gap).clusters >= here
    assert size(aim, BASIS, wanted=gap, times=more).clusters >= here
    close = Aim(precision=gap)
    assert size(close, BASIS, wanted=gap / more).clusters >= size(close, BASIS, wanted=gap).clusters


@pytest.mark.slow
@given(samples=st.integers(1, 8))
@settings(derandomize=True, deadline=None, max_examples=8)
def test_more_samples_take_fewer_questions_and_more_calls(samples: int) -> None:
    """Asking each question more often saves questions, never calls, where models and wordings vary."""
    one, more = (plan(Aim(detect=0.05, samples=n), BASIS).size for n in (samples, samples + 1))
    assert more.questions <= one.questions
    assert more.calls >= one.calls
    assert more.calls == more.questions * (samples + 1)


def test_the_planned_number_is_the_least() -> None:
    """It shows the gap that was asked for with the power; one cluster fewer falls short of it."""
    aim = Aim(detect=0.03)
    clusters = plan(aim, BASIS).size.clusters
    assert (
        reached(aim, BASIS, clusters=clusters - 1, gap=0.03) < 0.8 <= reached(aim, BASIS, clusters=clusters, gap=0.03)
    )


def test_nothing_known_is_planned_for_as_the_worst() -> None:
    """Without a past run no basis with positively associated answerers asks for more."""
    made = Shape(100, 140, 140, 1.2, 1.0)
    worst = worst_case(Aim(detect=0.03), made, per_unit=1.3)
    assert (worst.clusters, worst.caution) == (0, 1.0)
    assert plan(Aim(detect=0.03), worst).size.clusters > plan(Aim(detect=0.03), BASIS).size.clusters
    single = worst_case(Aim(precision=0.03), made, per_unit=1.3)
    assert single.variance(1) == pytest.approx(worst.variance(1) / 2)


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({}, "one of two"),
        ({"detect": 0.1, "precision": 0.1}, "one of two"),
        ({"detect": 0.0}, "above 0"),
        ({"precision": 1.0}, "below 100"),
        ({"detect": 0.1, "power": 1.0}, "as in 0.8"),
        ({"detect": 0.1, "power": float("nan")}, "as in 0.8"),
        ({"detect": 0.1, "level": 0.2}, "as in 0.95"),
        ({"detect": 0.1, "samples": 0}, "at least once"),
    ],
)
def test_an_aim_that_is_none_is_refused(given_: dict[str, float], said: str) -> None:
    """Every field that cannot be planned with is named, and what to write in its place."""
    with pytest.raises(UsageError, match=said):
        Aim(**given_)  # type: ignore[arg-type]  # by name


def test_points_are_read() -> None:
    """``3pts`` is 0.03; nothing is None; a bare number leaves open what it counts, and the field is named."""
    assert (points_of("detect", "3pts"), points_of("detect", "")) == (0.03, None)
    with pytest.raises(UsageError, match="precision is '3'"):
        points_of("precision", "3")
