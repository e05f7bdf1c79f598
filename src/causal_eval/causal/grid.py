"""The exogenous grid: every combination of noise states with its integer weight, and one primitive, ``solve(do)``.

A world is what the system does under an intervention for *every* state of the noise, one column per node. Worlds of one
grid share the noise cell by cell, so any question about several worlds is a mask over the cells and a sum of weights:
abduction keeps the joint law of the noise by construction.

The grid has an axis for every noise, and a column is as long as its node needs: along the noise that cannot reach the
node it has length 1, and broadcasting says the rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from causal_eval.causal.graph import Graph
from causal_eval.causal.mechanism import Noisy, as_fraction
from causal_eval.causal.query import Assignment
from causal_eval.errors import TooLarge

Column: TypeAlias = NDArray[np.unsignedinteger[Any]]
Mask: TypeAlias = NDArray[np.bool_]
World: TypeAlias = list[Column | None]
"""The column of every node; None for nodes that the grid leaves out."""

LARGEST_GRID = 1 << 22
"""Cells of the largest grid: beyond, a column alone takes seconds."""

KEPT_WORLDS = 4
"""Worlds that a grid keeps."""

KEPT_GRID = 1 << 11
"""Cells of a grid that keeps worlds at all."""


class Grid:
    """All states of the noise of the nodes that have a compiled mechanism; other nodes must be forced or unread."""

    def __init__(self, graph: Graph, domains: Sequence[int], noisy: Mapping[int, Noisy]) -> None:
        self._order = [node for node in graph.topological() if node in noisy]
        self._graph = graph
        uncertain = [node for node in self._order if len(noisy[node].lengths) > 1]
        self._axes = {node: axis for axis, node in enumerate(uncertain)}
        lengths = [noisy[node].lengths for node in self._axes] or [(1,)]
        self.shape = tuple(map(len, lengths))
        self.size = math.prod(self.shape)
        self._point = (1,) * len(self.shape)
        if self.size > LARGEST_GRID:
            raise TooLarge(f"{self.size} combinations of noise states; at most {LARGEST_GRID} are enumerated exactly")
        self._lookup: dict[int, tuple[tuple[int, ...], NDArray[Any]]] = {}
        for node in self._order:
            parents, _, values = noisy[node]
            ends = [domains[parent] for parent in parents] + ([-1] if node in self._axes else [])
            self._lookup[node] = parents, np.array(values, dtype=_width(domains[node])).reshape(ends)
        self._kept: dict[tuple[Assignment, Assignment], World] = {}
        self._states = _states(self.shape)
        self.weights = _weights(lengths)

    def solve(self, do: Mapping[int, int | Column] | None = None, base: World | None = None) -> World:
        """The world in which the nodes of *do* are set to a value, or cell by cell to a column of another world.

        With *base* (the world without intervention) only descendants of the intervention are computed anew.
        """
        forced = do or {}
        changed = -1 if base is None else self._graph.descendants(sum(1 << node for node in forced))
        world: World = [None] * self._graph.n if base is None else list(base)
        for node, value in forced.items():
            world[node] = value if isinstance(value, np.ndarray) else self._constant(value)
        for node in self._order:
            if node not in forced and changed >> node & 1:
                world[node] = self._respond(node, world)
        return world

    def after(self, do: Assignment, base: Assignment = ()) -> World:
        """The world after the intervention *do*, of which *base* is the part that all worlds share.

        It is computed from the world after *base*, in which only nodes without a mechanism are forced. Of a small grid
        the last few worlds are kept: an answer and its derivation ask for the same.
        """
        base = tuple([pair for pair in base if pair[0] not in self._lookup])
        if (do, base) in self._kept:
            return self._kept[do, base]
        world = self.solve(dict(do), self.after(base, base)) if do != base else self.solve(dict(base))
        if len(self._kept) == KEPT_WORLDS:
            self._kept.clear()
        if self.size <= KEPT_GRID:
            self._kept[do, base] = world
        return world

    def holds(self, world: World, assignment: Assignment) -> Mask:
        """The cells in which the nodes have these values."""
        masks: list[Mask] = []
        for node, value in assignment:
            column = world[node]
            assert column is not None, "asked of a node outside the grid"
            masks.append(column == value)
        return self.all_of(masks)

    def all_of(self, masks: Sequence[Mask]) -> Mask:
        """The cells that lie in every one of *masks*; all cells when there is none."""
        if not masks:
            return np.ones(self._point, dtype=np.bool_)
        whole = masks[0]
        for mask in masks[1:]:
            whole = whole & mask
        return whole

    def rows(self, column: Column | Mask) -> NDArray[Any]:
        """The value of every cell, in one row."""
        return np.broadcast_to(column, self.shape).ravel()

    def total(self, mask: Mask) -> int:
        """The weight of the cells in *mask*, over the common denominator of the grid."""
        return int((self.weights * mask).sum())

    def ratio(self, numerator: Mask, denominator: Mask | None = None) -> Fraction:
        """The exact probability of *numerator*, given *denominator* (which it must imply)."""
        whole = int(self.weights.sum()) if denominator is None else self.total(denominator)
        return as_fraction(self.total(numerator), whole)

    def _constant(self, value: int) -> Column:
        return np.full(self._point, value, dtype=_width(value + 1))

    def _respond(self, node: int, world: World) -> Column:
        parents, table = self._lookup[node]
        looked_up: list[Any] = [world[parent] for parent in parents]
        if node in self._axes:
            looked_up.append(self._states[self._axes[node]])
        return table[tuple(looked_up)] if looked_up else self._constant(int(table))


@lru_cache(maxsize=64)
def _states(shape: tuple[int, ...]) -> tuple[NDArray[np.intp], ...]:
    """The states of every noise along its own axis."""
    return np.indices(shape, dtype=np.intp, sparse=True)


def _width(values: int) -> type[np.unsignedinteger[Any]]:
    return np.uint8 if values <= 256 else np.uint16  # noqa: PLR2004 - what a byte holds


def _weights(lengths: Sequence[tuple[int, ...]]) -> NDArray[Any]:
    """The product of the noise weights of every cell: int64 while it fits, exact Python integers beyond."""
    fits = math.prod(map(sum, lengths)) < 1 << 63
    axes = [np.array(axis, dtype=np.int64 if fits else object) for axis in lengths]
    return reduce(np.multiply.outer, axes)
