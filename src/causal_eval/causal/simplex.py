"""Linear programmes in exact arithmetic: the simplex method in two phases on a tableau of integers.

Bland's rule keeps it from going in circles; pivoting is fraction-free (Edmonds 1967): every entry stays a determinant,
so divisions leave no remainder.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from typing import NamedTuple

from causal_eval.errors import TooLarge

MOST_WORK = 60_000_000
"""Entries that pivots may rewrite: beyond, an answer takes longer than a quarter of a minute."""


class Programme(NamedTuple):
    """Minimise *cost* x subject to *rows* x = *right* and x >= 0."""

    rows: Sequence[Sequence[Fraction]]
    right: Sequence[Fraction]
    cost: Sequence[Fraction]


class Optimum(NamedTuple):
    """The least value, where it is taken, and the proof that nothing is less."""

    value: Fraction
    point: tuple[Fraction, ...]
    duals: tuple[Fraction, ...]
    """y with y rows <= cost in every column and y right = value (weak duality)."""


def minimum(programme: Programme) -> Optimum | None:
    """The optimum of a bounded *programme*; None: nothing is feasible.

    Raises:
        ValueError: it has no least value. TooLarge: over 60 million entries would be rewritten.
    """
    tableau = _Tableau(programme)
    if not tableau.feasible():
        return None
    tableau.optimise()
    return tableau.optimum()


def corners(rows: Sequence[Sequence[Fraction]], right: Sequence[Fraction], *, most: int) -> list[tuple[Fraction, ...]]:
    """Every vertex of {x >= 0: rows x = right}, by going from basis to basis.

    Raises:
        TooLarge: more than *most* bases.
    """
    first = _Tableau(Programme(rows, right, [Fraction(0)] * len(rows[0])))
    if not first.feasible():
        return []
    seen, stack, found = {frozenset(first.basis)}, [first], set()
    while stack:
        tableau = stack.pop()
        found.add(tableau.point())
        for following in tableau.neighbours(seen):
            seen.add(frozenset(following.basis))
            stack.append(following)
        if len(seen) > most:
            raise TooLarge(f"over {most:,} corners; ask about fewer nodes")
    return sorted(found)


def proves(programme: Programme, optimum: Optimum) -> bool:
    """Whether the point is feasible, has that value, and the duals show that no point has less."""
    if any(x < 0 for x in optimum.point):
        return False
    if any(_dot(row, optimum.point) != b for row, b in zip(programme.rows, programme.right, strict=True)):
        return False
    columns = list(zip(*programme.rows, strict=True)) or [()] * len(programme.cost)
    if any(_dot(optimum.duals, column) > cost for column, cost in zip(columns, programme.cost, strict=True)):
        return False
    return _dot(programme.cost, optimum.point) == optimum.value == _dot(optimum.duals, programme.right)


def _dot(one: Sequence[Fraction], other: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(one, other, strict=True) if a and b), Fraction(0))


class _Tableau:
    """Integer rows over one denominator: variables, one artificial variable a row, the right side."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self.n, self.m = len(programme.cost), len(programme.rows)
        self.scale: list[int] = []
        self.rows: list[list[int]] = []
        for place, (row, right) in enumerate(zip(programme.rows, programme.right, strict=True)):
            factor = math.lcm(right.denominator, *[entry.denominator for entry in row])
            factor = -factor if right < 0 else factor
            self.scale.append(factor)
            unit = [int(place == other) for other in range(self.m)]
            self.rows.append([int(entry * factor) for entry in row] + unit + [int(right * factor)])
        self.basis = [self.n + place for place in range(self.m)]
        self.below = 1
        self.work = 0
        self.objective: list[int] = []
        self.cost_scale = 1

    def feasible(self) -> bool:
        """Phase 1: whether the artificial variables can all be 0; they leave the basis where they can."""
        width = self.n + self.m + 1
        self.objective = [-sum(row[at] for row in self.rows) for at in range(width)]
        for at in range(self.n, self.n + self.m):
            self.objective[at] = 0
        self.pivot_while_it_helps()
        if self.objective[-1]:
            return False
        for place, variable in enumerate(self.basis):
            if variable >= self.n:
                entering = next((at for at in range(self.n) if self.rows[place][at]), None)
                if entering is not None:
                    self.pivot(place, entering)
        return True

    def optimise(self) -> None:
        """Phase 2."""
        cost = self.programme.cost
        self.cost_scale = math.lcm(1, *[entry.denominator for entry in cost])
        whole = [int(entry * self.cost_scale) for entry in cost] + [0] * (self.m + 1)
        self.objective = [entry * self.below for entry in whole]
        for place, variable in enumerate(self.basis):
            if factor := whole[variable]:
                self.objective = [a - factor * b for a, b in zip(self.objective, self.rows[place], strict=True)]
        self.pivot_while_it_helps()

    def optimum(self) -> Optimum:
        """What the tableau says now."""
        below = self.below * self.cost_scale
        duals = [Fraction(-self.objective[self.n + place] * factor, below) for place, factor in enumerate(self.scale)]
        return Optimum(Fraction(-self.objective[-1], below), self.point(), tuple(duals))

    def point(self) -> tuple[Fraction, ...]:
        """Where the tableau stands."""
        point = [Fraction(0)] * self.n
        for place, variable in enumerate(self.basis):
            if variable < self.n:
                point[variable] = Fraction(self.rows[place][-1], self.below)
        return tuple(point)

    def neighbours(self, seen: AbstractSet[frozenset[int]]) -> Iterator[_Tableau]:
        """The tableaus one pivot away whose bases are not among *seen*."""
        for entering in range(self.n):
            if entering in self.basis:
                continue
            for leaving in self._leaving_any(entering):
                basis = frozenset(self.basis) - {self.basis[leaving]} | {entering}
                if basis not in seen:
                    yield self._after(leaving, entering)

    def _after(self, leaving: int, entering: int) -> _Tableau:
        found = copy.copy(self)
        found.rows, found.basis = list(self.rows), list(self.basis)
        found.pivot(leaving, entering)
        return found

    def _leaving_any(self, entering: int) -> list[int]:
        """Every row whose basic variable reaches 0 first."""
        ratios = [(Fraction(row[-1], row[entering]), place) for place, row in enumerate(self.rows) if row[entering] > 0]
        least = min(ratios, default=None)
        return [] if least is None else [place for ratio, place in ratios if ratio == least[0]]

    def pivot_while_it_helps(self) -> None:
        while (entering := next((at for at in range(self.n) if self.objective[at] < 0), None)) is not None:
            leaving = self._leaving(entering)
            if leaving is None:
                raise ValueError("the programme has no least value")
            self.pivot(leaving, entering)

    def _leaving(self, entering: int) -> int | None:
        """The row whose basic variable reaches 0 first; of several the one with the smallest variable."""
        best: tuple[Fraction, int, int] | None = None
        for place, row in enumerate(self.rows):
            if row[entering] > 0:
                found = (Fraction(row[-1], row[entering]), self.basis[place], place)
                best = found if best is None else min(best, found)
        return None if best is None else best[2]

    def pivot(self, leaving: int, entering: int) -> None:
        self.work += (self.m + 1) * (self.n + self.m + 1)
        if self.work > MOST_WORK:
            raise TooLarge(f"the linear programme rewrites over {MOST_WORK:,} entries; ask about fewer nodes")
        chosen = self.rows[leaving]
        if chosen[entering] < 0:
            chosen = self.rows[leaving] = [-entry for entry in chosen]
        pivot, before = chosen[entering], self.below
        for place, row in enumerate(self.rows):
            if place != leaving:
                self.rows[place] = _cleared(row, chosen, at=entering, numbers=(pivot, before))
        self.objective = _cleared(self.objective, chosen, at=entering, numbers=(pivot, before))
        self.basis[leaving] = entering
        self.below = pivot


def _cleared(row: list[int], chosen: list[int], *, at: int, numbers: tuple[int, int]) -> list[int]:
    pivot, before = numbers
    factor = row[at]
    if not factor:
        return [entry * pivot // before for entry in row]
    return [(entry * pivot - factor * other) // before for entry, other in zip(row, chosen, strict=True)]
