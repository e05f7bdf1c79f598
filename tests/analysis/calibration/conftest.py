"""Answerers whose confidence and skill are known."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from statistics import NormalDist

import pytest

from causal_eval.analysis.calibration.stated import Stated

Clusters = list[list[Stated]]
Draw = Callable[..., Clusters]
LEVELS = (50, 60, 70, 80, 90, 95, 100)


def _draw(rng: random.Random, *, clusters: int, shift: float, rho: float = 0.3, size: int = 4) -> Clusters:
    """Answers right *shift* less often than is stated, correlated by *rho* within a cluster (normal copula)."""
    normal, found = NormalDist(), list[list[Stated]]()
    for cluster in range(clusters):
        shared, own = rng.gauss(0, 1), list[Stated]()
        for _ in range(size):
            c = Fraction(rng.choice(LEVELS), 100)
            u = normal.cdf(rho**0.5 * shared + (1 - rho) ** 0.5 * rng.gauss(0, 1))
            own.append(Stated(f"c{cluster}", c, int(u < float(c) - shift)))
        found.append(own)
    return found


@pytest.fixture
def draw() -> Draw:
    """Makes the answers of one run."""
    return _draw
