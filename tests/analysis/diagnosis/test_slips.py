"""Slips of calculation: each is what it is called, and nothing that is right is one."""

from __future__ import annotations

from fractions import Fraction

import pytest

from causal_eval.analysis.diagnosis.slips import slips

_TOLERANCE = Fraction(1, 200)
CASES = [
    ("sign", "-0.31", "0.31", {"sign"}),
    ("complement", "0.69", "0.31", {"complement"}),
    ("per cent", "31", "0.31", {"percent"}),
    ("decimal point", "3.1", "0.31", {"percent"}),
    ("rounded to a tenth", "0.3", "0.33", {"rounding"}),
    ("a little off", "0.32", "0.31", {"arithmetic"}),
    ("a little off, and a tenth", "0.3", "0.31", {"arithmetic", "rounding"}),
    ("anything else", "0.57", "0.31", set()),
]


@pytest.mark.parametrize(("given", "true", "names"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_slip_is_recognised(given: str, true: str, names: set[str]) -> None:
    """Each slip by itself; where two are possible both are told."""
    found = slips([Fraction(given)], [Fraction(true)], tolerance=_TOLERANCE, is_share=True)
    assert {one.name for one in found} == names


def test_all_wrong_numbers_were_got_wrong_the_same_way() -> None:
    """Of several numbers those that are right may stay; the others have one slip in common."""
    true = [Fraction("0.31"), Fraction("0.2"), Fraction("0.4")]
    one = slips([Fraction("0.31"), Fraction("-0.2"), Fraction("-0.4")], true, tolerance=_TOLERANCE, is_share=False)
    other = slips([Fraction("0.31"), Fraction("-0.2"), Fraction("0.9")], true, tolerance=_TOLERANCE, is_share=False)
    assert {slip.name for slip in one} == {"sign"}
    assert not list(other)


def test_a_difference_has_no_complement() -> None:
    """1 minus an effect is no probability of anything."""
    assert not list(slips([Fraction("0.69")], [Fraction("0.31")], tolerance=_TOLERANCE, is_share=False))


def test_what_is_right_is_no_slip() -> None:
    """Within the tolerance nothing is wrong, and too few numbers are no slip of calculation."""
    assert not list(slips([Fraction("0.312")], [Fraction("0.31")], tolerance=_TOLERANCE, is_share=True))
    assert not list(slips([], [Fraction("0.31")], tolerance=_TOLERANCE, is_share=True))
