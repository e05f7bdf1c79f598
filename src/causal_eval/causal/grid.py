"""The exogenous grid: every combination of noise states with its integer weight, and one primitive, ``solve(do)``.

A world is what the system does under an intervention for *every* state of the noise, one column per node. Worlds of one
grid share the noise row by row, so any question about several worlds is a mask over the rows and a sum of weights:
abduction keeps the joint law of the noise by construction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from causal_eval.causal.graph import Graph
from causal_eval.causal.mechanism import Compiled, as_fraction, thresholds
from causal_eval.causal.query import Assignment
from causal_eval.errors import TooLarge

Column: TypeAlias = NDArray[np.unsignedinteger[Any]]
Mask: TypeAlias = NDArray[np.bool_]
World: TypeAlias = list[Column | None]
"""The column of every node; None for nodes that the grid leaves out."""

LARGEST_GRID = 1 << 22
"""Rows of the largest grid: beyond, a column alone takes seconds."""

KEPT_WORLDS = 4
"""Worlds that a grid keeps."""

KEPT_GRID = 1 << 11
"""Rows up to which the states of the noise are kept for the next grid of that shape, and worlds at all."""


class Grid:
    """All states of the noise of the nodes that have a compiled mechanism; other nodes must be forced or unread."""

    def __init__(self, graph: Graph, domains: Sequence[int], compiled: Mapping[int, Compiled]) -> None:
        self._order = [node for node in graph.topological() if node in compiled]
        self._graph = graph
        self._lookup: dict[int, tuple[tuple[tuple[int, int], ...], int | None, NDArray[Any]]] = {}
        lengths: list[tuple[int, ...]] = []
        for node in self._order:
            noise, table = thresholds(compiled[node])
            axis = len(lengths) if len(noise) > 1 else None
            if axis is not None:
                lengths.append(noise)
            column = np.array(table, dtype=_width(domains[node])).ravel()
            self._lookup[node] = (_strides(compiled[node].parents, domains, noise=len(noise)), axis, column)
        self._kept: dict[tuple[Assignment, Assignment], World] = {}
        shape = tuple(map(len, lengths))
        self.size = math.prod(shape)
        if self.size > LARGEST_GRID:
            raise TooLarge(f"{self.size} combinations of noise states; at most {LARGEST_GRID} are enumerated exactly")
        self._states = _states(shape)
        self.weights = _weights(lengths)

    def solve(self, do: Mapping[int, int | Column] | None = None, base: World | None = None) -> World:
        """The world in which the nodes of *do* are set to a value, or row by row to a column of another world.

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
        """The world after the intervention *do*, which those after *base* differ from below *do* alone.

        Of a small grid the last few are kept: an answer and its derivation ask for the same.
        """
        if (do, base) in self._kept:
            return self._kept[do, base]
        world = self.solve(dict(do), self.after(base, base)) if do != base else self.solve(dict(base))
        if len(self._kept) == KEPT_WORLDS:
            self._kept.clear()
        if self.size <= KEPT_GRID:
            self._kept[do, base] = world
        return world

    def holds(self, world: World, assignment: Assignment) -> Mask:
        """The rows in which the nodes have these values."""
        masks: list[Mask] = []
        for node, value in assignment:
            column = world[node]
            assert column is not None, "asked of a node outside the grid"
            masks.append(column == value)
        return self.all_of(masks)

    def all_of(self, masks: Sequence[Mask]) -> Mask:
        """The rows that lie in every one of *masks*; all rows when there is none."""
        if not masks:
            return np.ones(self.size, dtype=np.bool_)
        whole = masks[0]
        for mask in masks[1:]:
            whole = whole & mask
        return whole

    def total(self, mask: Mask) -> int:
        """The weight of the rows in *mask*, over the common denominator of the grid."""
        return int(self.weights[mask].sum())

    def ratio(self, numerator: Mask, denominator: Mask | None = None) -> Fraction:
        """The exact probability of *numerator*, given *denominator* (which it must imply)."""
        whole = int(self.weights.sum()) if denominator is None else self.total(denominator)
        return as_fraction(self.total(numerator), whole)

    def _constant(self, value: int) -> Column:
        return np.full(self.size, value, dtype=_width(value + 1))

    def _respond(self, node: int, world: World) -> Column:
        strides, axis, table = self._lookup[node]
        index: Any = None if axis is None else self._states[axis]
        for parent, stride in strides:
            column = world[parent]
            assert column is not None, "parents come first"
            step = np.multiply(column, stride, dtype=np.intp)
            index = step if index is None else index + step
        return self._constant(int(table[0])) if index is None else table[index]


def _strides(parents: Sequence[int], domains: Sequence[int], *, noise: int) -> tuple[tuple[int, int], ...]:
    """How far a step of each parent's value moves in the flattened (parents..., noise) table."""
    strides: list[tuple[int, int]] = []
    step = noise
    for parent in reversed(parents):
        strides.append((parent, step))
        step *= domains[parent]
    return tuple(strides)


@lru_cache(maxsize=64)
def _small(shape: tuple[int, ...]) -> NDArray[np.intp]:
    states = np.indices(shape, dtype=np.intp).reshape(len(shape), math.prod(shape))
    states.setflags(write=False)
    return states


def _states(shape: tuple[int, ...]) -> NDArray[np.intp]:
    """The state of every noise (first axis) in every row of the grid; kept for shapes that are small."""
    return _small(shape) if math.prod(shape) <= KEPT_GRID else _small.__wrapped__(shape)


def _width(values: int) -> type[np.unsignedinteger[Any]]:
    return np.uint8 if values <= 256 else np.uint16  # noqa: PLR2004 - what a byte holds


def _weights(lengths: Sequence[tuple[int, ...]]) -> NDArray[Any]:
    """The product of the noise weights of every row: int64 while it fits, exact Python integers beyond."""
    fits = math.prod(map(sum, lengths)) < 1 << 63
    weights: NDArray[Any] = np.ones(1, dtype=np.int64 if fits else object)
    for axis in lengths:
        weights = np.multiply.outer(weights, np.array(axis, dtype=weights.dtype)).ravel()
    return weights
