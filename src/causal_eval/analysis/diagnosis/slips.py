"""Slips of calculation and of writing down, which any answer in numbers can hold, whatever was asked.

Named mistakes lie at least 0.015 from the truth (``questions.family.APART``): what is nearer than that and not right is
no other method, it is the right one with a slip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from causal_eval.questions.family import APART

Numbers = Sequence[Fraction]
_FAR = Fraction(1, 20)
"""Rounding to one decimal moves a number by no more."""
_TENTHS = 10
_HUNDRED = 100


class Slip(NamedTuple):
    """A way of getting numbers wrong that follows from the truth."""

    name: str
    """It is its own class."""
    holds: Callable[[Fraction, Fraction, Fraction], bool]
    """(given, true, tolerance) -> whether one number was got wrong this way."""
    width: Fraction
    """How many windows of the tolerance's width the answers fill that it leads to."""
    shares_only: bool = False
    """Only where what is asked for lies between 0 and 1."""


def _sign(given: Fraction, true: Fraction, tolerance: Fraction) -> bool:
    return abs(given + true) <= tolerance


def _complement(given: Fraction, true: Fraction, tolerance: Fraction) -> bool:
    return abs(given - (1 - true)) <= tolerance


def _percent(given: Fraction, true: Fraction, tolerance: Fraction) -> bool:
    return abs(given - _HUNDRED * true) <= _HUNDRED * tolerance


def _point(given: Fraction, true: Fraction, tolerance: Fraction) -> bool:
    """Ten times too large or too small, to the same number of digits."""
    return abs(given - 10 * true) <= 10 * tolerance or abs(given - true / 10) <= tolerance / 10


def _rounding(given: Fraction, true: Fraction, tolerance: Fraction) -> bool:
    del tolerance
    return abs(given - true) <= _FAR and (given * _TENTHS).denominator == 1


def _slip(given: Fraction, true: Fraction, tolerance: Fraction) -> bool:
    del tolerance
    return abs(given - true) < APART


SLIPS = (
    Slip("sign", _sign, Fraction(1)),
    Slip("complement", _complement, Fraction(1), shares_only=True),
    Slip("percent", _percent, Fraction(1, 10)),
    Slip("percent", _point, Fraction(1)),
    Slip("rounding", _rounding, Fraction(1)),
    Slip("arithmetic", _slip, Fraction(2)),
)


def slips(given: Numbers, true: Numbers, *, tolerance: Fraction, is_share: bool) -> Iterator[Slip]:
    """The slips that *given*, a wrong answer, can be: every number right or got wrong this way, one at least wrong."""
    if len(given) != len(true):
        return
    pairs = [(one, other) for one, other in zip(given, true, strict=True) if abs(one - other) > tolerance]
    for slip in possible(true, tolerance=tolerance, is_share=is_share):
        if pairs and all(slip.holds(one, other, tolerance) for one, other in pairs):
            yield slip


def possible(true: Numbers, *, tolerance: Fraction, is_share: bool) -> Iterator[Slip]:
    """The slips that would lead away from the truth."""
    for slip in SLIPS:
        if slip.shares_only and not is_share:
            continue
        if slip.holds is _sign and all(abs(one) * 2 <= tolerance for one in true):
            continue
        yield slip
