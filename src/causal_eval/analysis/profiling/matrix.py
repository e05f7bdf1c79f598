"""Scores by rung and family at once: where on the ladder which kind of question is answered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from causal_eval.analysis.intervals import LEVEL, Interval, Tally, score_cluster, score_interval
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.units import Unit, units_of

Place = tuple[str, int]
"""(family, rung); the empty family and rung 0 stand for all."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The score of one family on one rung."""

    family: str
    """Empty: all families."""
    rung: int
    """0: all rungs."""
    score: Interval
    """Clustered; ``n`` are scoring units."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """All cells that something was asked in."""

    cells: tuple[Cell, ...]
    """By family (lowest rung, then name) and rung, totals among them."""

    @property
    def overall(self) -> Cell:
        """All families and rungs."""
        return self.cell("", 0)

    @property
    def rungs(self) -> tuple[int, ...]:
        """Those that were asked on."""
        return tuple(sorted({cell.rung for cell in self.cells if cell.rung}))

    @property
    def families(self) -> tuple[str, ...]:
        """Those that were asked, in the order of the cells."""
        return tuple(dict.fromkeys(cell.family for cell in self.cells if cell.family))

    def cell(self, family: str, rung: int) -> Cell:
        """The cell there; one without a score where nothing was asked."""
        found = (cell for cell in self.cells if (cell.family, cell.rung) == (family, rung))
        return next(found, Cell(family, rung, Interval(None, None, None, 0, 0)))


def matrix(rows: Iterable[Observation], *, level: float = LEVEL) -> Matrix:
    """The matrix of one answerer, whose rows come cluster by cluster; what is exempt or missing is left out."""
    sums: dict[Place, Tally] = {("", 0): Tally()}
    for _, cluster in groupby(rows, key=lambda row: row.cluster):
        units = [unit for unit in units_of(cluster) if unit.trials and not unit.exempt]
        places: dict[Place, list[Unit]] = {}
        for unit in units:
            for place in ((unit.family, unit.rung), (unit.family, 0), ("", unit.rung), ("", 0)):
                places.setdefault(place, []).append(unit)
        for place, own in places.items():
            samples = sum(len(unit.trials) for unit in own)
            sums[place] = sums.get(place, Tally()).plus(score_cluster([unit.lenient for unit in own], samples))
    lowest: dict[str, int] = {}
    for family, rung in sums:
        if rung:
            lowest[family] = min(rung, lowest.get(family, rung))
    order = sorted(sums, key=lambda place: (bool(place[0]), lowest.get(place[0], 0), *place))
    return Matrix(tuple([Cell(*place, score=score_interval(sums[place], level=level)) for place in order]))
