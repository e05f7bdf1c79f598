"""Whether a number discriminates: truth lies apart from every named mistake and every guess that needs no graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from causal_eval.questions.facts import Facts
from causal_eval.questions.family import APART, Value
from causal_eval.questions.network import GRID, Rows

_HALF = Fraction(1, 2)


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


def clear_of_print(truth: Fraction, tables: Iterable[Rows]) -> bool:
    """True iff *truth* is at least 0.015 away from every entry of *tables* and its complement: integers only, fast."""
    printed = {p.numerator * (GRID // p.denominator) for rows in tables for p in rows.values()}
    scaled, unit = GRID * truth.numerator * APART.denominator, truth.denominator * APART.denominator
    gap = GRID * APART.numerator * truth.denominator
    return all(abs(scaled - count * unit) >= gap and abs(scaled - (GRID - count) * unit) >= gap for count in printed)


def discriminates(truth: Fraction, facts: Facts, *, mistakes: Mapping[str, Value]) -> bool:
    """True iff no named mistake and no guess would be graded right, with three times the tolerance to spare."""
    wrong = [value for value in mistakes.values() if isinstance(value, Fraction)]
    return apart(truth, wrong) and apart(truth, guesses(facts))
