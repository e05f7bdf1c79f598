"""Respondents whose abilities are known, in a world whose difficulties are known."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import product

import pytest

from causal_eval.analysis.adaptive.calibration import Calibration, calibrate
from causal_eval.analysis.adaptive.dials import Dial, Response

HARD = {"easy/k": -1.5, "middle/k": 0.0, "hard/k": 1.5, "hopeless/k": 3.0}
DIALS = [Dial(*one) for one in product(HARD, ("real", "anti"), range(1, 6))]
Respond = Callable[[str, float, Dial], Response]


def difficulty(dial: Dial) -> float:
    """As it is."""
    return HARD[dial.kind] + (0.5 if dial.regime == "anti" else 0.0) + 0.4 * (dial.size - 3)


@pytest.fixture
def respond() -> Respond:
    """Answers a question of that setting with that ability."""
    draw = random.Random(5)

    def answer(name: str, ability: float, dial: Dial) -> Response:
        chance = 1.0 / (1.0 + math.exp(difficulty(dial) - ability))
        return Response(name, dial, 1.0, float(draw.random() < chance))

    return answer


@pytest.fixture
def known(respond: Respond) -> Calibration:
    """Difficulties found from six respondents with 20 answers to every setting."""
    return calibrate(
        respond(f"m{number}", ability, dial)
        for number, ability in enumerate((-2.0, -1.0, 0.0, 1.0, 2.0, 3.0))
        for dial in DIALS
        for _ in range(20)
    )
