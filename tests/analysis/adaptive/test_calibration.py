"""Calibration: difficulties and abilities that are known are found again, and what cannot be found is refused."""

from __future__ import annotations

from itertools import combinations

import pytest
from tests.analysis.adaptive.conftest import DIALS, Respond, difficulty

from causal_eval.analysis.adaptive.calibration import Calibration, calibrate
from causal_eval.analysis.adaptive.dials import Dial, Response
from causal_eval.errors import UsageError


def test_differences_of_difficulty_are_found(known: Calibration) -> None:
    """Between any two settings within half a logit, in the middle of the scale where answers tell most."""
    gaps = [
        (known.difficulty(a) - known.difficulty(b)) - (difficulty(a) - difficulty(b)) for a, b in combinations(DIALS, 2)
    ]
    assert max(map(abs, gaps)) < 0.5
    assert sum(gaps) / len(gaps) == pytest.approx(0.0, abs=0.15)


def test_differences_of_ability_are_found(known: Calibration) -> None:
    """A logit apart, within three standard errors of 200 answers each; five from the first to the last."""
    found = [known.abilities[f"m{number}"] for number in range(6)]
    assert [found[n + 1] - found[n] for n in range(5)] == pytest.approx([1.0] * 5, abs=0.8)
    assert found[5] - found[0] == pytest.approx(5.0, abs=0.8)


def test_it_is_the_mode(known: Calibration, respond: Respond) -> None:
    """Two answerers, one kind: what was right and what was expected differ by what the priors ask alone."""
    dial = Dial("easy/k", "real", 3)
    found = calibrate([Response("a", dial, 10.0, 7.0), Response("b", dial, 10.0, 7.0)])
    assert found.abilities["a"] == pytest.approx(found.abilities["b"])
    logit = found.abilities["a"] - found.difficulty(dial)
    assert 0.5 < logit < 0.8473  # shrunk from log(7/3)
    assert found.weights["family easy"] == found.weights["kind easy/k"] == found.weights["regime real"]
    del known, respond


def test_what_was_never_seen_is_average(known: Calibration) -> None:
    """A kind without responses has no weight of its own; its size counts all the same."""
    unseen = Dial("new/k", "real", 5)
    seen = known.weights["regime real"] + known.weights["size"]
    assert known.difficulty(unseen) == pytest.approx(seen)


def test_a_single_answerer_is_refused() -> None:
    """Its ability and the difficulties cannot be told apart."""
    with pytest.raises(UsageError, match="responses of 1 answerers: give runs of at least 2"):
        calibrate([Response("a", DIALS[0], 1.0, 1.0)])
