"""Adaptive selection: the ability is the mode, the next questions tell most, and fewer are needed than at random."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from tests.analysis.adaptive.conftest import DIALS, Respond, difficulty

from causal_eval.analysis.adaptive.calibration import Calibration
from causal_eval.analysis.adaptive.dials import Response
from causal_eval.analysis.adaptive.selection import (
    FEWEST,
    Ability,
    ability,
    choose,
    counted,
    information,
    predicted,
)


def test_the_ability_is_the_mode_of_its_posterior(known: Calibration, respond: Respond) -> None:
    """As a search over a grid finds it."""
    found = [respond("new", 1.3, dial) for dial in DIALS]

    def height(at: float) -> float:
        chances = [1.0 / (1.0 + math.exp(known.difficulty(one.dial) - at)) for one in found]
        fit = sum(math.log(p if one.right else 1 - p) for one, p in zip(found, chances, strict=True))
        return fit - (at - known.mean) ** 2 / (2 * known.spread**2)

    best = max((number / 100 for number in range(-300, 500)), key=height)
    assert ability(found, known).estimate == pytest.approx(best, abs=0.01)


def test_nothing_asked_is_the_prior(known: Calibration) -> None:
    """Mean and spread of those that it was calibrated with; everything is foretold to be possible."""
    found = ability([], known)
    assert found.estimate == pytest.approx(known.mean)
    assert found.own == pytest.approx(known.spread)
    score = predicted(found, known)
    assert score.low is not None
    assert score.high is not None
    assert score.high - score.low > 0.4


def test_the_next_questions_tell_most(known: Calibration) -> None:
    """None that was left out tells more than one that was chosen; a dozen settings take turns, the same by one seed."""
    chosen = choose(known, 2.0, n=FEWEST, seed="s")
    assert len(set(chosen)) == FEWEST
    least = min(information(dial, 2.0, calibration=known) for dial in chosen)
    left = [information(dial, 2.0, calibration=known) for dial in DIALS if dial not in chosen]
    assert sum(value > least / 0.9 for value in left) == 0
    assert choose(known, 2.0, n=FEWEST, seed="s") == chosen
    assert sum(count for _, count in counted(choose(known, 2.0, n=30, seed="s"))) == 30
    assert statistics.fmean(map(difficulty, choose(known, 3.0, n=12, seed="s"))) > statistics.fmean(
        map(difficulty, choose(known, -2.0, n=12, seed="s"))
    )


def asked(known: Calibration, respond: Respond, skill: float, *, adaptive: bool) -> Ability:
    """What is known after 60 questions."""
    draw = random.Random(str(skill))
    found: list[Response] = []
    while len(found) < 60:
        at = ability(found, known).estimate
        dials = choose(known, at, n=10, seed=str(len(found))) if adaptive else [draw.choice(DIALS) for _ in range(10)]
        found += [respond("new", skill, dial) for dial in dials]
    return ability(found, known)


@pytest.mark.parametrize("skill", [-2.5, 0.0, 3.5])
def test_chosen_questions_tell_more_than_random_ones(known: Calibration, respond: Respond, skill: float) -> None:
    """After sixty the part of the standard error that questions take away is smaller by a tenth or more."""
    chosen, at_random = (asked(known, respond, skill, adaptive=adaptive) for adaptive in (True, False))
    assert chosen.own < 0.9 * at_random.own


def test_the_foretold_score_is_right_as_often_as_it_says(known: Calibration, respond: Respond) -> None:
    """Of forty respondents at least 34 have their true score over the mix within the 95 % interval."""
    within = 0
    for number in range(40):
        skill = -2.0 + number / 10
        score = predicted(asked(known, respond, skill, adaptive=True), known)
        true = statistics.fmean(1.0 / (1.0 + math.exp(difficulty(dial) - skill)) for dial in DIALS)
        assert score.low is not None
        assert score.high is not None
        within += score.low <= true <= score.high
    assert within >= 34
