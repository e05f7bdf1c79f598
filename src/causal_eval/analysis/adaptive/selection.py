"""What is known of an answerer, what its next questions should be made with, and what it would score."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from causal_eval.analysis.adaptive.calibration import Calibration, features
from causal_eval.analysis.adaptive.dials import Dial, Response
from causal_eval.analysis.intervals import LEVEL, Interval
from causal_eval.analysis.quantiles import normal_quantile
from causal_eval.seeds import Stream

NEARLY_BEST = 0.9
"""Settings with at least this share of the largest information are chosen from at random, so that kinds take turns."""
FEWEST = 12
"""Settings that are chosen from at least: no statement rests on two kinds of question."""
_STEPS, _SMALL = 100, 1e-10


@dataclass(frozen=True, slots=True)
class Ability:
    """What is known of an answerer, in logits."""

    estimate: float
    """The mode of the posterior."""
    se: float
    """Its standard error, that of the calibration included."""
    own: float
    """The part of it that more questions take away: 1 / sqrt(information + that of the prior)."""
    pull: tuple[float, ...]
    """By how much the estimate would be higher if each weight of the calibration were, in their order."""
    clusters: float
    """Clusters that it rests on."""


def ability(found: Iterable[Response], calibration: Calibration) -> Ability:
    """The ability behind *found*; the calibrated answerers' distribution is its prior.

    By the delta method the calibration's covariance is part of the standard error: where the questions asked are
    all of a few kinds, their difficulties are what the estimate rests on.
    """
    items = list(found)
    hard = {dial: calibration.difficulty(dial) for dial in {one.dial for one in items}}
    mean, precision = calibration.mean, calibration.spread**-2
    at = mean
    for _ in range(_STEPS):
        chances = [_logistic(at - hard[one.dial]) for one in items]
        slope = math.fsum(one.right - one.weight * chance for one, chance in zip(items, chances, strict=True))
        told = math.fsum(one.weight * chance * (1.0 - chance) for one, chance in zip(items, chances, strict=True))
        step = max(-1.0, min(1.0, (slope - precision * (at - mean)) / (told + precision)))
        at += step
        if abs(step) <= _SMALL:
            break
    shares: dict[Dial, float] = {}
    for one in items:
        shares[one.dial] = shares.get(one.dial, 0.0) + one.weight * _told(at - hard[one.dial])
    total = math.fsum(shares.values()) + precision
    pull = _leaning(shares.items(), calibration, total=total)
    own = 1.0 / math.sqrt(total)
    se = math.sqrt(own * own + _variance(pull, calibration))
    return Ability(at, se, own, pull, math.fsum(one.weight for one in items))


def information(dial: Dial, at: float, *, calibration: Calibration) -> float:
    """Fisher's information of one question about an ability of *at*: p (1 - p)."""
    return _told(at - calibration.difficulty(dial))


def choose(calibration: Calibration, at: float, *, n: int, seed: str) -> list[Dial]:
    """*n* settings for the next questions: at random among those that say nearly most about an ability of *at*.

    Maximum information (Lord 1980), chosen randomly among the best (Kingsbury and Zara 1989); fresh questions make
    exposure no concern.
    """
    told = {dial: information(dial, at, calibration=calibration) for dial, _ in calibration.mix}
    best = sorted(told, key=lambda dial: (-told[dial], dial))
    good = [dial for dial in best if told[dial] >= NEARLY_BEST * told[best[0]]]
    good = sorted(good if len(good) >= FEWEST else best[:FEWEST])
    stream = Stream("adaptive", seed)
    chosen: list[Dial] = []
    while len(chosen) < n:
        chosen += stream.shuffled(good)
    return chosen[:n]


def predicted(found: Ability, calibration: Calibration, *, level: float = LEVEL) -> Interval:
    """The score that the ability foretells over the mix of the calibration, in logits by the delta method.

    It says nothing of how well the model fits: that is for a run over the mix itself.
    """
    total = math.fsum(count for _, count in calibration.mix)
    gaps = [(dial, count, found.estimate - calibration.difficulty(dial)) for dial, count in calibration.mix]
    score = math.fsum(count * _logistic(gap) for _, count, gap in gaps) / total
    slope = math.fsum(count * _told(gap) for _, count, gap in gaps) / total
    mixed = _leaning([(dial, count * _told(gap)) for dial, count, gap in gaps], calibration, total=total)
    pull = tuple(slope * own - other for own, other in zip(found.pull, mixed, strict=True))
    se = math.sqrt((slope * found.own) ** 2 + _variance(pull, calibration))
    half = normal_quantile((1.0 + level) / 2.0) * se / (score * (1.0 - score))
    logit = math.log(score / (1.0 - score))
    clusters = round(found.clusters)
    return Interval(score, _logistic(logit - half), _logistic(logit + half), clusters, clusters, level, se)


def _leaning(shares: Iterable[tuple[Dial, float]], calibration: Calibration, *, total: float) -> tuple[float, ...]:
    """The mean features of dials by their *shares* of *total*, in the order of the calibration's weights."""
    sums = dict.fromkeys(calibration.weights, 0.0)
    for dial, share in shares:
        for name, value in features(dial).items():
            if name in sums:
                sums[name] += share * value
    return tuple(value / total for value in sums.values())


def _variance(pull: Sequence[float], calibration: Calibration) -> float:
    return math.fsum(
        one * math.fsum(value * other for value, other in zip(row, pull, strict=True))
        for one, row in zip(pull, calibration.covariance, strict=True)
    )


def _logistic(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1.0 + math.exp(logit))


def _told(logit: float) -> float:
    chance = _logistic(logit)
    return chance * (1.0 - chance)


def counted(chosen: Sequence[Dial]) -> list[tuple[Dial, int]]:
    """How often each setting was chosen, in order."""
    return [(dial, chosen.count(dial)) for dial in sorted(set(chosen))]
