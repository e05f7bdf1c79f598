"""What an intervention does, exactly: the worlds of one model.

Rungs 1 and 2 sum the truncated factorisation over the values of the relevant nodes, in Python integers (for the few
dozen worlds of a typical question twenty times faster than arrays, and free of overflow). Rung 3 needs the noise that
worlds share: :mod:`causal_eval.causal.grid`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.grid import KEPT_GRID, Column, Grid, World
from causal_eval.causal.mechanism import Compiled, Noisy, as_fraction, compile_mechanism, thresholds
from causal_eval.causal.query import Assignment
from causal_eval.causal.scm import Scm
from causal_eval.errors import MalformedCase, TooLarge

LARGEST_SUM = 1 << 20
"""Partial worlds that are held at once: beyond, a single answer takes seconds."""

_Extension = tuple[int, Mapping[int, tuple[tuple[int, int], ...]]]
"""Mask of the parents' fields, and by their content the (own field, numerator) pairs that can follow."""


class Worlds:
    """The worlds of one model; compiled mechanisms are kept, so asking again is cheap."""

    def __init__(self, scm: Scm, names: Sequence[str] | None = None) -> None:
        self.scm = scm
        self._names = names
        self._compiled: dict[int, Compiled] = {}
        self._thresholds: dict[int, Noisy] = {}
        self._extensions: dict[int, _Extension] = {}
        self._grids: dict[int, Grid] = {}
        self._shift, place = [], 0
        for size in scm.domains:
            self._shift.append(place)
            place += max(1, (size - 1).bit_length())

    def probability(self, event: Assignment, given: Assignment = (), *, do: Assignment = ()) -> Fraction:
        """P(event | do, given), both read in the world after the intervention.

        Raises:
            MalformedCase: *given* has probability 0, or a node that matters has no distribution.
            TooLarge: more than a million partial worlds.
        """
        worlds = self._enumerate(nodes_of(event) | nodes_of(given), dict(given), do=dict(do))
        whole = sum([weight for _, weight in worlds])
        if not whole or self._code(given)[1] is None:
            raise self._impossible(given)
        fields, wanted = self._code(event)
        if wanted is None:
            return Fraction(0)
        return as_fraction(sum([weight for code, weight in worlds if code & fields == wanted]), whole)

    def distribution(self, node: int, given: Assignment = (), do: Assignment = ()) -> tuple[Fraction, ...]:
        """P(node = 0 | do, given), P(node = 1 | do, given), ...; raises as :meth:`probability`."""
        worlds = self._enumerate(1 << node | nodes_of(given), dict(given), do=dict(do))
        shift, field = self._shift[node], self._field(node)
        totals = [0] * self.scm.domains[node]
        for code, weight in worlds:
            totals[(code & field) >> shift] += weight
        whole = sum(totals)
        if not whole or self._code(given)[1] is None:
            raise self._impossible(given)
        return tuple(as_fraction(total, whole) for total in totals)

    def grid(self, relevant: int) -> Grid:
        """The shared noise of the nodes in *relevant*."""
        if relevant not in self._grids:
            noisy = {node: self._noisy(node) for node in bits(relevant)}
            self._grids[relevant] = Grid(self.scm.graph, self.scm.domains, noisy)
        return self._grids[relevant]

    def grid_over(self, relevant: int) -> Grid:
        """The shared noise of the nodes in *relevant*, and of others where a small grid has them already."""
        for nodes, grid in self._grids.items():
            if not relevant & ~nodes and grid.size <= KEPT_GRID:
                return grid
        return self.grid(relevant)

    def world(self, do: Mapping[int, int | Column] | None = None) -> World:
        """The column of every node over the whole exogenous grid, after the intervention *do*."""
        return self.grid(self.scm.graph.everything).solve(do)

    def compiled(self, node: int) -> Compiled:
        """The integer form of the mechanism of *node*."""
        if node not in self._compiled:
            self._compiled[node] = compile_mechanism(self.scm, node, names=self._names)
        return self._compiled[node]

    def _noisy(self, node: int) -> Noisy:
        if node not in self._thresholds:
            self._thresholds[node] = thresholds(self.compiled(node))
        return self._thresholds[node]

    def settled(self, given: Mapping[int, int]) -> dict[int, int]:
        """The value of every node when those of *given* have theirs and all others have rules."""
        found: dict[int, int] = {}
        domains = self.scm.domains
        for node in self.scm.graph.topological():
            if node in given:
                found[node] = given[node]
                continue
            compiled, row = self.compiled(node), 0
            for parent in compiled.parents:
                row = row * domains[parent] + found[parent]
            found[node] = compiled.rows[row].index(1)
        return {node: found[node] for node in range(len(domains))}

    def label(self, node: int) -> str:
        """What *node* is called, for messages."""
        return repr(self._names[node]) if self._names else f"node {node}"

    def describe(self, assignment: Assignment) -> str:
        """The assignment in words, for messages."""
        return describe(assignment, self.scm, names=self._names)

    def _impossible(self, given: Assignment) -> MalformedCase:
        return MalformedCase(f"the condition {self.describe(given)} has probability 0 here; nothing follows from it")

    def _enumerate(self, looked_at: int, given: Mapping[int, int], *, do: Mapping[int, int]) -> list[tuple[int, int]]:
        """Every possible (values, weight) of the nodes that matter, values packed into one integer."""
        cut = _cut(self.scm.graph, do)
        relevant = cut.ancestors(looked_at)
        worlds = [(0, 1)]
        for node in cut.topological():
            if not relevant >> node & 1:
                continue
            keep = given.get(node)
            if node in do:
                value = do[node]
                code = value << self._shift[node]
                worlds = [(before | code, weight) for before, weight in worlds] if keep in (None, value) else []
                continue
            fields, rows = self._extension(node)
            if keep is not None:
                own = keep << self._shift[node]
                rows = {key: tuple(pair for pair in row if pair[0] == own) for key, row in rows.items()}
            worlds = [
                (before | code, weight * more) for before, weight in worlds for code, more in rows[before & fields]
            ]
            if len(worlds) > LARGEST_SUM:
                raise TooLarge(f"more than {LARGEST_SUM} combinations of values; the query reaches too many nodes")
        return worlds

    def _extension(self, node: int) -> _Extension:
        if node not in self._extensions:
            compiled = self.compiled(node)
            shift = self._shift[node]
            keys = [0]
            for parent in compiled.parents:
                values = [value << self._shift[parent] for value in range(self.scm.domains[parent])]
                keys = [key | value for key in keys for value in values]
            rows = {
                key: tuple((value << shift, weight) for value, weight in enumerate(row) if weight)
                for key, row in zip(keys, compiled.rows, strict=True)
            }
            self._extensions[node] = sum(map(self._field, compiled.parents)), rows
        return self._extensions[node]

    def _field(self, node: int) -> int:
        return ((1 << max(1, (self.scm.domains[node] - 1).bit_length())) - 1) << self._shift[node]

    def _code(self, event: Assignment) -> tuple[int, int | None]:
        """The fields of the event's nodes and their wanted content; None when the event contradicts itself."""
        fields = code = 0
        for node, value in event:
            field = self._field(node)
            if fields & field and (code & field) != value << self._shift[node]:
                return fields, None
            fields |= field
            code |= value << self._shift[node]
        return fields, code


def nodes_of(assignment: Assignment) -> int:
    """Mask of the nodes of an assignment."""
    mask = 0
    for node, _ in assignment:
        mask |= 1 << node
    return mask


def describe(assignment: Assignment, scm: Scm, *, names: Sequence[str] | None = None) -> str:
    """``X=1, Z=0``: the assignment in the names of nodes and values; ``nothing`` when empty."""
    parts = [f"{names[node] if names else f'V{node}'}={word_of(scm, node, value=value)}" for node, value in assignment]
    return ", ".join(parts) or "nothing"


def word_of(scm: Scm, node: int, *, value: int) -> str:
    """What the value at position *value* of *node* is called in a text; truth values are 0 and 1."""
    if not scm.values:
        return str(value)
    named = scm.values[node][value]
    return str(int(named)) if isinstance(named, bool) else str(named)


def _cut(graph: Graph, do: Mapping[int, int]) -> Graph:
    return graph.without_incoming(sum(1 << node for node in do)) if do else graph
