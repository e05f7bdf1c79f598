"""How many questions a statement takes: a gap that is to be shown, or a score that is to be known so precisely.

The variance of the mean over G causal models is v/G with v = s_a c + (s_b + s_e / K) / m: s_a between models, s_b
between questions of a model, s_e between the K samples of a question; m questions in a model on average, and
c = mean of squares / square of mean of how many they are. Source: Cochran 1977, Sampling Techniques, 10.8 (recalled);
the plan is held against simulated comparisons in the test suite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from causal_eval.analysis.gate import share_of
from causal_eval.analysis.intervals import LEVEL
from causal_eval.analysis.planning.components import Components, Shape
from causal_eval.analysis.planning.power import half_width, least, power
from causal_eval.errors import UsageError

POWER = 0.8
CAUTION = 0.8
"""With this probability the variance is not higher than the one that the cautious size allows for."""
GAPS = (0.01, 0.02, 0.03, 0.05, 0.1)
"""Of the table of what else could be shown."""
_WORST = 0.25
_HALF = 0.5
_SURELY = 0.9999


@dataclass(frozen=True, slots=True)
class Basis:
    """What is known, or assumed, of how scores or differences vary."""

    parts: tuple[float, float, float]
    """Variance between causal models, between questions of one, between samples of a question."""
    share: float
    """The score that is expected; of a difference it decides nothing."""
    per_cluster: float
    """Scored units of a causal model, on average."""
    spread: float
    """:attr:`causal_eval.analysis.planning.components.Shape.spread`."""
    per_unit: float
    """Questions of a scored unit, on average: a twin group that is scored as one has several."""
    source: str
    """Where this comes from, in words."""
    clusters: int = 0
    """Causal models that it was learned from; 0: assumed."""
    caution: float = 1.0
    """How many times higher the variance may well be (:data:`CAUTION`); 1: it is the highest already."""

    def variance(self, samples: int) -> float:
        """v, of one causal model's share in the mean."""
        a, b, e = self.parts
        return a * self.spread + (b + e / samples) / self.per_cluster


@dataclass(frozen=True, slots=True)
class Aim:
    """What the plan is for: a gap to detect, or a precision; one of the two."""

    detect: float | None = None
    """A gap between two answerers, as a share: 0.03 is three points."""
    precision: float | None = None
    """Half of a score's interval, as a share."""
    power: float = POWER
    level: float = LEVEL
    samples: int = 1
    """Of each question."""

    def __post_init__(self) -> None:
        if (self.detect is None) == (self.precision is None):
            raise UsageError("a plan is for one of two: say detect (a gap, as in 3pts) or precision (as in 2pts)")
        wanted = self.detect if self.precision is None else self.precision
        if not (wanted and 0.0 < wanted < 1.0):
            raise UsageError(f"{wanted!r} is no gap or precision: give points of the score above 0 and below 100")
        if not _HALF <= self.power <= _SURELY:
            raise UsageError(f"power is {self.power:g}: give at least 0.5 and at most 0.9999, as in 0.8")
        if not _HALF <= self.level <= _SURELY:
            raise UsageError(f"level is {self.level:g}: give at least 0.5 and at most 0.9999, as in 0.95")
        if self.samples < 1:
            raise UsageError(f"samples is {self.samples}: every question is asked at least once")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked of each answerer."""

    clusters: int
    units: int
    questions: int
    calls: int


@dataclass(frozen=True, slots=True)
class Option:
    """A gap or precision, and what it takes."""

    wanted: float
    size: Size


@dataclass(frozen=True, slots=True)
class Plan:
    """What the aim takes."""

    aim: Aim
    basis: Basis
    size: Size
    cautious: Size
    """If the variance is as high as it may well be."""
    options: tuple[Option, ...]
    """What other gaps or precisions take."""


def points_of(name: str, text: str) -> float | None:
    """The share that *text* (``3pts``, ``0.5 points``) says; None: it is empty.

    Raises:
        UsageError: it says none, or leaves open what its number counts; *name* is the field.
    """
    return share_of(name, text) if text else None


def plan(aim: Aim, basis: Basis) -> Plan:
    """The fewest causal models that reach the aim, and questions and calls with them.

    Raises:
        UsageError: no number that can be asked reaches it.
    """
    wanted = aim.detect if aim.precision is None else aim.precision
    return Plan(
        aim=aim,
        basis=basis,
        size=size(aim, basis, wanted=wanted or 0.0),
        cautious=size(aim, basis, wanted=wanted or 0.0, times=basis.caution),
        options=tuple(Option(gap, size(aim, basis, wanted=gap)) for gap in GAPS),
    )


def size(aim: Aim, basis: Basis, *, wanted: float, times: float = 1.0) -> Size:
    """What *wanted* (a gap or a precision, as *aim* says) takes if the variance is so many *times* what is known."""
    v = times * basis.variance(aim.samples)

    def enough(clusters: int) -> bool:
        if aim.precision is None:
            return reached(aim, basis, clusters=clusters, gap=wanted, times=times) >= aim.power
        return half_width(basis.share, variance=v / clusters, clusters=clusters, level=aim.level) <= wanted

    clusters = least(enough)
    units = math.ceil(clusters * basis.per_cluster)
    questions = math.ceil(units * basis.per_unit)
    return Size(clusters, units, questions, questions * aim.samples)


def reached(aim: Aim, basis: Basis, *, clusters: int, gap: float, times: float = 1.0) -> float:
    """The power of so many causal models at *gap*.

    The sum of differences moves in steps of 2 when a sign is flipped, so the exact test sees a gap that is smaller by
    half a step, as with a continuity correction.
    """
    v = times * basis.variance(aim.samples)
    seen = gap - 1.0 / (clusters * basis.per_cluster * aim.samples)
    if seen <= 0.0 or v <= 0.0:
        return 0.0 if seen <= 0.0 else 1.0
    return power(clusters, effect=seen / math.sqrt(v / clusters), level=aim.level)


def worst_case(aim: Aim, made: Shape, *, per_unit: float) -> Basis:
    """What to plan with where nothing was ever asked: it needs the most that a likely truth would.

    A score of 50 %, all questions of a causal model right or wrong as one, two answerers independent of each other.
    """
    variance = _WORST if aim.detect is None else 2.0 * _WORST
    source = "no earlier run: a score of 50 %, the questions of a causal model right or wrong as one"
    if aim.detect is not None:
        source += ", two answerers that are right independently of each other"
    return Basis((variance, 0.0, 0.0), _HALF, made.per_cluster, made.spread, per_unit, source)


def learned(found: Components, made: Shape, *, share: float, per_unit: float, source: str, caution: float) -> Basis:
    """What to plan with after a run, or a pair of runs."""
    return Basis(
        found.parts, share, made.per_cluster, made.spread, per_unit, source, clusters=made.clusters, caution=caution
    )
