"""Standard error against questions asked: chosen by information, and at random; respondents whose ability is known.

``python benchmarks/analysis/adaptive.py [RESPONDENTS]``. Difficulties are calibrated from eight other respondents, and
every question adds something of its own (standard deviation 0.5 logits) that no dial tells: the model is wrong so far.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
from itertools import product

from causal_eval.analysis.adaptive.calibration import Calibration, calibrate
from causal_eval.analysis.adaptive.dials import Dial, Response
from causal_eval.analysis.adaptive.selection import ability, choose, predicted

FAMILIES = [f"f{number}/k" for number in range(12)]
DIALS = [Dial(*one) for one in product(FAMILIES, ("real", "anti", "nonsense"), range(1, 6))]
OWN, BATCH, LONGEST, CALIBRATED, ASKED = 0.5, 10, 160, 8, 400
SHOWN = (10, 20, 40, 80, 160)


class World:
    """Difficulties, as they are."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.hard = {name: self.draw.gauss(0.0, 1.2) for name in FAMILIES}
        self.regimes = {"real": -0.3, "anti": 0.6, "nonsense": 0.0}

    def respond(self, name: str, skill: float, dial: Dial) -> Response:
        """The answer of somebody to a fresh question."""
        logit = skill - self.hard[dial.kind] - self.regimes[dial.regime] - 0.5 * (dial.size - 3)
        chance = 1.0 / (1.0 + math.exp(-(logit + self.draw.gauss(0.0, OWN))))
        return Response(name, dial, 1.0, float(self.draw.random() < chance))


def calibrated(world: World) -> Calibration:
    """From respondents between weak and strong, who answered the same kind of set at random."""
    skills = [-2.5 + 5.0 * number / (CALIBRATED - 1) for number in range(CALIBRATED)]
    return calibrate(
        world.respond(f"m{number}", skill, world.draw.choice(DIALS))
        for number, skill in enumerate(skills)
        for _ in range(ASKED)
    )


def truth(world: World, skill: float) -> float:
    """The score over all settings, what questions add of their own averaged out (Zeger, Liang and Albert 1988)."""
    shrunk = 1.0 / math.sqrt(1.0 + (16.0 * math.sqrt(3.0) / (15.0 * math.pi)) ** 2 * OWN**2)
    logits = (skill - world.hard[dial.kind] - world.regimes[dial.regime] - 0.5 * (dial.size - 3) for dial in DIALS)
    return statistics.fmean(1.0 / (1.0 + math.exp(-shrunk * logit)) for logit in logits)


def measured(world: World, known: Calibration, *, skill: float, adaptive: bool) -> dict[int, tuple[float, ...]]:
    """After so many questions: standard error of the ability; error of the score, its standard error, whether it is in.

    At random also the error of the plain mean.
    """
    found: list[Response] = []
    seen: dict[int, tuple[float, ...]] = {}
    right = truth(world, skill)
    while len(found) < LONGEST:
        dials = (
            choose(known, ability(found, known).estimate, n=BATCH, seed=f"{skill}/{len(found)}")
            if adaptive
            else [world.draw.choice(DIALS) for _ in range(BATCH)]
        )
        found += [world.respond("new", skill, dial) for dial in dials]
        if len(found) in SHOWN:
            now = ability(found, known)
            score = predicted(now, known)
            assert score.estimate is not None
            assert score.low is not None
            assert score.high is not None
            plain = statistics.fmean(one.right for one in found)
            seen[len(found)] = (
                now.own, score.estimate - right, score.se or 0.0, float(score.low <= right <= score.high), plain - right
            )  # fmt: skip
    return seen


def main(respondents: int) -> None:
    """Lines for respondents like those calibrated with, and for weak and strong ones."""
    print("abilities as those calibrated with")
    table(respondents, None)
    print("weak and strong")
    table(respondents, (-3.0, 3.0))


def table(respondents: int, skills: tuple[float, ...] | None) -> None:
    """Two lines for each number of questions."""
    errors: dict[tuple[bool, int], list[tuple[float, ...]]] = {}
    for number in range(respondents):
        world = World(number)
        known = calibrated(world)
        skill = world.draw.gauss(0.0, 1.5) if skills is None else world.draw.choice(skills)
        for adaptive in (True, False):
            for count, seen in measured(world, known, skill=skill, adaptive=adaptive).items():
                errors.setdefault((adaptive, count), []).append(seen)
    for count, adaptive in product(SHOWN, (True, False)):
        own = errors[adaptive, count]
        told = (
            f"  {count:4} questions {'chosen' if adaptive else 'random'}: standard error of the ability "
            f"{statistics.fmean(one[0] for one in own):.3f}; error of the score {_root(own, 1):.1f} points, "
            f"standard error {100 * statistics.fmean(one[2] for one in own):.1f}, within 95 % interval "
            f"{100 * statistics.fmean(one[3] for one in own):.0f} %"
        )
        print(told + ("" if adaptive else f"; of the plain mean {_root(own, 4):.1f}"))


def _root(own: list[tuple[float, ...]], place: int) -> float:
    return 100.0 * math.sqrt(statistics.fmean(one[place] ** 2 for one in own))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
