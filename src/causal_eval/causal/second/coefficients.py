"""Identified coefficients by Groebner bases: no other value on the fibre of a random system (Buchberger 1965).

The coefficient has its true value c all over the fibre iff the equations of the fibre and t (coefficient - c) = 1 have
no solution, that is, iff their ideal holds 1 (Hilbert's Nullstellensatz, Rabinowitsch's trick).
"""

from __future__ import annotations

import hashlib
import itertools
from fractions import Fraction
from typing import TypeAlias

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.reach import causal_order, members
from causal_eval.errors import TooLarge

PRIME = 2**61 - 1
MOST_EDGES = 10
MOST_STEPS = 20_000

Edge: TypeAlias = tuple[int, int]
Monomial: TypeAlias = tuple[int, ...]
"""The exponent of every unknown."""
Poly: TypeAlias = dict[Monomial, int]


def has_one_value(g: Graph, edge: Edge) -> bool:
    """Whether the coefficient of *edge* is the same in all systems with the covariances of a random one.

    Raises:
        TooLarge: more than 10 edges, or the basis does not come to an end.
    """
    edges = [(cause, node) for node in range(g.n) for cause in members(g.parents[node])]
    if len(edges) > MOST_EDGES:
        raise TooLarge(f"{len(edges)} edges: the second solver takes at most {MOST_EDGES}")
    values = {one: _some(f"slope {one}") for one in edges}
    ideal = list(_fibre(g, edges, cov=_covariances(g, values)))
    place = edges.index(edge)
    width = len(edges) + 1
    apart = {
        _power(width, place, len(edges)): 1,
        _power(width, len(edges)): PRIME - values[edge],
        _power(width): PRIME - 1,
    }
    return _holds_one([*ideal, apart])


def covariances(g: Graph, slopes: dict[Edge, Fraction], *, errors: list[list[Fraction]]) -> list[list[Fraction]]:
    """The covariances of the variables, every pair by the total effects of all errors on both."""
    effect = [[Fraction(one == other) for other in range(g.n)] for one in range(g.n)]
    for node in causal_order(g):
        for cause in members(g.parents[node]):
            c = slopes[cause, node]
            effect[node] = [a + c * b for a, b in zip(effect[node], effect[cause], strict=True)]
    pairs = list(itertools.product(range(g.n), repeat=2))
    return [
        [sum((effect[a][i] * errors[i][j] * effect[b][j] for i, j in pairs), Fraction(0)) for b in range(g.n)]
        for a in range(g.n)
    ]


def _some(name: str) -> int:
    return 1 + int.from_bytes(hashlib.sha256(name.encode()).digest(), "big") % (PRIME - 1)


def _covariances(g: Graph, values: dict[Edge, int]) -> list[list[int]]:
    """Covariances by causal order: of a node with earlier ones from its causes, its error following treks."""
    order = causal_order(g)
    effect = [[int(one == other) for other in range(g.n)] for one in range(g.n)]
    for node in order:
        for cause in members(g.parents[node]):
            for source in range(g.n):
                effect[node][source] = (effect[node][source] + values[cause, node] * effect[cause][source]) % PRIME
    error = [
        [_some(f"error {min(i, j)} {max(i, j)}") if i == j or g.bidirected[i] >> j & 1 else 0 for j in range(g.n)]
        for i in range(g.n)
    ]
    both = range(g.n)
    return [
        [sum(effect[a][i] * error[i][j] * effect[b][j] for i in both for j in both) % PRIME for b in both] for a in both
    ]


def _fibre(g: Graph, edges: list[Edge], *, cov: list[list[int]]) -> list[Poly]:
    """For every pair without a bidirected edge: their errors are uncorrelated."""
    width = len(edges) + 1
    found = []
    for one, other in itertools.combinations(range(g.n), 2):
        if g.bidirected[one] >> other & 1:
            continue
        poly: Poly = {}
        left = [(one, None), *((cause, edges.index((cause, one))) for cause in members(g.parents[one]))]
        right = [(other, None), *((cause, edges.index((cause, other))) for cause in members(g.parents[other]))]
        for (a, x), (b, y) in itertools.product(left, right):
            unknowns = [place for place in (x, y) if place is not None]
            monomial = _power(width, *unknowns)
            poly[monomial] = (poly.get(monomial, 0) + (-1) ** len(unknowns) * cov[a][b]) % PRIME
        found.append({monomial: value for monomial, value in poly.items() if value})
    return [poly for poly in found if poly]


def _power(width: int, *unknowns: int) -> Monomial:
    return tuple(unknowns.count(place) for place in range(width))


def _rank(monomial: Monomial) -> tuple[int, Monomial]:
    """Graded reverse lexicographic order."""
    return sum(monomial), tuple(-power for power in reversed(monomial))


def _lead(poly: Poly) -> Monomial:
    return max(poly, key=_rank)


def _divides(one: Monomial, other: Monomial) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))


def _holds_one(generators: list[Poly]) -> bool:
    """Whether 1 is in the ideal: Buchberger's algorithm, pairs of low degree first."""
    basis: list[tuple[Monomial, Poly]] = []
    pairs: list[tuple[tuple[int, Monomial], int, int]] = []
    waiting = sorted((_monic(poly) for poly in generators), key=lambda poly: _rank(_lead(poly)), reverse=True)
    for _ in range(MOST_STEPS):
        if waiting:
            rest = _remainder(waiting.pop(), basis)
        elif pairs:
            pairs.sort(reverse=True)
            _, one, other = pairs.pop()
            rest = _remainder(_spoly(basis[one], basis[other]), basis)
        else:
            return False
        if not rest:
            continue
        lead = _lead(rest)
        if not any(lead):
            return True
        pairs += _new_pairs(basis, lead, pairs=pairs)
        basis.append((lead, _monic(rest)))
    raise TooLarge(f"no basis after {MOST_STEPS} steps")


def _new_pairs(
    basis: list[tuple[Monomial, Poly]], lead: Monomial, *, pairs: list[tuple[tuple[int, Monomial], int, int]]
) -> list[tuple[tuple[int, Monomial], int, int]]:
    """Pairs with the new leading monomial that Buchberger's two criteria leave; old ones that they drop are removed."""
    new = len(basis)
    joint = [_lcm(other, lead) for other, _ in basis]
    pairs[:] = [
        (rank, a, b)
        for rank, a, b in pairs
        if not _divides(lead, _lcm(basis[a][0], basis[b][0])) or _lcm(basis[a][0], basis[b][0]) in (joint[a], joint[b])
    ]
    kept: list[int] = []
    for a in sorted(range(new), key=lambda place: _rank(joint[place])):
        if not any(_divides(joint[b], joint[a]) for b in kept):
            kept.append(a)
    return [(_rank(joint[a]), a, new) for a in kept if _shares(basis[a][0], lead)]


def _shares(one: Monomial, other: Monomial) -> bool:
    return any(a and b for a, b in zip(one, other, strict=True))


def _lcm(one: Monomial, other: Monomial) -> Monomial:
    return tuple(max(a, b) for a, b in zip(one, other, strict=True))


def _monic(poly: Poly) -> Poly:
    scale = pow(poly[_lead(poly)], -1, PRIME)
    return {monomial: value * scale % PRIME for monomial, value in poly.items()}


def _spoly(one: tuple[Monomial, Poly], other: tuple[Monomial, Poly]) -> Poly:
    joint = _lcm(one[0], other[0])
    whole = _times(one[1], joint, lead=one[0])
    _subtract(whole, _times(other[1], joint, lead=other[0]), factor=1)
    return whole


def _times(poly: Poly, joint: Monomial, *, lead: Monomial) -> Poly:
    """*poly* times what lifts *lead* to *joint*."""
    shift = tuple(a - b for a, b in zip(joint, lead, strict=True))
    return {tuple(a + b for a, b in zip(monomial, shift, strict=True)): value for monomial, value in poly.items()}


def _subtract(whole: Poly, part: Poly, *, factor: int) -> None:
    for monomial, value in part.items():
        left = (whole.get(monomial, 0) - factor * value) % PRIME
        if left:
            whole[monomial] = left
        else:
            whole.pop(monomial, None)


def _remainder(poly: Poly, basis: list[tuple[Monomial, Poly]]) -> Poly:
    """What division of the leading monomials by *basis* leaves."""
    poly = dict(poly)
    while poly:
        lead = _lead(poly)
        divisor = next((one for one in basis if _divides(one[0], lead)), None)
        if divisor is None:
            return poly
        _subtract(poly, _times(divisor[1], lead, lead=divisor[0]), factor=poly[lead])
    return poly
