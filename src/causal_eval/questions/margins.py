"""Whether a number discriminates: truth lies apart from every named mistake and every guess that needs no graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from causal_eval.questions.facts import Facts
from causal_eval.questions.family import APART, Value
from causal_eval.questions.tables import PERCENT

_HALF = Fraction(1, 2)
SCALE = 10**12
"""Draws are judged in integers: one is this much."""
ROOM = APART.numerator * SCALE // APART.denominator + 1000
"""A little more than ``APART``, for what rounding loses."""


def printed_shares(facts: Facts) -> list[Fraction]:
    """Every probability that the facts print, in order of the facts."""
    return [slot for fact in facts for slot in fact.slots if isinstance(slot, Fraction)]


def guesses(facts: Facts) -> set[Fraction]:
    """Numbers a reader without the graph would try: 1/2, each printed share and its complement, and their mean."""
    shares = printed_shares(facts)
    tries = {_HALF, *shares, *(1 - share for share in shares)}
    if shares:
        tries.add(sum(shares, Fraction(0)) / len(shares))
    return tries


def apart(truth: Fraction, others: Iterable[Fraction]) -> bool:
    """True iff every one of *others* is at least 0.015 away from *truth*."""
    numerator, denominator = truth.numerator * APART.denominator, truth.denominator
    gap = APART.numerator * denominator
    return all(
        abs(numerator * other.denominator - other.numerator * denominator * APART.denominator)
        >= gap * other.denominator
        for other in others
    )


def near_to(truth: Fraction) -> frozenset[int]:
    """The whole percentages that lie nearer to *truth* than 0.015."""
    middle, reach = PERCENT * APART.denominator * truth.numerator, PERCENT * APART.numerator * truth.denominator
    unit = APART.denominator * truth.denominator
    return frozenset(range((middle - reach) // unit + 1, (middle + reach - 1) // unit + 1))


def rough(numerator: int, denominator: int) -> int:
    """The ratio in units of 1 / ``SCALE``, rounded down: enough to throw a draw away, much faster than a fraction."""
    return numerator * SCALE // denominator


def clear(truth: int, others: Iterable[int]) -> bool:
    """True only if every one of *others* is at least 0.015 away from *truth*, all in units of 1 / ``SCALE``.

    What :func:`rough` and a sum of a thousand such numbers lose is added to the distance that is asked for.
    """
    return all(abs(truth - other) >= ROOM for other in others)


def discriminates(truth: Fraction, facts: Facts, *, mistakes: Mapping[str, Value]) -> bool:
    """True iff no named mistake and no guess would be graded right, with three times the tolerance to spare."""
    wrong = [value for value in mistakes.values() if isinstance(value, Fraction)]
    return apart(truth, wrong) and apart(truth, guesses(facts))
