"""What was recorded of the shortcuts: no family has one that pays."""

from __future__ import annotations

import pytest

from causal_eval.analysis.suites.recorded import recorded
from causal_eval.analysis.suites.validate import BLIND
from causal_eval.questions.catalog import FAMILIES


def test_what_is_recorded_is_of_this_generator() -> None:
    """A new version of the generator needs a new measurement: `python -m benchmarks.families`."""
    assert recorded()
    assert set(recorded()) <= set(FAMILIES)


@pytest.mark.parametrize("family", sorted(recorded()))
def test_no_shortcut_pays(family: str) -> None:
    """On 2,000 questions the one-sided 95 % bound of every shortcut lies within two points of chance."""
    found = recorded()[family]
    assert set(found) <= set(BLIND)
    assert len(found) > 3
    over = {name: one for name, one in found.items() if one.high > one.limit}
    assert not over
