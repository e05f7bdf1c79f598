"""Linear algebra over a prime field, and elimination by it (Macaulay 1902; Courtois et al. 2000, "XL").

A polynomial is a mapping from monomials (the sorted numbers of their unknowns) to coefficients. Of all products of the
equations with monomials up to a degree, row reduction finds the combinations that hold one unknown alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from causal_eval.errors import TooLarge

PRIME = 2**31 - 1
MOST_MONOMIALS = 1500
HIGHEST = 6
"""Degree up to which products of equations are looked at."""

Monomial: TypeAlias = tuple[int, ...]
Polynomial: TypeAlias = dict[Monomial, int]


def unit_rows(rows: Sequence[Sequence[int]], width: int) -> list[int]:
    """The places whose unknown is determined by the homogeneous part of linear equations."""
    reduced = reduce_rows(np.array(rows, dtype=np.int64).reshape(len(rows), width))
    return [int(np.flatnonzero(row)[0]) for row in reduced if np.count_nonzero(row) == 1]


def reduce_rows(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The reduced row echelon form modulo PRIME, rows of zeros left out."""
    whole, rank = rows % PRIME, 0
    for column in range(whole.shape[1]):
        pivots = np.flatnonzero(whole[rank:, column])
        if not pivots.size:
            continue
        whole[[rank, rank + pivots[0]]] = whole[[rank + pivots[0], rank]]
        whole[rank] = whole[rank] * pow(int(whole[rank, column]), -1, PRIME) % PRIME
        others = np.flatnonzero(whole[:, column])
        others = others[others != rank]
        whole[others] = (whole[others] - whole[others, column][:, None] * whole[rank] % PRIME) % PRIME
        rank += 1
        if rank == len(whole):
            break
    return whole[:rank]


def degree_of(equations: Sequence[Polynomial], unknown: int) -> int:
    """The smallest degree of a combination of *equations* in *unknown* alone, the same at two degrees of products.

    Raises:
        TooLarge: too many unknowns, or none is found.
    """
    before = 0
    for degree in range(2, HIGHEST + 1):
        found = _lowest(equations, unknown, degree=degree)
        if found == 1 or (found and found == before):
            return found
        before = found
    raise TooLarge(f"products of the equations up to degree {HIGHEST} leave the coefficient open")


def _lowest(equations: Sequence[Polynomial], unknown: int, *, degree: int) -> int:
    """The smallest degree at products of *degree*; 0 where there is none."""
    unknowns = sorted({number for row in equations for monomial in row for number in monomial})
    monomials = [m for size in range(degree + 1) for m in itertools.combinations_with_replacement(unknowns, size)]
    if len(monomials) > MOST_MONOMIALS:
        raise TooLarge(f"{len(unknowns)} coefficients hang together: too many to eliminate all but one")
    alone = [(unknown,) * size for size in range(degree, -1, -1)]
    order = [*sorted(set(monomials) - set(alone), key=lambda m: (-len(m), m)), *alone]
    place = {monomial: number for number, monomial in enumerate(order)}
    reduced = reduce_rows(_products(equations, monomials, place=place, degree=degree))
    first = len(order) - degree - 1
    sizes = [len(order) - 1 - int(np.flatnonzero(row)[0]) for row in reduced if not row[:first].any()]
    return min(sizes, default=0)


def _products(
    equations: Iterable[Polynomial], monomials: Sequence[Monomial], *, place: dict[Monomial, int], degree: int
) -> NDArray[np.int64]:
    """A row for every product of an equation with a monomial that stays within *degree*."""
    rows = []
    for equation in equations:
        own = max(map(len, equation))
        for times in (monomial for monomial in monomials if len(monomial) + own <= degree):
            row = np.zeros(len(place), dtype=np.int64)
            for monomial, value in equation.items():
                row[place[tuple(sorted((*monomial, *times)))]] = value
            rows.append(row)
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(place))
