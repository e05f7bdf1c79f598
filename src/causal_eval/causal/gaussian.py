"""Linear systems: means and counterfactuals, exactly.

V = B V + U, so that V = A U with A = (I - B)^-1. Seeing E = e moves the mean of the noise to
m + D A_e' (A_e D A_e')^-1 (e - A_e m), with D the variances of U: the conditional mean where noise is normal, and
without any such assumption where what is seen fixes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from causal_eval.causal.graph import bits
from causal_eval.causal.scm import Linear, Scm
from causal_eval.errors import MalformedCase

Row = list[Fraction]


def linear_nodes(scm: Scm) -> list[Linear]:
    """The mechanisms of a linear system.

    Raises:
        MalformedCase: one of them is not linear.
    """
    found = []
    for node, mechanism in enumerate(scm.mechanisms):
        if not isinstance(mechanism, Linear):
            raise MalformedCase(f"node {node} is not linear; mixed systems are not solved")
        found.append(mechanism)
    return found


def responses(scm: Scm, do: Mapping[int, Fraction]) -> list[Row]:
    """Every node as a combination of the noise of all nodes, and a constant at the end, after *do*."""
    n, mechanisms = scm.graph.n, linear_nodes(scm)
    found: list[Row] = [[] for _ in range(n)]
    for node in scm.graph.topological():
        row = [Fraction(0)] * (n + 1)
        if node in do:
            row[n] = do[node]
        else:
            row[node] = Fraction(1)
            for cause, c in zip(bits(scm.graph.parents[node]), mechanisms[node].coefficients, strict=True):
                row = [a + c * b for a, b in zip(row, found[cause], strict=True)]
        found[node] = row
    return found


def mean_of(scm: Scm, y: int, *, do: Mapping[int, Fraction], seen: Mapping[int, Fraction]) -> Fraction:
    """E[Y had *do* been done, given what was *seen*].

    Raises:
        MalformedCase: what was seen cannot be, or a node is not linear.
    """
    mechanisms, n = linear_nodes(scm), scm.graph.n
    noise = [mechanism.mean for mechanism in mechanisms]
    plain, nodes = responses(scm, {}), sorted(seen)
    rows = [plain[node][:n] for node in nodes]
    weighted = [[a * mechanisms[at].variance for at, a in enumerate(row)] for row in rows]
    gaps = [seen[node] - _dot(row, noise) for node, row in zip(nodes, rows, strict=True)]
    shares = solved([[_dot(one, row) for row in rows] for one in weighted], gaps)
    if shares is None:
        raise MalformedCase("query: evidence: no noise gives these values; something contradicts an equation")
    for share, row in zip(shares, weighted, strict=True):
        noise = [mean + share * a for mean, a in zip(noise, row, strict=True)]
    after = responses(scm, do)[y]
    return _dot(after[:n], noise) + after[n]


def solved(matrix: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> Row | None:
    """One solution of a system of equations by Gauss and Jordan; None: there is none."""
    rows = [[*row, b] for row, b in zip(matrix, right, strict=True)]
    size, place = len(rows), 0
    pivots: list[int] = []
    for column in range(size):
        at = next((row for row in range(place, size) if rows[row][column]), None)
        if at is None:
            continue
        rows[place], rows[at] = rows[at], rows[place]
        pivot = rows[place] = [entry / rows[place][column] for entry in rows[place]]
        rows = [
            row if which == place else [a - row[column] * b for a, b in zip(row, pivot, strict=True)]
            for which, row in enumerate(rows)
        ]
        pivots.append(column)
        place += 1
    if any(row[-1] for row in rows[place:]):
        return None
    found = [Fraction(0)] * size
    for row, column in enumerate(pivots):
        found[column] = rows[row][-1]
    return found


def _dot(one: Sequence[Fraction], other: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(one, other, strict=True) if a and b), Fraction(0))
