"""Random functional models of a graph: what every node does in every world, for formulas about several worlds.

Every node has noise of its own and a two-valued common cause for each of its bidirected edges, and responds to its
parents and these by a table drawn at random; each of its values stands in every row, so that every intervention has a
positive law.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from causal_eval.causal.crossworld import Term
from causal_eval.causal.formula.value import Laws
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.query import Assignment
from causal_eval.errors import TooLarge
from causal_eval.seeds import Stream

LARGEST_GRID = 1 << 19
"""States of the noise that are gone through."""
_Column: TypeAlias = NDArray[Any]


class Responses(Laws):
    """One random model of the nodes *within* of a graph without latent nodes."""

    def __init__(self, g: Graph, within: int, *, sizes: Sequence[int], stream: Stream) -> None:
        super().__init__({})
        self._order = [node for node in g.topological() if within >> node & 1]
        self._sizes = sizes
        edges = [edge for edge in g.bidirected_edges() if all(within >> end & 1 for end in edge)]
        shape = [sizes[node] + 2 for node in self._order] + [2] * len(edges)
        if math.prod(shape) > LARGEST_GRID:
            raise TooLarge(f"counterfactual formulas are tried on at most {LARGEST_GRID:,} states of the noise")
        axes = np.indices(shape).reshape(len(shape), -1)
        self._weights = np.ones(axes.shape[1], dtype=np.object_)
        for axis, size in enumerate(shape):
            self._weights = (
                self._weights * np.array([stream.between(1, 63) for _ in range(size)], dtype=np.object_)[axes[axis]]
            )
        self._whole = int(self._weights.sum())
        self._noise: dict[int, list[_Column]] = {}
        self._table: dict[int, _Column] = {}
        self._causes = {node: [cause for cause in bits(g.parents[node]) if within >> cause & 1] for node in self._order}
        for place, node in enumerate(self._order):
            shared = [axes[len(self._order) + at] for at, edge in enumerate(edges) if node in edge]
            self._noise[node] = [*shared, axes[place]]
            rows = math.prod(sizes[cause] for cause in self._causes[node]) << len(shared)
            table = [[*range(sizes[node]), *[stream.below(sizes[node]) for _ in range(2)]] for _ in range(rows)]
            for row in table:
                stream.shuffle(row)
            self._table[node] = np.array(table).ravel()
        self._worlds: dict[Assignment, Mapping[int, _Column]] = {}

    def size(self, node: int) -> int:
        """How many values *node* has."""
        return self._sizes[node]

    def marginal(self, domain: str, nodes: tuple[int, ...], *, do: Assignment) -> Mapping[tuple[int, ...], Fraction]:
        """P(nodes | do); there is one domain."""
        if domain:
            return super().marginal(domain, nodes, do=do)
        world = self._world(do)
        found: dict[tuple[int, ...], Fraction] = {}
        code = np.zeros(len(self._weights), dtype=np.intp)
        for node in nodes:
            code = code * self._sizes[node] + world[node]
        for one in np.unique(code):
            key, rest = [], int(one)
            for node in reversed(nodes):
                rest, value = divmod(rest, self._sizes[node])
                key.append(value)
            found[tuple(reversed(key))] = Fraction(int(self._weights[code == one].sum()), self._whole)
        return found

    def joint(self, terms: Sequence[Term]) -> Fraction:
        """The probability that all of *terms* hold at once."""
        holds = np.ones(len(self._weights), dtype=np.bool_)
        for term in terms:
            holds &= self._world(term.do)[term.node] == term.value
        return Fraction(int(self._weights[holds].sum()), self._whole) if holds.any() else Fraction(0)

    def _world(self, do: Assignment) -> Mapping[int, _Column]:
        if do not in self._worlds:
            forced, found = dict(do), dict[int, _Column]()
            for node in self._order:
                if node in forced:
                    found[node] = np.full(len(self._weights), forced[node])
                    continue
                index = np.zeros(len(self._weights), dtype=np.intp)
                for cause in self._causes[node]:
                    index = index * self._sizes[cause] + found[cause]
                for column in self._noise[node][:-1]:
                    index = index * 2 + column
                found[node] = self._table[node][index * (self._sizes[node] + 2) + self._noise[node][-1]]
            self._worlds[do] = found
        return self._worlds[do]
