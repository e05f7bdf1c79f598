"""Variable elimination in integers: factors as sparse tables, the cheapest variable first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Factor:
    """A function of some variables: their values in ascending order of the variables -> a weight; zero if absent."""

    scope: tuple[int, ...]
    weights: Mapping[tuple[int, ...], int]
    denominator: int = 1


def partition(factors: Sequence[Factor]) -> Fraction:
    """The sum, over all values of all variables, of the product of *factors*."""
    left = list(factors)
    whole = Fraction(1)
    while left:
        degree: dict[int, set[int]] = {}
        for factor in left:
            for variable in factor.scope:
                degree.setdefault(variable, set()).update(factor.scope)
        if not degree:
            break
        variable = min(degree, key=lambda one: (len(degree[one]), one))
        touched = [factor for factor in left if variable in factor.scope]
        left = [factor for factor in left if variable not in factor.scope]
        left.append(_sum_out(touched, variable))
    for factor in left:
        whole *= Fraction(factor.weights.get((), 0), factor.denominator)
    return whole


def _sum_out(touched: Sequence[Factor], variable: int) -> Factor:
    joined = touched[0]
    for factor in touched[1:]:
        joined = _multiply(joined, factor)
    place = joined.scope.index(variable)
    summed: dict[tuple[int, ...], int] = {}
    for values, weight in joined.weights.items():
        rest = values[:place] + values[place + 1 :]
        summed[rest] = summed.get(rest, 0) + weight
    return Factor(joined.scope[:place] + joined.scope[place + 1 :], summed, joined.denominator)


def _multiply(one: Factor, other: Factor) -> Factor:
    """The product: rows of *other* are found by the values of the shared variables."""
    shared = [variable for variable in other.scope if variable in one.scope]
    scope = tuple(sorted({*one.scope, *other.scope}))
    key_one = [one.scope.index(variable) for variable in shared]
    key_other = [other.scope.index(variable) for variable in shared]
    both = one.scope + other.scope
    source = [both.index(variable) for variable in scope]
    rows: dict[tuple[int, ...], list[tuple[tuple[int, ...], int]]] = {}
    for values, weight in other.weights.items():
        rows.setdefault(tuple([values[place] for place in key_other]), []).append((values, weight))
    product: dict[tuple[int, ...], int] = {}
    for values, weight in one.weights.items():
        for more, factor in rows.get(tuple([values[place] for place in key_one]), ()):
            joined = values + more
            product[tuple([joined[place] for place in source])] = weight * factor
    return Factor(scope, product, one.denominator * other.denominator)
