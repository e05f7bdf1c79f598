"""How hard each setting of the dials is: an item response model whose difficulties follow from the dials.

logit P(right) = ability of the answerer - sum of the weights of the question's features: family, kind, regime and size.
It is the linear logistic test model (Fischer 1973, Acta Psychologica 37, 359-374), so it speaks of questions that
nobody has answered yet. What a single question adds beyond its dials is noise, drawn anew for each: all are fresh.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causal_eval.analysis.adaptive.dials import Dial, Response
from causal_eval.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

FEWEST = 2
"""Answerers; of a single one difficulty and ability cannot be told apart from its habits."""
_ABILITY_SD, _WEIGHT_SD = 3.0, 1.0
"""Normal priors around 0: MAP estimates (Mislevy 1986, Psychometrika 51, 177-195)."""
_MIDDLE, _SCALE = 3, 2.0
_STEPS, _SMALL = 100, 1e-9
_LEAST_SPREAD = 1.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Difficulties by dial, and who they were found from."""

    weights: Mapping[str, float]
    """Feature -> how much harder it makes a question, in logits."""
    abilities: Mapping[str, float]
    """Answerer -> ability, in logits."""
    covariance: tuple[tuple[float, ...], ...]
    """Of the weights, in their order: the inverse of the posterior's curvature at its mode."""
    mix: tuple[tuple[Dial, float], ...]
    """The settings that were seen, with the clusters seen of each: what a score is predicted for."""

    @property
    def mean(self) -> float:
        """The mean ability: what is assumed of somebody new."""
        return math.fsum(self.abilities.values()) / len(self.abilities)

    @property
    def spread(self) -> float:
        """The standard deviation of abilities that is assumed of somebody new, at least 1 logit."""
        squares = math.fsum((one - self.mean) ** 2 for one in self.abilities.values())
        return max(_LEAST_SPREAD, math.sqrt(squares / max(1, len(self.abilities) - 1)))

    def difficulty(self, dial: Dial) -> float:
        """In logits; a feature that was never seen counts as of average difficulty."""
        return math.fsum(value * self.weights.get(name, 0.0) for name, value in features(dial).items())


def features(dial: Dial) -> dict[str, float]:
    """Feature -> its value for a question made with *dial*."""
    return {
        f"family {dial.family}": 1.0,
        f"kind {dial.kind}": 1.0,
        f"regime {dial.regime}": 1.0,
        "size": (dial.size - _MIDDLE) / _SCALE,
    }


def calibrate(found: Iterable[Response]) -> Calibration:
    """The calibration from stored responses, by Newton's method on the posterior (which is log-concave).

    Raises:
        UsageError: they are of fewer than two answerers.
    """
    cells: dict[tuple[str, Dial], list[float]] = {}
    for one in found:
        cell = cells.setdefault((one.answerer, one.dial), [0.0, 0.0])
        cell[0] += one.weight
        cell[1] += one.right
    answerers = sorted({answerer for answerer, _ in cells})
    if len(answerers) < FEWEST:
        raise UsageError(
            f"responses of {len(answerers)} answerers: give runs of at least {FEWEST}, or difficulty and ability "
            "cannot be told apart"
        )
    dials = sorted({dial for _, dial in cells})
    names = sorted({name for dial in dials for name in features(dial)})
    fitted, covariance = _fit(cells, answerers, names=names)
    counts = {dial: math.fsum(cell[0] for (_, own), cell in cells.items() if own == dial) for dial in dials}
    return Calibration(
        weights=dict(zip(names, fitted[len(answerers) :], strict=True)),
        abilities=dict(zip(answerers, fitted[: len(answerers)], strict=True)),
        covariance=covariance,
        mix=tuple((dial, counts[dial] / len(answerers)) for dial in dials),
    )


def _fit(
    cells: Mapping[tuple[str, Dial], Sequence[float]], answerers: Sequence[str], *, names: Sequence[str]
) -> tuple[list[float], tuple[tuple[float, ...], ...]]:
    """Abilities, then weights, at the mode; the covariance of the weights."""
    import numpy as np  # heavy, and only who calibrates needs it

    columns = {name: len(answerers) + place for place, name in enumerate(names)}
    design = np.zeros((len(cells), len(answerers) + len(names)))
    for row, (answerer, dial) in enumerate(cells):
        design[row, answerers.index(answerer)] = 1.0
        for name, value in features(dial).items():
            design[row, columns[name]] = -value
    weight, right = np.array(list(cells.values())).T
    prior = np.array([_ABILITY_SD**-2] * len(answerers) + [_WEIGHT_SD**-2] * len(names))

    def height(at: Array) -> float:
        logits = design @ at
        return float(right @ logits - weight @ np.logaddexp(0.0, logits) - 0.5 * prior @ (at * at))

    def curved(chance: Array) -> Array:
        curve: Array = (design.T * (weight * chance * (1.0 - chance))) @ design + np.diag(prior)
        return curve

    at = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-(design @ at)))
        slope = design.T @ (right - weight * chance) - prior * at
        step = np.linalg.solve(curved(chance), slope)
        while height(at + step) < height(at) and float(np.abs(step).max()) > _SMALL:
            step = step / 2.0
        at = at + step
        if float(np.abs(step).max()) <= _SMALL:
            break
    inverse = np.linalg.inv(curved(1.0 / (1.0 + np.exp(-(design @ at)))))[len(answerers) :, len(answerers) :]
    return [float(value) for value in at], tuple(tuple(float(value) for value in row) for row in inverse)
