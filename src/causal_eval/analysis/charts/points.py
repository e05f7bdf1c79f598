"""What charts are fed: frozen values that any kind of statement can make."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.analysis.intervals import Interval


@dataclass(frozen=True, slots=True)
class Point:
    """A share with its interval, at a place of the chart."""

    part: str
    """The row: a family, a rung, a level of difficulty, a cause of misses."""
    series: str
    """The column or the colour: an answerer, a rung; empty: there is one alone."""
    interval: Interval
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class Priced:
    """An answerer's score and what it took."""

    series: str
    dollars: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Moment:
    """A measurement in time."""

    when: str
    """ISO 8601, UTC."""
    series: str
    interval: Interval
    is_change: bool = False
    """A change-point begins here."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence."""

    confidence: float
    """Their mean."""
    interval: Interval
    """How many of them are right."""
    series: str = ""
    """Whose; empty: there is one alone."""
