"""Which coefficients of a linear system with correlated errors its covariances determine.

X = L'X + e with covariances S of X and O of e (O is zero where no bidirected edge is): S = (I-L)^-T O (I-L)^-1. A
coefficient is identified iff it has one value on the fibre {L : ((I-L)'S(I-L))_ij = 0 for all i, j without a
bidirected edge} of a generic S (rational identifiability). At one random point of a large prime field,

1. equations cov(y*, e_v) = 0 that are linear in the coefficients of v are solved as long as new ones appear, where y*
   is y less what is known to come from its parents: the half-trek criterion (Foygel, Draisma and Drton 2012, theorem
   1), edge by edge (Weihs et al. 2018) and with auxiliary variables (Chen, Kumor and Bareinboim 2017);
2. what the Jacobian of the fibre leaves free has infinitely many values (ibid., section 8);
3. for the rest the polynomial of the coefficient alone is sought among the combinations of the equations up to a
   degree: one value iff it is linear. Cycles of missing edges (van der Zander et al. 2022, "Identification in
   tree-shaped linear structural causal models") end here.

A random point errs with a probability below 2^-20.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from causal_eval.causal.graph import Graph, bits, closure
from causal_eval.causal.macaulay import PRIME, Polynomial, degree_of, unit_rows
from causal_eval.errors import MalformedCase
from causal_eval.seeds import Stream

Edge: TypeAlias = tuple[int, int]
"""(cause, effect)."""


def without_latent_roots(g: Graph) -> Graph:
    """The graph of correlated errors: the children of a latent root are joined by bidirected edges.

    Raises:
        MalformedCase: a latent node has a cause or a bidirected edge.
    """
    siblings = list(g.bidirected)
    for node in bits(g.latent):
        if g.parents[node] or g.bidirected[node]:
            raise MalformedCase("graph: a latent node with causes of its own is no error; project it out first")
        for child in bits(g.children[node]):
            siblings[child] |= g.children[node] & ~(1 << child)
    return Graph(g.n, tuple([mask & ~g.latent for mask in g.parents]), tuple(siblings))


def identified(g: Graph, edges: Iterable[Edge], *, stream: Stream) -> frozenset[Edge]:
    """Those of the *edges* of *g*, a graph without latent nodes, whose coefficients are identified.

    Raises:
        TooLarge: neither linear equations nor ranks decide, and too many coefficients are left to eliminate.
    """
    point = _Point(g, stream)
    point.propagate()
    asked = set(edges) & set(point.slope)
    left = asked & set(point.finite()) - point.known
    return frozenset(edge for edge in asked if edge in point.known or (edge in left and point.has_one_value(edge)))


@dataclass
class _Point:
    """A random system on the graph, and the coefficients that are found to be known."""

    g: Graph
    stream: Stream
    known: set[Edge] = field(default_factory=set)

    def __post_init__(self) -> None:
        n, g = self.g.n, self.g
        draw = self.stream.below
        self.slope = {edge: 1 + draw(PRIME - 1) for edge in g.edges()}
        errors = [[0] * n for _ in range(n)]
        for one in range(n):
            for other in [one, *bits(g.bidirected[one] >> one << one)]:
                errors[one][other] = errors[other][one] = 1 + draw(PRIME - 1)
        self.with_error = self._pulled(errors)  # cov(k, e_j)
        columns = self._pulled([list(row) for row in zip(*self.with_error, strict=True)])
        self.cov = [list(row) for row in zip(*columns, strict=True)]

    def _pulled(self, rows: Sequence[list[int]]) -> list[list[int]]:
        """Every row plus those of its causes, times their slopes: (I-L)^-T times *rows*."""
        done = [list(row) for row in rows]
        for node in self.g.topological():
            for cause in bits(self.g.parents[node]):
                c = self.slope[cause, node]
                done[node] = [(v + c * w) % PRIME for v, w in zip(done[node], done[cause], strict=True)]
        return done

    def propagate(self) -> None:
        """Solve linear equations until nothing new is known."""
        before = -1
        while before < len(self.known):
            before = len(self.known)
            for node in self.g.topological():
                self._solve(node)

    def _solve(self, v: int) -> None:
        left = [cause for cause in bits(self.g.parents[v]) if (cause, v) not in self.known]
        reached = self._half_treks(v)
        rows = [self._equation(y, left) for y in range(self.g.n) if self._is_free(y, v=v, reached=reached)]
        for place in unit_rows(rows, len(left)):
            self.known.add((left[place], v))

    def _half_treks(self, v: int) -> int:
        """The nodes to which a half-trek leads from *v*, itself included."""
        return closure(self.g.children, 1 << v | self.g.bidirected[v])

    def _is_free(self, y: int, *, v: int, reached: int) -> bool:
        """Whether y* is uncorrelated with the error of *v*."""
        unknown = [cause for cause in bits(self.g.parents[y]) if (cause, y) not in self.known]
        if y == v or self.g.bidirected[v] >> y & 1:
            return False
        return not any(reached >> cause & 1 for cause in unknown)

    def _equation(self, y: int, left: Sequence[int]) -> list[int]:
        """The covariances of y* with the causes in *left*."""
        star = list(self.cov[y])
        for cause in bits(self.g.parents[y]):
            if (cause, y) in self.known:
                c = self.slope[cause, y]
                star = [(v - c * w) % PRIME for v, w in zip(star, self.cov[cause], strict=True)]
        return [star[cause] for cause in left]

    def finite(self) -> list[Edge]:
        """The edges whose coefficient the Jacobian of the fibre determines."""
        edges = list(self.slope)
        place = {edge: number for number, edge in enumerate(edges)}
        rows = []
        for one, other in self._missing():
            row = [0] * len(edges)
            for here, there in ((one, other), (other, one)):
                for cause in bits(self.g.parents[here]):
                    row[place[cause, here]] = self.with_error[cause][there]
            rows.append(row)
        return [edges[number] for number in unit_rows(rows, len(edges))]

    def _missing(self) -> Iterator[Edge]:
        """The pairs without a bidirected edge."""
        for one in range(self.g.n):
            for other in range(one + 1, self.g.n):
                if not self.g.bidirected[one] >> other & 1:
                    yield one, other

    def _unknown(self) -> list[Edge]:
        """The edges whose coefficients linear equations do not give."""
        return [edge for edge in self.slope if edge not in self.known]

    def has_one_value(self, edge: Edge) -> bool:
        """Whether the fibre has one value of *edge*, of which it has finitely many.

        Raises:
            TooLarge: too many coefficients hang together with it.
        """
        return degree_of(*self._fibre(edge)) == 1

    def _fibre(self, edge: Edge) -> tuple[list[Polynomial], int]:
        """The equations among unknown coefficients that hang together with *edge*, and its number there."""
        place = {one: number for number, one in enumerate(self._unknown())}
        rows = [row for one, other in self._missing() if (row := self._product(one, other, place=place))]
        seen, size = {place[edge]}, 0
        while size < len(seen):
            size = len(seen)
            for within in ({number for monomial in row for number in monomial} for row in rows):
                seen |= within if within & seen else set()
        return [row for row in rows if any(seen & set(monomial) for monomial in row)], place[edge]

    def _product(self, one: int, other: int, *, place: dict[Edge, int]) -> Polynomial:
        """((I-L)'S(I-L)) at *one*, *other* as a polynomial in the unknown coefficients."""
        whole: Polynomial = {}
        pairs = itertools.product(self._residual(one, place), self._residual(other, place))
        for (left, here, v), (right, there, w) in pairs:
            monomial = tuple(sorted((*here, *there)))
            whole[monomial] = (whole.get(monomial, 0) + v * w * self.cov[left][right]) % PRIME
        return {monomial: value for monomial, value in whole.items() if value}

    def _residual(self, node: int, place: dict[Edge, int]) -> Iterator[tuple[int, tuple[int, ...], int]]:
        """What *node* is less its causes: variables, each with a monomial and a factor."""
        yield node, (), 1
        for cause in bits(self.g.parents[node]):
            edge = (cause, node)
            if edge in place:
                yield cause, (place[edge],), PRIME - 1
            else:
                yield cause, (), PRIME - self.slope[edge]
