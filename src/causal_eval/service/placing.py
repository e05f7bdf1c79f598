"""Who stands where on a board, worked out once for all of its pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from causal_eval.analysis.compare import Finding
from causal_eval.analysis.ranks import Scored, ranges
from causal_eval.store.standings import BoardOf, Point

SECONDS = 10.0
"""For which a board is remembered, unless something on one changes."""
MOST = 64
_APART = frozenset({Finding.BETTER.value, Finding.WORSE.value})


class Place(NamedTuple):
    """Where a result stands."""

    rank: int
    """Of its group, whose members cannot be told from its first; one more than how many results stand above it."""
    best: int
    """Of its rank set: all sets of the board hold at once with 95 %."""
    worst: int


@dataclass(frozen=True, slots=True)
class Whole:
    """All of a board, as it was when nothing later than *version* had happened."""

    points: Sequence[Point]
    places: Sequence[Place]
    version: int
    until: float


@dataclass(frozen=True, slots=True)
class BoardMemory:
    """Boards that were asked for in the last seconds; shared by the threads of a process."""

    entries: dict[BoardOf, Whole] = field(default_factory=dict)

    def find(self, wanted: BoardOf, *, version: int, now: float) -> Whole | None:
        """The board, if nothing has happened since and it is fresh."""
        found = self.entries.get(wanted)
        return found if found is not None and found.version == version and now < found.until <= now + SECONDS else None

    def keep(self, wanted: BoardOf, whole: Whole) -> None:
        """Remember it."""
        if len(self.entries) >= MOST:
            self.entries.clear()
        self.entries[wanted] = whole


def placed(points: Sequence[Point]) -> list[Place]:
    """The places of *points*, which come the best first."""
    found: list[Place] = []
    leader, rank = 0, 1
    sets = ranges([Scored(point.score, point.low, point.high) for point in points])
    for number, (point, (best, worst)) in enumerate(zip(points, sets, strict=True)):
        if _told_apart(points[leader], point):
            leader, rank = number, number + 1
        found.append(Place(rank, best, worst))
    return found


def _told_apart(above: Point, below: Point) -> bool:
    """True: *below* is worse than *above*, as far as anybody can know."""
    if above.set_digest == below.set_digest and above is not below:
        for one, other in ((above, below), (below, above)):
            findings = msgspec.json.decode(one.paired, type=dict[str, str])
            if other.evaluation_id in findings:
                return findings[other.evaluation_id] in _APART
    return _high(below) < _low(above)


def _low(point: Point) -> float:
    return 0.0 if point.low is None else point.low


def _high(point: Point) -> float:
    return 1.0 if point.high is None else point.high
