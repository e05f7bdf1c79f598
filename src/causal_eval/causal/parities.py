"""Two models that agree on every experiment and differ on a counterfactual event.

Every node answers each row of its parents by a bit. T is a set of these bits, which are fair; in one model their parity
is even, in the other odd, and all else is alike. An experiment reads one row of each node, and rows that agree on what
the parents are. Where T holds two rows that disagree, no experiment reads all of T, and any part of T is independent
fair bits: both models then have one law of everything after every intervention. An event in several worlds reads more:
between the models its probability differs by its Walsh coefficient at T, which is computed for all T at once. That one
factor asks a node for two values is how ID* fails (Shpitser and Pearl 2008, figure 9, line 8). The parity comes from
fair coins on a tree of bidirected edges between the nodes of T.

With two values a node P(y_x, x') = P(y_x) - P(y, x) is known; with three it is not. So one node may be *wide*: a first
bit says whether it has its plain value, and only where it has not a second one, which of its two others it has. Where
its plain value stands in the row of another node, that second bit is not read. And what is not in T may be *loaded*, so
that a node tells which value of T's nodes it has heard.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from causal_eval.causal.crossworld import Term
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.query import Assignment
from causal_eval.causal.scm import Row, Scm, Table
from causal_eval.errors import TooLarge

MOST_NODES = 6
"""Nodes that matter: of each subset all settings are gone through when the pair is checked."""
MOST_BITS = 18
"""Bits of all nodes that matter: one for each row of their parents, two where a node is wide."""
MOST_COINS = 14
"""Fair coins of a model, which are all gone through when it is checked."""
_TRIED = 2_000
"""Sets T that are looked at, the smallest first."""
_Bits: TypeAlias = NDArray[Any]


class Twins(NamedTuple):
    """Two models, with what one bit of parity makes of the event."""

    models: tuple[Scm, Scm]
    values: tuple[Fraction, Fraction]
    """P(event | given) in either."""


class _Bit(NamedTuple):
    """The answer of a node to a row of its parents, these in ascending order."""

    node: int
    row: tuple[int, ...]
    part: int = 0
    """1: of a wide node, which of its other values it has."""


@dataclass(frozen=True, slots=True)
class _Tables:
    """The bits of the nodes that matter, of every row that some world may read."""

    g: Graph
    order: tuple[int, ...]
    wide: Mapping[int, int]
    """Nodes of three values, with the plain one."""
    worlds: Mapping[Assignment, int]
    """What is done -> mask of the nodes that have to be known there."""
    places: Mapping[_Bit, int]
    loaded: bool

    def parents(self, node: int) -> tuple[int, ...]:
        return tuple([cause for cause in bits(self.g.parents[node]) if cause in self.order])

    def size(self, node: int) -> int:
        return 3 if node in self.wide else 2

    def level(self, node: int, first: int, second: int) -> int:
        """The value that a node has by its bits."""
        if node not in self.wide:
            return first
        others = [value for value in range(3) if value != self.wide[node]]
        return others[second] if first else self.wide[node]

    def quarters(self, bit: _Bit) -> int:
        """How many quarters of the time a bit outside T is 1."""
        return 2 if not self.loaded else 1 if sum(bit.row) % 2 == bit.part else 3

    def holds(self, terms: Sequence[Term]) -> _Bits:
        """Whether all terms hold, for every setting of the bits."""
        every = np.arange(1 << len(self.places), dtype=np.int64)
        found = np.ones(len(every), dtype=np.bool_)
        for do in {term.do for term in terms}:
            world: dict[int, _Bits] = {node: np.full(len(every), value) for node, value in do}
            for node in self.order:
                if node not in world and self.worlds[do] >> node & 1:
                    world[node] = self._answered(node, every, world=world)
            for term in terms:
                if term.do == do:
                    found &= world[term.node] == term.value
        return found

    def _answered(self, node: int, every: _Bits, *, world: Mapping[int, _Bits]) -> _Bits:
        parents = self.parents(node)
        index = np.zeros(len(every), dtype=np.int64)
        for cause in parents:
            index = self.size(cause) * index + world[cause]
        rows = list(itertools.product(*[range(self.size(cause)) for cause in parents]))
        parts = []
        for part in (0, int(node in self.wide)):
            place = np.array([self.places.get(_Bit(node, row, part), 0) for row in rows])
            parts.append(every >> place[index] & 1)
        levels: _Bits = np.array([[self.level(node, one, other) for other in (0, 1)] for one in (0, 1)])
        found: _Bits = levels[parts[0], parts[1]]
        return found


def twins(g: Graph, event: Sequence[Term], *, given: Sequence[Term] = ()) -> Twins | None:
    """Models in which P(event | given) differs; None where no set of bits of those that are tried tells them apart.

    *g* without edges of latent nodes; *given* possible. At most one node has three values, all others two.

    Raises:
        TooLarge: more than 6 nodes, or 18 bits, matter.
    """
    terms = (*event, *given)
    within = g.ancestors(mask_of(term.node for term in terms))
    named = [pair for term in terms for pair in ((term.node, term.value), *term.do)]
    large = {node for node, value in named if value is not None and value > 1}
    widths: list[dict[int, int]] = [{}, *[{node: plain} for node in bits(within) for plain in range(3)]]
    small: TooLarge | None = None
    for wide, loaded in itertools.product(widths, (False, True)):
        try:
            table = _tables(g, terms, wide=wide, loaded=loaded)
        except TooLarge as error:
            small = small or error
            continue
        if large <= {*wide} and (found := _told_apart(table, event, given=given)) is not None:
            return found
    if small is not None:
        raise small
    return None


def _told_apart(table: _Tables, event: Sequence[Term], *, given: Sequence[Term]) -> Twins | None:
    terms = (*event, *given)
    even, odd = ([_spectrum(table, one, sign=sign) for one in (terms, given)] for sign in (1, -1))
    gaps = even[0].astype(float) * odd[1] - odd[0].astype(float) * even[1]
    listed, depends = list(table.places), _depends(table, terms) | _depends(table, given)
    candidates = sorted(np.flatnonzero(gaps).tolist(), key=lambda mask: (mask.bit_count(), mask))
    for mask in candidates[:_TRIED]:
        chosen = [listed[place] for place in bits(mask)]
        tree = _tree(table.g, mask_of(bit.node for bit in chosen)) if _never_together(table, chosen) else None
        (one, first), (two, second) = ((int(fair[mask]), int(gap[mask])) for fair, gap in zip(even, odd, strict=True))
        values = [Fraction(one + sign * first, two + sign * second) for sign in (1, -1)]
        used = depends | {*chosen}
        if tree is None or values[0] == values[1] or len(used) + len(table.order) > MOST_COINS:
            continue
        models = [_model(table, chosen, tree=tree, used=used, odd=odd) for odd in (0, 1)]
        return Twins((models[0], models[1]), (values[0], values[1]))
    return None


def _tables(g: Graph, terms: Sequence[Term], *, wide: Mapping[int, int], loaded: bool) -> _Tables:
    within = g.ancestors(mask_of(term.node for term in terms))
    order = tuple([node for node in g.topological() if within >> node & 1])
    worlds: dict[Assignment, int] = {}
    for term in terms:
        known = g.without_incoming(mask_of(node for node, _ in term.do)).ancestors(1 << term.node)
        worlds[term.do] = worlds.get(term.do, 0) | known
    found: dict[_Bit, int] = {}
    for node in order:
        for do, needed in worlds.items():
            forced = dict(do)
            if node in forced or not needed >> node & 1:
                continue
            causes = bits(g.parents[node])
            levels = [(forced[one],) if one in forced else range(3 if one in wide else 2) for one in causes]
            for row, part in itertools.product(itertools.product(*levels), range(1 + (node in wide))):
                found.setdefault(_Bit(node, row, part), len(found))
    if len(order) > MOST_NODES or len(found) > MOST_BITS:
        raise TooLarge(
            f"two models are made of at most {MOST_NODES} nodes and {MOST_BITS} rows of their tables; here "
            f"{len(order)} nodes with {len(found)} rows matter"
        )
    return _Tables(g, order, wide, worlds, found, loaded)


def _spectrum(table: _Tables, terms: Sequence[Term], *, sign: int) -> _Bits:
    """For every T the mean of *holds* times *sign* ** (parity of T) where T's bits are fair, times 4 ** (all bits)."""
    found = table.holds(terms).astype(np.int64)
    step = 1
    for bit in table.places:
        quarters, pairs = table.quarters(bit), found.reshape(-1, 2, step)
        outside = (4 - quarters) * pairs[:, 0] + quarters * pairs[:, 1]
        found = np.stack((outside, 2 * (pairs[:, 0] + sign * pairs[:, 1])), axis=1).ravel()
        step *= 2
    return found


def _never_together(table: _Tables, chosen: Sequence[_Bit]) -> bool:
    """Whether two of the bits are read only where a node has different values."""
    said: dict[int, int] = {}
    for bit in chosen:
        for cause, level in zip(table.parents(bit.node), bit.row, strict=True):
            if said.setdefault(cause, level) != level:
                return True
    return any(bit.part and said.get(bit.node) == table.wide[bit.node] for bit in chosen)


def _tree(g: Graph, nodes: int) -> tuple[tuple[int, int], ...] | None:
    """Bidirected edges that join *nodes* without a cycle; None where they do not hang together."""
    reached, edges = nodes & -nodes, list[tuple[int, int]]()
    while fresh := next(
        ((one, other) for one in bits(reached) for other in bits(g.bidirected[one] & nodes & ~reached)), None
    ):
        edges.append((min(fresh), max(fresh)))
        reached |= 1 << fresh[1]
    return tuple(edges) if reached == nodes else None


def _depends(table: _Tables, terms: Sequence[Term]) -> set[_Bit]:
    """The bits on which *terms* depend: each has a coin of its own, the others of a node have one."""
    holds, every = table.holds(terms), np.arange(1 << len(table.places))
    return {bit for bit, place in table.places.items() if (holds != holds[every ^ 1 << place]).any()}


def _model(
    table: _Tables, chosen: Sequence[_Bit], *, tree: Sequence[tuple[int, int]], used: set[_Bit], odd: int
) -> Scm:
    """The model in which the parity of *chosen* is *odd*."""
    g, n = table.g, table.g.n
    coins = {edge: n + place for place, edge in enumerate(tree)}
    parents: list[tuple[int, ...]] = [()] * (n + len(coins))
    tables = [Table({(): (Fraction(1, 2),) * 2})] * (n + len(coins))
    sizes = [*[table.size(node) for node in range(n)], *[2] * len(coins)]
    for node in table.order:
        ends = tuple([coin for edge, coin in coins.items() if node in edge])
        mine = [bit for bit in chosen if bit.node == node]
        maker = _Maker(table, mine, used, odd if node == chosen[0].node else 0)
        own = maker.coins(node)
        if own:
            parents.append(())
            sizes.append(1 << len(own))
            tables.append(Table({(): maker.law(own)}))
        parents[node] = (*table.parents(node), *ends, *([len(sizes) - 1] if own else []))
        keys = itertools.product(*[range(sizes[cause]) for cause in parents[node]])
        tables[node] = Table({key: maker.row(node, key, ends=len(ends), own=own) for key in keys}, threshold=True)
    edges = [(cause, node) for node, causes in enumerate(parents) for cause in causes]
    graph = Graph.build(len(sizes), edges, latent=g.latent | mask_of(range(n, len(sizes))))
    return Scm(graph, tuple(sizes), tuple(tables))


class _Maker(NamedTuple):
    """How a node answers its rows."""

    table: _Tables
    chosen: Sequence[_Bit]
    """Those of its bits that are in T."""
    used: set[_Bit]
    odd: int

    def coins(self, node: int) -> list[_Bit]:
        """The bits that a coin of its own decides: all that are used but the last of T, and one each for the others."""
        mine = [bit for bit in self.table.places if bit.node == node]
        free = [bit for bit in mine if bit in self.used and bit not in self.chosen[-1:]]
        rows = math.prod(self.table.size(cause) for cause in self.table.parents(node))
        parts = range(1 + (node in self.table.wide))
        spare = [part for part in parts if sum(bit in self.used and bit.part == part for bit in mine) < rows]
        return [*free, *[_Bit(node, (), 2 + part) for part in spare]]

    def law(self, own: Sequence[_Bit]) -> Row:
        """The probabilities of its noise, of which each bit is a coin."""
        quarters = [2 if bit in self.chosen else self.table.quarters(bit) for bit in own]
        found = []
        for number in range(1 << len(own)):
            ways = [one if number >> place & 1 else 4 - one for place, one in enumerate(quarters)]
            found.append(Fraction(math.prod(ways), 4 ** len(own)))
        return tuple(found)

    def row(self, node: int, key: Sequence[int], *, ends: int, own: Sequence[_Bit]) -> Row:
        """The value, of which the parents' values, the shared coins and its own noise leave no doubt."""
        count = len(self.table.parents(node))
        fair = {bit: key[-1] >> place & 1 for place, bit in enumerate(own)}
        found = []
        for part in (0, int(node in self.table.wide)):
            bit = _Bit(node, tuple(key[:count]), part)
            if bit in self.chosen[-1:]:
                rest = sum(fair[other] for other in self.chosen[:-1])
                found.append((rest + sum(key[count : count + ends]) + self.odd) % 2)
            else:
                found.append(fair[bit if bit in self.used else _Bit(node, (), 2 + part)])
        level = self.table.level(node, *found)
        return tuple([Fraction(value == level) for value in range(self.table.size(node))])


def worlds_of(terms: Sequence[Term]) -> Iterator[tuple[Mapping[int, int], Mapping[int, int]]]:
    """What is done and what holds, world by world; no node is asked for two values in one."""
    for do in sorted({term.do for term in terms}):
        yield dict(do), {term.node: term.value for term in terms if term.do == do and term.value is not None}
