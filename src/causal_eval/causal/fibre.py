"""A certificate that a linear coefficient is not identified: two systems with the same covariances, and two values.

From a random system, the coefficient is given another value and the equations of the fibre, ((I-L)'S(I-L))_ij = 0 for
all i, j without a bidirected edge, are solved for the others: linear ones first, and where nothing is determined a
coefficient keeps its value. (I-L)'S(I-L) of the solution are covariances of errors again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from causal_eval.causal.graph import Graph, bits
from causal_eval.seeds import Stream

Edge: TypeAlias = tuple[int, int]
Equation: TypeAlias = tuple[dict[Edge, Fraction], Fraction]
"""Factors of unknown coefficients, and what their sum has to be."""

TRIES = 6


class System(NamedTuple):
    """A linear system."""

    slopes: Mapping[Edge, Fraction]
    errors: list[list[Fraction]]
    """Covariances of the errors."""


def second_system(g: Graph, edge: Edge, *, stream: Stream) -> tuple[System, System] | None:
    """Two systems on *g* that differ in the coefficient of *edge*, not in covariances; None where none was found."""
    for _ in range(TRIES):
        one = _random(g, stream)
        fibre = _Fibre(g, one, _pulled(g, one.slopes, errors=one.errors))
        step = stream.choice([1, -1, 2])
        solved = fibre.solved({edge: one.slopes[edge] + step}, order=stream.shuffled(list(one.slopes)))
        if solved is not None:
            return one, System(solved, fibre.errors(solved))
    return None


def _random(g: Graph, stream: Stream) -> System:
    """Small integers; the errors' covariances are dominated by the variances."""
    slopes = {edge: Fraction(stream.choice([-5, -4, -3, -2, 2, 3, 4, 5])) for edge in g.edges()}
    errors = [[Fraction(0)] * g.n for _ in range(g.n)]
    for one, other in g.bidirected_edges():
        errors[one][other] = errors[other][one] = Fraction(stream.choice([-3, -2, 2, 3]))
    for node in range(g.n):
        errors[node][node] = Fraction(3 * g.bidirected[node].bit_count() + stream.between(1, 7))
    return System(slopes, errors)


def _pulled(g: Graph, slopes: Mapping[Edge, Fraction], *, errors: list[list[Fraction]]) -> list[list[Fraction]]:
    """The covariances of the variables: (I-L)^-T O (I-L)^-1."""
    whole = [list(row) for row in errors]
    for _ in range(2):
        for node in g.topological():
            for cause in bits(g.parents[node]):
                c = slopes[cause, node]
                whole[node] = [v + c * w for v, w in zip(whole[node], whole[cause], strict=True)]
        whole = [list(column) for column in zip(*whole, strict=True)]
    return whole


@dataclass
class _Fibre:
    g: Graph
    one: System
    cov: list[list[Fraction]]

    def solved(self, known: dict[Edge, Fraction], *, order: list[Edge]) -> dict[Edge, Fraction] | None:
        """*known* and values of all other coefficients that satisfy the equations; None where none were found."""
        known = dict(known)
        while True:
            found = self._linear(known)
            if found is None:
                return None
            known |= found
            left = [edge for edge in order if edge not in known]
            if not left:
                return known if all(not self._left(pair, known) for pair in self._missing()) else None
            if not found:
                known[left[0]] = self.one.slopes[left[0]]

    def errors(self, slopes: Mapping[Edge, Fraction]) -> list[list[Fraction]]:
        """(I-L)'S(I-L)."""
        return [[self._left((i, j), slopes) for j in range(self.g.n)] for i in range(self.g.n)]

    def _missing(self) -> Iterator[Edge]:
        for one in range(self.g.n):
            yield from ((one, other) for other in range(one) if not self.g.bidirected[one] >> other & 1)

    def _left(self, pair: Edge, slopes: Mapping[Edge, Fraction]) -> Fraction:
        """The covariance of the errors of *pair* under *slopes*."""
        sides = [self._residual(node, slopes)[0] for node in pair]
        return sum((a * b * self.cov[i][j] for i, a in sides[0].items() for j, b in sides[1].items()), Fraction(0))

    def _residual(self, node: int, known: Mapping[Edge, Fraction]) -> tuple[dict[int, Fraction], list[Edge]]:
        """*node* less its causes as far as they are *known*, and the edges that are not."""
        edges = [(cause, node) for cause in bits(self.g.parents[node])]
        sure = {node: Fraction(1)} | {edge[0]: -known[edge] for edge in edges if edge in known}
        return sure, [edge for edge in edges if edge not in known]

    def _linear(self, known: Mapping[Edge, Fraction]) -> dict[Edge, Fraction] | None:
        """What the equations without products of unknown coefficients determine; None where they contradict."""
        rows: list[Equation] = []
        for one, other in self._missing():
            (left, open_left), (right, open_right) = self._residual(one, known), self._residual(other, known)
            if open_left and open_right:
                continue
            sure, unknown = (left, open_right) if open_right else (right, open_left)
            factors = {edge: self._against(sure, edge[0]) for edge in unknown}
            rows.append((factors, self._left((one, other), known)))
        return _determined(rows)

    def _against(self, sure: Mapping[int, Fraction], cause: int) -> Fraction:
        return sum((a * self.cov[i][cause] for i, a in sure.items()), Fraction(0))


def _determined(rows: list[Equation]) -> dict[Edge, Fraction] | None:
    """The unknowns that linear equations determine, by Gauss and Jordan; None where they have no solution."""
    done: list[tuple[Edge, dict[Edge, Fraction], Fraction]] = []
    for equation in rows:
        factors, total = equation
        for pivot, row, value in done:
            factors, total = _less(factors, total, pivot=pivot, row=row, value=value)
        first = next((edge for edge, factor in factors.items() if factor), None)
        if first is None:
            if total:
                return None
            continue
        row = {edge: factor / factors[first] for edge, factor in factors.items() if factor}
        done = [(p, *_less(f, t, pivot=first, row=row, value=total / factors[first])) for p, f, t in done]
        done.append((first, row, total / factors[first]))
    return {pivot: value for pivot, row, value in done if not any(row[edge] for edge in row if edge != pivot)}


def _less(
    factors: dict[Edge, Fraction], total: Fraction, *, pivot: Edge, row: dict[Edge, Fraction], value: Fraction
) -> tuple[dict[Edge, Fraction], Fraction]:
    """The equation without *pivot*."""
    times = factors.get(pivot, Fraction(0))
    if not times:
        return factors, total
    edges = {*factors, *row}
    zero = Fraction(0)
    return {edge: factors.get(edge, zero) - times * row.get(edge, zero) for edge in edges}, total - times * value
