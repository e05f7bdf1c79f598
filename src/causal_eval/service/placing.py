"""Who stands where on a board, worked out once for all of its pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from causal_eval.analysis.ranks import Paired, Scored, ranges, shared_ranks
from causal_eval.store.standings import BoardOf, Point

SECONDS = 10.0
"""For which a board is remembered, unless something on one changes."""
MOST = 64


class Place(NamedTuple):
    """Where a result stands."""

    rank: int
    """One more than how many are shown to be better than it, or than one with a higher score; within its rank set."""
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


def placed(points: Sequence[Point], *, paired: bool = True) -> list[Place]:
    """The places of *points*, which come the best first; *paired*: tests of same questions are about these scores."""
    pairs = list(_pairs(points)) if paired else []
    sets = ranges([Scored(point.score, point.low, point.high) for point in points], pairs)
    return [Place(rank, *ends) for rank, ends in zip(shared_ranks(sets), sets, strict=True)]


def _pairs(points: Sequence[Point]) -> Iterator[Paired]:
    """Every test that was made between two of *points*; what was kept before values were kept tells nothing."""
    places = {point.evaluation_id: place for place, point in enumerate(points)}
    for place, point in enumerate(points):
        told = msgspec.json.decode(point.paired, type=dict[str, tuple[float, float] | str])
        for name, value in told.items():
            if not isinstance(value, str) and (other := places.get(name)) is not None:
                difference, p = value
                yield Paired(place, other, p) if difference > 0 else Paired(other, place, p)
