"""Random strictly positive models of a graph, to try formulas on: every probability a random fraction of 128.

A bidirected edge is a two-valued common cause of its ends, so that the model has a law of what is observed and of what
any intervention does to it; both are tables of integers.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from causal_eval.causal.districts import districts, projected
from causal_eval.causal.formula.tree import (
    Difference,
    Formula,
    Number,
    Prob,
    Product,
    Quotient,
    Sum,
    free,
    refs,
    valued,
)
from causal_eval.causal.formula.value import Laws, value_of
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.query import Assignment
from causal_eval.errors import TooLarge
from causal_eval.seeds import Stream

MOST_NODES = 12
"""Nodes of the largest graph on which formulas are tried: beyond, one value takes seconds."""
MOST_STATES = 18
"""Nodes and latent common causes of the largest district, parents included."""
MODELS = 3
"""Models on which a formula is tried."""
_Numbers: TypeAlias = NDArray[Any]
_SHARE = 128
"""The denominator of every probability."""
_INT64 = 8
"""Factors of that denominator that a machine integer holds."""


class Tried(NamedTuple):
    """What came of trying a formula."""

    models: int
    """On how many; 0: the graph is too large."""
    right: bool


class Effect(NamedTuple):
    """P(y | do x, z)."""

    x: int
    y: int
    z: int = 0


def tried(g: Graph, formula: Formula, *, asked: Effect, stream: Stream) -> Tried:
    """Whether *formula* is what is *asked* on random models of *g*, whatever the values of its other free copies."""
    effect = Prob(refs(bits(asked.y)), refs(bits(asked.z)), refs(bits(asked.x)))
    return compared(g, formula, other=effect, stream=stream)


def compared(g: Graph, one: Formula, *, other: Formula, stream: Stream) -> Tried:
    """Whether two formulas are one function of their free copies on random models of *g*."""
    within, around = _around(g, mentioned(one) | mentioned(other))
    if within.bit_count() > MOST_NODES or _states(around, within) > MOST_STATES:
        return Tried(0, right=False)
    try:
        right = all(_equal(Sampled(around, within, stream=stream), one, other=other) for _ in range(MODELS))
    except TooLarge:  # a table of a formula itself
        return Tried(0, right=False)
    return Tried(MODELS, right)


def _equal(laws: Sampled, one: Formula, *, other: Formula) -> bool:
    """Whether the two are the same function in one model; most that are not differ in the first place looked at."""
    start = dict.fromkeys(free(one) | free(other), 0)
    if value_of(valued(one, start), laws).at({}) != value_of(valued(other, start), laws).at({}):
        return False
    first, second = value_of(one, laws), value_of(other, laws)
    copies = sorted({*first.scope, *second.scope})
    for key in itertools.product((0, 1), repeat=len(copies)):
        at = dict(zip(copies, key, strict=True))
        if first.at(at) != second.at(at):
            return False
    return True


class _Around(NamedTuple):
    """Nodes, and a graph whose law of them is that of the whole graph."""

    within: int
    g: Graph


def _around(g: Graph, named: int) -> _Around:
    """The ancestors of *named*; where they are too many, the rest of them is marginalised too."""
    seen = projected(g)
    within = seen.ancestors(named)
    if within.bit_count() <= MOST_NODES and _states(seen, within) <= MOST_STATES:
        return _Around(within, seen)
    hidden = Graph(g.n, seen.parents, seen.bidirected, seen.everything & ~named)
    return _Around(named, projected(hidden))


def _states(g: Graph, within: int) -> int:
    """Nodes and common causes of the largest district."""
    return max((_size(g, part, within=within) for part in districts(g, within)), default=0)


def _size(g: Graph, part: int, *, within: int) -> int:
    around, ends = part, 0
    for node in bits(part):
        around |= g.parents[node] & within
        ends += (g.bidirected[node] & part).bit_count()
    return around.bit_count() + ends // 2


def mentioned(formula: Formula) -> int:
    """The nodes whose values *formula* is about."""
    match formula:
        case Prob(event, given, do):
            return mask_of({ref.node for ref in (*event, *given, *do)})
        case Sum(over, body):
            return mask_of({ref.node for ref in over}) | mentioned(body)
        case Product(parts):
            return functools.reduce(operator.or_, map(mentioned, parts), 0)
        case Quotient(one, other) | Difference(one, other):
            return mentioned(one) | mentioned(other)
        case Number():
            return 0


class Sampled(Laws):
    """The laws of one random model of the nodes *within* of a graph without latent nodes."""

    def __init__(self, g: Graph, within: int, *, stream: Stream) -> None:
        super().__init__({})
        self.nodes = bits(within)
        self._axis = {node: axis for axis, node in enumerate(self.nodes)}
        self._districts = [_District(g, part, within=within, stream=stream) for part in districts(g, within)]
        self._tables: dict[int, _Numbers] = {}
        self._wide: dict[tuple[tuple[int, ...], int], Mapping[tuple[int, ...], Fraction]] = {}
        self._found: dict[tuple[tuple[int, ...], Assignment], Mapping[tuple[int, ...], Fraction]] = {}

    def size(self, node: int) -> int:
        """Two values each."""
        del node
        return 2

    def marginal(self, domain: str, nodes: tuple[int, ...], *, do: Assignment) -> Mapping[tuple[int, ...], Fraction]:
        """P(nodes | do), kept; there is one domain."""
        if domain:
            return super().marginal(domain, nodes, do=do)
        if (nodes, do) not in self._found:
            self._found[nodes, do] = self._marginal(nodes, do)
        return self._found[nodes, do]

    def approximate(self, nodes: tuple[int, ...]) -> dict[tuple[int, ...], float]:
        """P(nodes), in ascending order, in floating point: a tenth of the work."""
        table, below = self._after(0)
        others = tuple(axis for node, axis in self._axis.items() if node not in nodes)
        rest = np.asarray(table.sum(axis=others)) if others else table
        return {key: int(rest[key]) / below for key in itertools.product((0, 1), repeat=len(nodes))}

    def _rows(self, nodes: tuple[int, ...], x: int) -> Mapping[tuple[int, ...], Fraction]:
        """P(nodes | do(x)) for every value of both, kept; *x* is among *nodes*."""
        if (nodes, x) not in self._wide:
            table, below = self._after(x)
            others = tuple(axis for node, axis in self._axis.items() if node not in nodes)
            rest = np.asarray(table.sum(axis=others)) if others else table
            keys = itertools.product((0, 1), repeat=len(nodes))
            self._wide[nodes, x] = {key: Fraction(int(rest[key]), below) for key in keys}
        return self._wide[nodes, x]

    def _marginal(self, nodes: tuple[int, ...], do: Assignment) -> dict[tuple[int, ...], Fraction]:
        x = sum(1 << node for node, _ in do)
        wide = tuple(sorted({*nodes, *bits(x)}))
        done = [(wide.index(node), value) for node, value in do]
        own = [wide.index(node) for node in nodes]
        return {
            tuple([key[place] for place in own]): p
            for key, p in self._rows(wide, x).items()
            if all(key[place] == value for place, value in done)
        }

    def _after(self, x: int) -> tuple[_Numbers, int]:
        """The law of all nodes for every value of *x*, as integers over a common denominator."""
        factors = [part.factor(x) for part in self._districts]
        power = sum(part.weight(x) for part in self._districts)
        if x not in self._tables:
            whole = np.ones((2,) * len(self.nodes), dtype=np.int64 if power <= _INT64 else np.object_)
            for scope, table in factors:
                shape = [2 if node in scope else 1 for node in self.nodes]
                whole = whole * table.reshape(shape)
            self._tables[x] = whole
        return self._tables[x], _SHARE**power


class _Table(NamedTuple):
    """A factor over nodes, ascending."""

    scope: tuple[int, ...]
    table: _Numbers


class _District:
    """The mechanisms of the nodes in *part* and the common causes that they share."""

    def __init__(self, g: Graph, part: int, *, within: int, stream: Stream) -> None:
        self.nodes = bits(part)
        self.shared = [(one, other) for one in self.nodes for other in bits(g.bidirected[one] & part) if one < other]
        around = part
        for node in self.nodes:
            around |= g.parents[node] & within
        self.scope = bits(around)
        self._axes = {node: axis for axis, node in enumerate(self.scope)}
        self._mechanisms = {node: self._mechanism(g, node, stream=stream) for node in self.nodes}
        self._causes = [self._row(stream) for _ in self.shared]
        self._factors: dict[int, _Table] = {}

    def weight(self, x: int) -> int:
        """How many probabilities every entry is a product of."""
        return sum(not x >> node & 1 for node in self.nodes) + len(self.shared)

    def factor(self, x: int) -> _Table:
        """The product of the mechanisms but those of *x*, common causes summed out."""
        x &= sum(1 << node for node in self.nodes)
        if x not in self._factors:
            self._factors[x] = self._summed(x)
        return self._factors[x]

    def _summed(self, x: int) -> _Table:
        size = len(self.scope) + len(self.shared)
        whole: _Numbers = np.ones((2,) * size, dtype=np.object_ if self.weight(x) > _INT64 else np.int64)
        for node in self.nodes:
            if not x >> node & 1:
                whole = whole * self._mechanisms[node]
        for place, row in enumerate(self._causes):
            shape = [1] * size
            shape[len(self.scope) + place] = 2
            whole = whole * row.reshape(shape)
        return _Table(self.scope, whole.sum(axis=tuple(range(len(self.scope), size))))

    def _mechanism(self, g: Graph, node: int, *, stream: Stream) -> NDArray[np.int64]:
        """P(node | parents, common causes), shaped to be multiplied with the others."""
        causes = [self._axes[cause] for cause in bits(g.parents[node]) if cause in self._axes]
        causes += [len(self.scope) + place for place, edge in enumerate(self.shared) if node in edge]
        rows = np.array([self._row(stream) for _ in range(1 << len(causes))])
        axes = [*causes, self._axes[node]]
        table = rows.reshape((2,) * len(axes)).transpose(sorted(range(len(axes)), key=axes.__getitem__))
        return table.reshape([2 if axis in axes else 1 for axis in range(len(self.scope) + len(self.shared))])

    @staticmethod
    def _row(stream: Stream) -> NDArray[np.int64]:
        top = stream.between(1, _SHARE - 1)
        return np.array([_SHARE - top, top])
