"""Measurements of a model whose skill is known."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import pytest

from causal_eval.analysis.intervals import score_cluster, score_interval, tally
from causal_eval.analysis.trends.measurement import Measurement

Series = Callable[..., list[Measurement]]


def _series(
    skills: Sequence[float], *, seed: int = 0, clusters: int = 60, anchored: bool = True,
    served: Mapping[int, str] | None = None,
) -> list[Measurement]:  # fmt: skip
    """A measurement for each of *skills*, of three questions a cluster; clusters differ in how hard they are."""
    hard = random.Random(f"hard/{seed}")
    shifts = [hard.uniform(-0.15, 0.15) for _ in range(clusters * (1 if anchored else len(skills)))]
    found = []
    for number, skill in enumerate(skills):
        draw = random.Random(f"{seed}/{number}")
        first = 0 if anchored else number * clusters
        right = {
            f"c{place}": [draw.random() < skill + shifts[place] for _ in range(3)]
            for place in range(first, first + clusters)
        }
        sums = tally(score_cluster([int(one) for one in own]) for own in right.values())
        found.append(
            Measurement(
                f"ev-{seed}-{number}",
                "openai/m",
                1e9 + 86_400.0 * number,
                "s" if anchored else f"s{number}",
                "quick",
                score_interval(sums),
                {name: Fraction(sum(own), 3) for name, own in right.items()},
                {
                    name: {(f"{name}-{n}", 0): (str(one), "correct" if one else "wrong") for n, one in enumerate(own)}
                    for name, own in right.items()
                },
                {(served or {}).get(number, "m-1"): 3 * clusters},
            )
        )
    return found


@pytest.fixture
def series() -> Series:
    """Makes measurements, one a day, of a model with the given skills."""
    return _series
