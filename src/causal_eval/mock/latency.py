"""How long the mock server takes before it answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

from causal_eval.seeds import Stream

_FINENESS = 2**53
_NORMAL = NormalDist()


class Latency(Protocol):
    """A distribution of waiting times."""

    def draw(self, dice: Stream) -> float:
        """Seconds, 0 or more."""


@dataclass(frozen=True, slots=True)
class FixedTime:
    """Always the same."""

    seconds: float

    def draw(self, dice: Stream) -> float:  # noqa: ARG002 - nothing is left to chance
        """The same seconds."""
        return self.seconds


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any time between two, each as likely."""

    low: float
    high: float

    def draw(self, dice: Stream) -> float:
        """Seconds in [low, high)."""
        return self.low + (self.high - self.low) * dice.below(_FINENESS) / _FINENESS


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Mostly around the median, now and then far above it: what real servers look like."""

    median: float
    sigma: float
    """Standard deviation of the logarithm."""

    def draw(self, dice: Stream) -> float:
        """Seconds above 0."""
        return self.median * math.exp(self.sigma * _NORMAL.inv_cdf((dice.below(_FINENESS) + 0.5) / _FINENESS))
