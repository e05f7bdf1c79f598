"""Who stands where on a board, worked out once for all of its pages."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from causal_eval.analysis.compare import Finding
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
    """Its rank if everybody whose interval meets its own is worse."""
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
    lows = sorted(_low(point) for point in points)
    highs = sorted(_high(point) for point in points)
    found: list[Place] = []
    leader, rank = 0, 1
    for number, point in enumerate(points):
        if _told_apart(points[leader], point):
            leader, rank = number, number + 1
        best = 1 + len(points) - bisect.bisect_right(lows, _high(point))
        worst = len(points) - bisect.bisect_left(highs, _low(point))
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
