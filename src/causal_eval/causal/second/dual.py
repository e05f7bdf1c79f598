"""The least mean that equations leave open is the greatest bound that they prove: a linear programme by its dual.

What is known of a law x of types are cuts: g x = 0 for each cut g. Asked is the least c x / d x. A number b is below
every such quotient when with multiples y of the cuts c - b d - y g is at least 0 in each type: its mean under x is then
at least 0, and that of y g is 0. The greatest such b is the least quotient, by duality (Gale, Kuhn and Tucker 1951)
of the programme into which Charnes and Cooper (1962) turn a quotient. Only such proofs (b, y) are gone through here,
never laws: y = 0 is part of a first one, and where b grows without end no law fits.

From proof to better proof goes the simplex method on dictionaries (Chvátal 1983, chapter 2), with Bland's rule (1977)
against circles. Rows are inequalities in whole numbers, divided by what these have in common. The papers and the book
are recalled; they were not at hand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from causal_eval.errors import TooLarge

MOST_WORK = 60_000_000
"""Numbers that exchanges may go through."""

Row: TypeAlias = list[int]
"""r[0] > 0 times the row's variable is r[1] plus the sum of r[2 + j] times the variable of column j."""
_FIRST = 2
"""The place of column 0."""


class Quotient(NamedTuple):
    """*numerator* x / *denominator* x, of x >= 0 with every one of *cuts* x = 0.

    No number of the denominator is negative; where it is 0, that of the numerator is not negative.
    """

    cuts: Sequence[Sequence[Fraction]]
    numerator: Sequence[Fraction]
    denominator: Sequence[Fraction]


def least(quotient: Quotient) -> Fraction | None:
    """The least value; None: the denominator is 0 wherever the cuts are.

    Raises:
        TooLarge: exchanges go through over 60 million numbers.
    """
    if not any(quotient.denominator):
        return None
    proofs = _Proofs(quotient)
    return proofs.bound if proofs.settle() and proofs.improve() else None


class _Proofs:
    """What is left in each type, and the bound, in terms of variables that are 0: what is left in some types.

    At first the terms are the bound and the multiples, which may have any sign.
    """

    def __init__(self, quotient: Quotient) -> None:
        cuts = [_whole(cut) for cut in quotient.cuts]
        n = len(quotient.numerator)
        sides = _whole([*quotient.numerator, *quotient.denominator])
        self.left: dict[int, Row] = {at: [1, sides[at], -sides[n + at], *[-cut[at] for cut in cuts]] for at in range(n)}
        self.bound_row: Row = [1, 0, 1, *[0] * len(cuts)]
        self.columns: list[int | None] = [None] * (1 + len(cuts))
        """The type of which the column has what is left; None: the bound or a multiple."""
        self.work = 0

    @property
    def bound(self) -> Fraction:
        """What the proof at hand proves."""
        return Fraction(self.bound_row[1], self.bound_row[0])

    def settle(self) -> bool:
        """Put what is left in types in the place of the bound and of the multiples; False: the bound has no end.

        The bound comes first, and takes the greatest value that it has without any cut: then nothing left is negative.
        """
        for column in range(len(self.columns)):
            gain = self.bound_row[_FIRST + column]
            ways = [self._first_to_end(column, sign) for sign in (1, -1) if sign * gain >= 0]
            found = next((at for at in ways if at is not None), None)
            if found is not None:
                self._exchange(found, column)
            elif gain:
                return False
        return True

    def improve(self) -> bool:
        """Let the bound grow until nothing makes it grow; False: it has no end."""
        while (column := self._growing()) is not None:
            found = self._first_to_end(column, 1)
            if found is None:
                return False
            self._exchange(found, column)
        return True

    def _growing(self) -> int | None:
        """Of the columns with which the bound grows, the one of the first type."""
        gains = [(at, j) for j, at in enumerate(self.columns) if at is not None and self.bound_row[_FIRST + j] > 0]
        return min(gains)[1] if gains else None

    def _first_to_end(self, column: int, sign: int) -> int | None:
        """The type in which nothing is left first when the column's variable moves; of several the first."""
        place = _FIRST + column
        ends = [(Fraction(row[1], -sign * row[place]), at) for at, row in self.left.items() if sign * row[place] < 0]
        return min(ends)[1] if ends else None

    def _exchange(self, at: int, column: int) -> None:
        """What is left in type *at* takes the place of the column's variable, which gets a row if it has a sign.

        Raises:
            TooLarge: that is more than what is gone through.
        """
        place, chosen = _FIRST + column, self.left.pop(at)
        touched = [other for other, row in self.left.items() if row[place]]
        self.work += len(chosen) * len(touched)
        if self.work > MOST_WORK:
            raise TooLarge(f"over {MOST_WORK:,} numbers in a linear programme: the second solver goes through no more")
        solved = _solved(chosen, place)
        for other in touched:
            self.left[other] = _put_in(self.left[other], solved, place=place)
        self.bound_row = _put_in(self.bound_row, solved, place=place)
        before, self.columns[column] = self.columns[column], at
        if before is not None:
            self.left[before] = solved


def _put_in(row: Row, solved: Row, *, place: int) -> Row:
    """The *row* once the variable at *place* is what the *solved* row says."""
    times, rest = solved[0], row[place]
    found = [times * a + rest * b for a, b in zip(row, solved, strict=True)]
    found[0], found[place] = times * row[0], rest * solved[place]
    divisor = math.gcd(*found)
    return found if divisor == 1 else [a // divisor for a in found]


def _solved(row: Row, place: int) -> Row:
    """The *row* solved for the variable at *place*, where its own variable takes over."""
    sign = -1 if row[place] > 0 else 1
    found = [sign * a for a in row]
    found[0], found[place] = abs(row[place]), -sign * row[0]
    return found


def _whole(row: Sequence[Fraction]) -> list[int]:
    """The same direction in whole numbers."""
    below = math.lcm(*[a.denominator for a in row])
    return [int(a * below) for a in row]
