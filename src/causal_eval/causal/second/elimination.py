"""Variable elimination in integers: factors as sparse tables, the variable with the fewest neighbours first.

Variable *v* has byte *v* of a key, so a key is the sum of ``value << 8 * v`` and a scope is a mask of whole bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

BITS = 8
FIELD = (1 << BITS) - 1
MOST_VALUES = 1 << BITS


class Factor(NamedTuple):
    """A function of the variables in *scope*: packed values -> a weight over the denominator; zero if absent."""

    scope: int
    weights: Mapping[int, int]
    denominator: int = 1


def field(variable: int) -> int:
    """The byte of *variable* in a key."""
    return FIELD << BITS * variable


def partition(factors: Sequence[Factor]) -> Fraction:
    """The sum, over all values of all variables, of the product of *factors*."""
    left = [(factor.scope, factor.weights) for factor in factors]
    while True:
        everything = 0
        for scope, _ in left:
            everything |= scope
        if not everything:
            break
        _eliminate(left, _cheapest(left, everything))
    numerator = denominator = 1
    for _, weights in left:
        numerator *= weights.get(0, 0)
    for factor in factors:
        denominator *= factor.denominator
    return Fraction(numerator, denominator)


def _cheapest(left: Sequence[tuple[int, Mapping[int, int]]], everything: int) -> int:
    """The byte of the variable whose elimination makes the smallest factor."""
    best, cost = 0, -1
    while everything:
        low = everything & -everything
        byte = low * FIELD
        everything &= ~byte
        together = 0
        for scope, _ in left:
            if scope & low:
                together |= scope
        if cost < 0 or together.bit_count() < cost:
            best, cost = byte, together.bit_count()
    return best


def _eliminate(left: list[tuple[int, Mapping[int, int]]], byte: int) -> None:
    """Replace the factors that hold the variable of *byte* by the sum of their product over its values."""
    touched = [pair for pair in left if pair[0] & byte]
    left[:] = [pair for pair in left if not pair[0] & byte]
    scope, weights = touched[0]
    for other_scope, other in touched[1:]:
        weights = _multiply(weights, other, shared=scope & other_scope)
        scope |= other_scope
    summed: dict[int, int] = {}
    for key, weight in weights.items():
        rest = key & ~byte
        summed[rest] = summed.get(rest, 0) + weight
    left.append((scope & ~byte, summed))


def _multiply(one: Mapping[int, int], other: Mapping[int, int], *, shared: int) -> dict[int, int]:
    """The product: rows of *other* are found by the bytes they share."""
    rows: dict[int, list[tuple[int, int]]] = {}
    for key, weight in other.items():
        rows.setdefault(key & shared, []).append((key, weight))
    nothing: list[tuple[int, int]] = []
    return {
        key | more: weight * factor for key, weight in one.items() for more, factor in rows.get(key & shared, nothing)
    }
