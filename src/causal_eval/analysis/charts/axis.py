"""A linear axis with round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_STEPS = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5)
_MOST_TICKS = 5


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values from low..high onto left..right."""

    low: float
    high: float
    left: float
    right: float
    step: float

    def at(self, value: float) -> float:
        """The place of *value*, kept within the axis."""
        inside = min(max(value, self.low), self.high)
        return self.left + (inside - self.low) / (self.high - self.low) * (self.right - self.left)

    @property
    def ticks(self) -> list[float]:
        """Multiples of the step from low to high."""
        return [self.low + place * self.step for place in range(round((self.high - self.low) / self.step) + 1)]


def axis(values: Iterable[float | None], *, left: float, right: float) -> Axis:
    """The shortest axis with round ends that holds zero and all *values* (shares), at least ten points long."""
    known = [value for value in values if value is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    if low == high:
        high = 0.1
    for step in _STEPS:
        first, last = math.floor(round(low / step, 9)) * step, math.ceil(round(high / step, 9)) * step
        if round((last - first) / step) <= _MOST_TICKS and last - first >= 0.1 - 1e-9:
            return Axis(first, last, left, right, step)
    return Axis(-1.0 if low < 0 else 0.0, 1.0, left, right, 0.5)
