"""Numbers read the same everywhere."""

from __future__ import annotations

from fractions import Fraction

import pytest

from causal_eval.analysis import numbers
from causal_eval.analysis.intervals import Interval


@pytest.mark.parametrize(
    ("share", "signed", "text"),
    [
        (0.0312, False, "3.1"),
        (1.0, False, "100.0"),
        (None, False, "–"),
        (-0.0004, False, "0.0"),
        (-0.0004, True, "0.0"),
        (0.123, True, "+12.3"),
        (-0.123, True, "−12.3"),
    ],
)
def test_hundredths(share: float | None, signed: bool, text: str) -> None:
    """One decimal, a true minus, no negative zero, a dash for nothing."""
    assert numbers.hundredths(share, signed=signed) == text


def test_ends_of_an_interval() -> None:
    """Both ends in per cent, or a dash."""
    assert numbers.ends(Interval(0.03, 0.004, 0.09, 5, 9)) == "[0.4,\u00a09.0]"
    assert numbers.ends(Interval(0.03, None, None, 1, 9)) == "–"


@pytest.mark.parametrize(
    ("dollars", "text"),
    [
        (None, "unknown"),
        (Fraction(0), "$0.00"),
        (Fraction(1, 3000), "$0.0003"),
        (Fraction(5, 4), "$1.25"),
        (Fraction(12345), "$12,345.00"),
    ],
)
def test_money(dollars: Fraction | None, text: str) -> None:
    """Small sums keep four decimals; unknown is a word, not zero."""
    assert numbers.money(dollars) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, "–"),
        (0.0297, "0.03 ms"),
        (850.4, "850 ms"),
        (12_300, "12.3 s"),
        (245_000, "4 min 05 s"),
        (7_620_000, "2 h 07 min"),
    ],
)
def test_durations(milliseconds: float | None, text: str) -> None:
    """Times take the unit that a person would."""
    assert numbers.duration(milliseconds).replace("\u00a0", " ") == text


def test_counts_points_and_levels() -> None:
    """Thousands stand apart, one is singular, levels have no needless decimals."""
    assert numbers.counted(1, "unit") == "1 unit"
    assert numbers.counted(12345, "unit") == "12,345 units"
    assert numbers.points(-0.05) == "−5.0\u00a0points"
    assert (numbers.level(0.95), numbers.level(0.999)) == ("95\u00a0%", "99.9\u00a0%")
