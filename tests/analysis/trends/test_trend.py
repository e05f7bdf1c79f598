"""A trend as a whole: in order of time, of one model, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from causal_eval.analysis.trends.measurement import Measurement
from causal_eval.analysis.trends.trend import sentences, trend, trend_line
from causal_eval.errors import UsageError

Series = Callable[..., list[Measurement]]


def test_measurements_are_told_in_order_of_time(series: Series) -> None:
    """However they come; the fall is told as change and as drift, the new name as a sign."""
    made = series([0.7] * 6 + [0.4] * 6, served=dict.fromkeys(range(6, 12), "m-2"))
    found = trend(made[::-1])
    said = "\n".join(sentences(found))
    assert [one.evaluation for one in found.measurements] == [one.evaluation for one in made]
    assert "12 measurements of the same questions" in said
    assert "Change between ev-0-5 and ev-0-6" in said
    assert "shown to have fallen" in said
    assert "the provider says that m-2 answered, before it was m-1" in said
    assert trend_line(found)["drift"]["is_fall"] is True


def test_what_is_no_trend(series: Series) -> None:
    """One run, several models, or questions of several suites."""
    made = series([0.5] * 3)
    with pytest.raises(UsageError, match="at least 2"):
        trend(made[:1])
    with pytest.raises(UsageError, match="several answerers"):
        trend([made[0], replace(made[1], answerer="other")])
    with pytest.raises(UsageError, match="several suites"):
        trend([made[0], replace(made[1], suite="full")])
