"""Rules: what they wait for, and what is no rule."""

from __future__ import annotations

import pytest

from causal_eval.analysis.sequential.rule import Reached, StopRule, width_of
from causal_eval.errors import UsageError


@pytest.mark.parametrize(("text", "share"), [("3pts", 0.03), ("0.5 points", 0.005), ("2%", 0.02)])
def test_points_to_either_side(text: str, share: float) -> None:
    """``3pts`` is an interval that is six points wide."""
    assert width_of(text) == share
    assert StopRule(width_of(text)).narrow(0.4, 0.4 + 2 * share)
    assert not StopRule(width_of(text)).narrow(0.4, 0.402 + 2 * share)


@pytest.mark.parametrize("text", ["3", "0pts", "100pts", "-1pts", "", "nanpts"])
def test_no_width_is_refused(text: str) -> None:
    """The message names what was given and what to write."""
    with pytest.raises(UsageError, match="as in 3pts"):
        width_of(text)


@pytest.mark.parametrize(
    ("margin", "low", "high", "wanted"),
    [
        (None, 0.0, 0.1, Reached.BETTER),
        (None, -0.1, 0.0, Reached.WORSE),
        (None, -0.001, 0.1, None),
        (0.02, -0.02, 0.1, Reached.PASS),
        (0.02, -0.1, -0.02, Reached.FAIL),
        (0.02, -0.021, 0.0, None),
    ],
)
def test_an_end_on_the_limit_decides(margin: float | None, low: float, high: float, wanted: Reached | None) -> None:
    """The ends of a confidence sequence are excluded themselves; in between nothing is decided."""
    assert StopRule(baseline="ev-1", margin=margin).decided(low, high) is wanted


def test_what_makes_no_rule() -> None:
    """A margin needs what it counts from, a level is a share; without a wish nothing stops."""
    with pytest.raises(UsageError, match="without a baseline"):
        StopRule(margin=0.02)
    with pytest.raises(UsageError, match="level is 95"):
        StopRule(level=95)
    assert not StopRule().stops
    assert StopRule(until=0.03).stops
