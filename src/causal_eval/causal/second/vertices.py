"""The corners of what linear equations leave open of a law, all of them, by cutting the simplex one equation at a time.

The double description method (Motzkin, Raiffa, Thompson and Thrall 1953): a cut keeps the corners that lie on it, and
adds the point where it meets each edge between a corner on one side and a corner on the other. Two corners share an
edge when no third lies in the smallest face around both, which their supports tell. Points are whole numbers.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

MOST_CORNERS = 1_000

Point: TypeAlias = tuple[int, ...]
"""Times something: whole numbers without a common divisor."""
_Row: TypeAlias = tuple[Fraction, ...]
_Corner: TypeAlias = tuple[int, Point]
"""Mask of the variables that are not 0, and the point."""


def vertices(rows: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> tuple[Point, ...] | None:
    """Every vertex of {x >= 0: sum of x = 1, rows x = right}, each times something: their sums say what.

    None: there are more than 1,000 on the way.
    """
    return _vertices(tuple(map(tuple, rows)), tuple(right))


@lru_cache(maxsize=64)  # one model is asked several things
def _vertices(rows: tuple[_Row, ...], right: _Row) -> tuple[Point, ...] | None:
    n = len(rows[0])
    if n > MOST_CORNERS:
        return None
    corners: list[_Corner] = [(1 << at, tuple([int(at == other) for other in range(n)])) for at in range(n)]
    longest = 2
    for row, b in zip(rows, right, strict=True):
        below = math.lcm(b.denominator, *[a.denominator for a in row])
        cut = [int((a - b) * below) for a in row]
        gaps = [sum(map(operator.mul, cut, point)) for _, point in corners]
        if not any(gaps):
            continue  # what was cut before says so already
        corners = list(itertools.islice(_cut(corners, gaps, longest=longest), MOST_CORNERS + 1))
        longest += 1
        if len(corners) > MOST_CORNERS:
            return None
    return tuple([point for _, point in corners])


def _cut(corners: list[_Corner], gaps: Sequence[int], *, longest: int) -> Iterator[_Corner]:
    """The corners where the *gaps* are 0; no edge has more than *longest* variables that are not 0."""
    yield from (corner for corner, gap in zip(corners, gaps, strict=True) if not gap)
    above, below = (
        [(corner, gap) for corner, gap in zip(corners, gaps, strict=True) if gap * sign > 0] for sign in (1, -1)
    )
    supports = [support for support, _ in corners]
    for (one, high), gap in above:
        for (other, low), lack in below:
            face = one | other
            if (size := face.bit_count()) > longest:
                continue
            # With one end that has as many variables as there are equations, a face of one more is a line.
            if size == longest == max(one.bit_count(), other.bit_count()) + 1 or _is_edge(face, supports):
                point = [gap * y - lack * x for x, y in zip(high, low, strict=True)]
                divisor = math.gcd(*point)
                yield face, tuple([x // divisor for x in point])


def _is_edge(face: int, supports: Sequence[int]) -> bool:
    """Whether only two corners lie in the face; different corners have different supports."""
    inside = (support for support in supports if not support & ~face)
    return len(list(itertools.islice(inside, 3))) == 2  # noqa: PLR2004 - the ends of an edge
