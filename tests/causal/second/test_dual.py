"""Linear programmes of the second solver: what equations prove is the best corner, and what a primal simplex finds."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_eval.causal.second.dual import Quotient, least
from causal_eval.causal.second.vertices import vertices
from causal_eval.causal.simplex import Programme, minimum
from causal_eval.errors import TooLarge
from causal_eval.seeds import Stream

SEEDS = st.integers(0, 1 << 30)


def numbers(stream: Stream, n: int, *, largest: int) -> list[Fraction]:
    """Fractions of either sign."""
    return [Fraction(stream.between(-largest, largest), stream.between(1, 3)) for _ in range(n)]


def drawn(seed: int, *, sizes: tuple[int, int], largest: int = 3) -> Quotient:
    """Cuts that hold of a law which is nothing on half of the types, so that much is degenerate; often with one more.

    That one holds of no law in particular: with it there may be none.
    """
    stream = Stream("tests/dual", seed)
    n = stream.between(2, sizes[0])
    law = [Fraction(stream.choice([0, 1, 2])) for _ in range(n)]
    law[stream.below(n)] = Fraction(1)
    cuts = []
    for _ in range(stream.between(0, sizes[1])):
        row = numbers(stream, n, largest=largest)
        mean = dot(row, law) / sum(law)
        cuts.append([a - mean for a in row])
    if stream.chance(1, 3):
        cuts.append(numbers(stream, n, largest=largest))
    cuts += [[2 * a for a in cut] for cut in cuts[:1] if stream.chance(1, 2)]  # said twice
    denominator = [Fraction(stream.choice([0, 1, 1, 3]), stream.between(1, 2)) for _ in range(n)]
    numerator = [a if b else Fraction(0) for a, b in zip(numbers(stream, n, largest=2), denominator, strict=True)]
    return Quotient(cuts, numerator, denominator)


def dot(one: Sequence[Fraction], other: Sequence[Fraction | int]) -> Fraction:
    """Their product."""
    return sum((a * b for a, b in zip(one, other, strict=True)), Fraction(0))


def by_corners(asked: Quotient) -> Fraction | None:
    """The least quotient at any corner that has one."""
    corners = vertices(asked.cuts or [[Fraction(0)] * len(asked.numerator)], [Fraction(0)] * max(1, len(asked.cuts)))
    assert corners is not None
    found = [dot(asked.numerator, corner) / whole for corner in corners if (whole := dot(asked.denominator, corner))]
    return min(found, default=None)


def by_primal(asked: Quotient) -> Fraction | None:
    """The same by the simplex method of the first solver, among laws instead of proofs."""
    right = [Fraction(0)] * len(asked.cuts) + [Fraction(1)]
    found = minimum(Programme([*asked.cuts, asked.denominator], right, asked.numerator))
    return None if found is None else found.value


@given(SEEDS)
def test_the_greatest_bound_that_is_proved_is_the_best_corner(seed: int) -> None:
    """Of random polytopes, degenerate and empty ones among them, with quotients that not every corner has."""
    asked = drawn(seed, sizes=(6, 3))
    assert least(asked) == by_corners(asked)


def test_empty_polytopes_are_among_those_drawn() -> None:
    """And degenerate ones, and quotients that have no value, each more than a few times."""
    asked = [drawn(seed, sizes=(6, 3)) for seed in range(60)]
    values = [least(one) for one in asked]
    assert 5 < values.count(None) < 30
    assert len(set(values)) > 20
    corners = [vertices(one.cuts, [Fraction(0)] * len(one.cuts)) for one in asked if one.cuts]
    assert sum(any(sum(map(bool, point)) <= 1 for point in found or ()) for found in corners) > 5
    assert sum(found == () for found in corners) > 5


@settings(max_examples=12)
@given(SEEDS)
def test_proofs_and_laws_meet(seed: int) -> None:
    """Where corners are too many to list, the dual and the primal programme have one value (no gap)."""
    asked = drawn(seed, sizes=(24, 6))
    assert least(asked) == by_primal(asked)


@pytest.mark.parametrize(
    ("cuts", "value"), [((), 0), ((0,), Fraction(1, 2)), ((0, 1), Fraction(3, 4)), ((0, 1, 2), None)]
)
def test_each_cut_proves_more(cuts: tuple[int, ...], value: Fraction | int | None) -> None:
    """Half of the units are of the first two types, a quarter of the first, and in the end none fits."""
    half, quarter = Fraction(1, 2), Fraction(1, 4)
    every = [[half, half, -half, -half], [1 - quarter, -quarter, -quarter, -quarter], [Fraction(1)] * 4]
    asked = Quotient([every[at] for at in cuts], [Fraction(a) for a in (0, 1, 1, 1)], [Fraction(1)] * 4)
    found = least(asked)
    assert found == value
    assert found == by_corners(asked)


def test_what_is_given_may_never_happen() -> None:
    """A quotient by nothing has no value: by no type, or by one that the cuts exclude."""
    one, none = Fraction(1), Fraction(0)
    assert least(Quotient([], [none] * 2, [none] * 2)) is None
    assert least(Quotient([[one, none]], [one, none], [one, none])) is None
    assert least(Quotient([[none, one]], [one, none], [one, none])) == 1


def test_no_circles() -> None:
    """Beale's example, on which the largest coefficient as the rule goes round for ever, among proofs: 1/20.

    The multiples are its four variables: what is left in three types limits them, in four it is themselves, and in the
    last one it is their gain less the bound.
    """
    limits = [
        [Fraction(1, 4), Fraction(-60), Fraction(-1, 25), Fraction(9)],
        [Fraction(1, 2), Fraction(-90), Fraction(-1, 50), Fraction(3)],
        [Fraction(0), Fraction(0), Fraction(1), Fraction(0)],
    ]
    gains = [Fraction(3, 4), Fraction(-150), Fraction(1, 50), Fraction(-6)]
    signs = [[Fraction(-(one == other)) for other in range(4)] for one in range(4)]
    columns = [*limits, *signs, [-gain for gain in gains]]
    cuts = [list(cut) for cut in zip(*columns, strict=True)]
    numerator = [Fraction(0), Fraction(0), Fraction(1), *[Fraction(0)] * 5]
    denominator = [Fraction(0)] * 7 + [Fraction(1)]
    assert least(Quotient(cuts, numerator, denominator)) == Fraction(1, 20)


def test_much_work_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the numbers that exchanges go through, before they do."""
    monkeypatch.setattr("causal_eval.causal.second.dual.MOST_WORK", 10)
    with pytest.raises(TooLarge, match="over 10 numbers in a linear programme"):
        least(drawn(3, sizes=(24, 6)))
