"""The corners of what linear equations leave open, all of them, by solving for every choice of variables."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from causal_eval.errors import TooLarge

MOST_CHOICES = 12_000


def vertices(rows: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> tuple[tuple[Fraction, ...], ...]:
    """Every vertex of {x >= 0: rows x = right}, sorted.

    Raises:
        TooLarge: more than 12,000 choices of basic variables.
    """
    return _vertices(tuple(map(tuple, rows)), tuple(right))


@lru_cache(maxsize=64)  # one model is asked several things
def _vertices(rows: tuple[tuple[Fraction, ...], ...], right: tuple[Fraction, ...]) -> tuple[tuple[Fraction, ...], ...]:
    independent = _independent([[*row, b] for row, b in zip(rows, right, strict=True)])
    n, rank = len(rows[0]), len(independent)
    if math.comb(n, rank) > MOST_CHOICES:
        raise TooLarge(f"{math.comb(n, rank):,} choices of variables: the second solver tries at most {MOST_CHOICES:,}")
    found = {_solved(independent, chosen, n=n) for chosen in itertools.combinations(range(n), rank)}
    return tuple(sorted(point for point in found if point is not None))


def _independent(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    """Rows in echelon form, those that follow from others left out; a contradiction stays as a row of zeros but one."""
    left, found = [list(row) for row in rows], []
    for column in range(len(rows[0])):
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        left = [_less(row, pivot, column=column) for row in left]
        found.append(pivot)
    return found


def _less(row: list[Fraction], pivot: list[Fraction], *, column: int) -> list[Fraction]:
    factor = row[column] / pivot[column]
    return [a - factor * b for a, b in zip(row, pivot, strict=True)]


def _solved(rows: list[list[Fraction]], chosen: Sequence[int], *, n: int) -> tuple[Fraction, ...] | None:
    """The point at which only the *chosen* variables are not 0; None: there is none, or one of them is negative."""
    square = [[*[row[at] for at in chosen], row[-1]] for row in rows]
    for place in range(len(chosen)):
        at = next((other for other in range(place, len(square)) if square[other][place]), None)
        if at is None:
            return None
        square[place], square[at] = square[at], square[place]
        pivot = [entry / square[place][place] for entry in square[place]]
        square = [pivot if other == place else _less(row, pivot, column=place) for other, row in enumerate(square)]
    values = {variable: square[place][-1] for place, variable in enumerate(chosen)}
    if any(value < 0 for value in values.values()):
        return None
    return tuple([values.get(variable, Fraction(0)) for variable in range(n)])
