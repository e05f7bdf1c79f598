"""How often the intervals of a score hold the truth with few clusters: as often as the guide says."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from benchmarks.analysis.coverage import METHODS, MOST_WILD, covered

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "compare.md").read_text("utf-8")
ROW = re.compile(r"^\| (0\.\d), (\d+) \| ([\d.]+) % \| ([\d.]+) % \| ([\d.]+) % \| (?:([\d.]+) %|–) \|$", re.MULTILINE)
RUNS = 1000
"""That the table of the guide was measured with."""


def _measured() -> dict[tuple[float, int], dict[str, float]]:
    """(true score, clusters) -> method -> share of intervals that hold it."""
    return {
        (float(share), int(clusters)): {
            name: float(cell) / 100 for name, cell in zip(METHODS, cells, strict=True) if cell
        }
        for share, clusters, *cells in ROW.findall(GUIDE)
    }


def _agree(share: float, clusters: int, *, runs: int, methods: tuple[str, ...]) -> None:
    """Other data hold the truth as often, within two standard errors of the difference of the two measurements."""
    held, told = covered(clusters, share=share, runs=runs, seed=1, methods=methods), _measured()[share, clusters]
    for name in methods:
        p = told[name]
        assert held[name] / runs == pytest.approx(p, abs=2 * math.sqrt(p * (1 - p) * (1 / runs + 1 / RUNS))), name


def test_the_guide_has_a_row_for_each() -> None:
    """Two true scores, 8, 20 and 50 clusters, and the wild bootstrap where the score table has it."""
    found = _measured()
    assert found.keys() == {(share, clusters) for share in (0.6, 0.9) for clusters in (8, 20, 50)}
    assert all(("wild" in row) is (clusters <= MOST_WILD) for (_, clusters), row in found.items())


@pytest.mark.slow
@pytest.mark.parametrize(("share", "clusters"), _measured())
def test_intervals_hold_as_often_as_the_guide_says(share: float, clusters: int) -> None:
    """A small sample: 150 sets of clusters, without the wild bootstrap."""
    _agree(share, clusters, runs=150, methods=METHODS[:-1])


@pytest.mark.full
@pytest.mark.parametrize(("share", "clusters"), _measured())
def test_all_intervals_hold_as_often_as_the_guide_says(share: float, clusters: int) -> None:
    """As many sets as the guide's, other ones."""
    _agree(share, clusters, runs=RUNS, methods=METHODS if clusters <= MOST_WILD else METHODS[:-1])
