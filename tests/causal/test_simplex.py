"""Exact linear programmes: the optimum is that of every vertex tried, and proves itself."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_eval.causal.second.vertices import vertices
from causal_eval.causal.simplex import Optimum, Programme, corners, minimum, proves
from causal_eval.errors import TooLarge
from causal_eval.seeds import Stream


def drawn(seed: int) -> Programme:
    """A bounded programme: the variables sum to 1, and some more rows hold of a known point."""
    stream = Stream("tests/simplex", seed)
    n, more = stream.between(2, 7), stream.between(0, 3)
    weights = [stream.below(4) for _ in range(n)]
    weights[0] += 1
    point = [Fraction(weight, sum(weights)) for weight in weights]
    rows = [
        [Fraction(1)] * n,
        *[[Fraction(stream.between(-3, 3), stream.between(1, 4)) for _ in range(n)] for _ in range(more)],
    ]
    right = [sum((a * x for a, x in zip(row, point, strict=True)), Fraction(0)) for row in rows]
    return Programme(rows, right, [Fraction(stream.between(-5, 5), stream.between(1, 3)) for _ in range(n)])


@given(st.integers(0, 1 << 30))
def test_the_least_value_is_that_of_the_best_vertex(seed: int) -> None:
    """And duality proves it without any other programme."""
    programme = drawn(seed)
    found = minimum(programme)
    assert found is not None
    assert proves(programme, found)
    listed = vertices(programme.rows, programme.right)
    assert listed is not None
    found_again = [tuple([Fraction(x, sum(point)) for x in point]) for point in listed]
    values = [sum((c * x for c, x in zip(programme.cost, point, strict=True)), Fraction(0)) for point in found_again]
    assert found.value == min(values)
    assert corners(programme.rows, programme.right, most=5_000) == sorted(found_again)
    assert not proves(programme, Optimum(found.value - 1, found.point, found.duals))


def test_too_many_corners_are_refused() -> None:
    """Half of 70 variables on either side of a cut: 1,225 edges are met, which the second solver does not list."""
    rows = [[Fraction(sign) for sign in (1, -1) for _ in range(35)]]
    assert vertices(rows, [Fraction(0)]) is None
    assert vertices([[Fraction(1)] * 1_001], [Fraction(1)]) is None
    with pytest.raises(TooLarge, match="1,000 corners"):
        corners([*rows, [Fraction(1)] * 70], [Fraction(0), Fraction(1)], most=1_000)


def test_what_is_not_feasible_has_no_optimum() -> None:
    """Two rows that contradict each other."""
    rows = [[Fraction(1), Fraction(1)], [Fraction(2), Fraction(2)]]
    assert minimum(Programme(rows, [Fraction(1), Fraction(1)], [Fraction(0)] * 2)) is None


def test_a_programme_without_a_least_value_is_refused() -> None:
    """X - y = 0, less and less."""
    with pytest.raises(ValueError, match="no least value"):
        minimum(Programme([[Fraction(1), Fraction(-1)]], [Fraction(0)], [Fraction(-1), Fraction(0)]))


def test_rows_said_twice_do_no_harm() -> None:
    """The same row again, and one that follows from others."""
    rows = [[Fraction(a) for a in row] for row in ([1, 1, 1], [1, 1, 1], [1, 0, 0], [0, 1, 1])]
    right = [Fraction(1), Fraction(1), Fraction(1, 3), Fraction(2, 3)]
    programme = Programme(rows, right, [Fraction(1), Fraction(2), Fraction(3)])
    found = minimum(programme)
    assert found is not None
    assert found.value == Fraction(5, 3)
    assert proves(programme, found)


def test_no_circles() -> None:
    """Beale's example, on which the largest coefficient as the rule goes round for ever."""
    cost = [Fraction(-3, 4), Fraction(150), Fraction(-1, 50), Fraction(6), *[Fraction(0)] * 3]
    rows = [
        [Fraction(1, 4), Fraction(-60), Fraction(-1, 25), Fraction(9), Fraction(1), Fraction(0), Fraction(0)],
        [Fraction(1, 2), Fraction(-90), Fraction(-1, 50), Fraction(3), Fraction(0), Fraction(1), Fraction(0)],
        [Fraction(0), Fraction(0), Fraction(1), Fraction(0), Fraction(0), Fraction(0), Fraction(1)],
    ]
    found = minimum(Programme(rows, [Fraction(0), Fraction(0), Fraction(1)], cost))
    assert found is not None
    assert found.value == Fraction(-1, 20)


def test_many_variables() -> None:
    """A transport problem of 10 by 10 comes out as the sum of the sorted shares."""
    n = 10
    pairs = list(itertools.product(range(n), range(n)))
    rows = [[Fraction(a == at) for a, _ in pairs] for at in range(n)] + [
        [Fraction(b == at) for _, b in pairs] for at in range(n)
    ]
    cost = [Fraction(abs(a - b)) for a, b in pairs]
    found = minimum(Programme(rows, [Fraction(1, n)] * (2 * n), cost))
    assert found is not None
    assert found.value == 0
