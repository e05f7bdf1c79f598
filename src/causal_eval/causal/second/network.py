"""From a model and its worlds to factors: mutilated for an intervention, twin copies where worlds differ.

A world is (what is set, what is seen). Nodes that no intervention of a world touches are the same variable as in the
untouched world; the others get a copy. Copies of one node respond to their own parents with one noise, whose law is
summed out in the factor: for the rank-preserving noise by the overlap of the intervals.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from causal_eval.causal.graph import Graph
from causal_eval.causal.scm import Rule, Scm, Table
from causal_eval.causal.second.elimination import Factor
from causal_eval.causal.second.evaluate import result_of
from causal_eval.causal.second.reach import effects_of, members
from causal_eval.errors import MalformedCase

Pairs: TypeAlias = tuple[tuple[int, int], ...]
World: TypeAlias = tuple[Pairs, Pairs]
"""What is set, what is seen."""
Rows: TypeAlias = Mapping[tuple[int, ...], tuple[int, ...]]
"""Parents' values -> numerators of the node's values."""
Coupling: TypeAlias = Callable[[Sequence[tuple[int, ...]], Sequence[int]], int]
"""(the row of every copy, the value of every copy) -> weight of that joint response, over denominator^copies."""


def factors_of(scm: Scm, worlds: Sequence[World], coupling: Coupling) -> list[Factor]:
    """The factors whose sum over everything is P(all that is seen in all worlds)."""
    net = _Network(scm, worlds)
    if net.impossible:
        return [Factor((), {})]
    return [net.factor(node, coupling) for node in range(scm.graph.n) if net.copies(node)]


def rank_preserving(rows: Sequence[tuple[int, ...]], values: Sequence[int]) -> int:
    """One uniform noise for all copies: the overlap of the intervals in which each takes its value."""
    low = max(sum(row[:value]) for row, value in zip(rows, values, strict=True))
    high = min(sum(row[: value + 1]) for row, value in zip(rows, values, strict=True))
    return max(0, high - low) * int(sum(rows[0]) ** (len(rows) - 1))


def independent_rows(rows: Sequence[tuple[int, ...]], values: Sequence[int]) -> int:
    """A separate draw for every different row: another model with the very same tables."""
    drawn: dict[tuple[int, ...], int] = {}
    for row, value in zip(rows, values, strict=True):
        if drawn.setdefault(row, value) != value:
            return 0
    weight = math.prod(row[value] for row, value in drawn.items())
    return weight * int(sum(rows[0]) ** (len(rows) - len(drawn)))


class _Network:
    """The variables of several worlds: variable ``world * n + node``; world 0 is the untouched one."""

    def __init__(self, scm: Scm, worlds: Sequence[World]) -> None:
        self.scm, self.graph = scm, scm.graph
        self.forced = [{}, *(dict(done) for done, _ in worlds)]
        self.touched = [effects_of(self.graph, sum(1 << node for node in done)) for done in self.forced]
        self.pins: dict[int, int] = {}
        self.impossible = False
        self.needed: set[int] = set()
        for world, (_, seen) in enumerate(worlds, 1):
            for node, value in seen:
                self._see(world, node, value)

    def copies(self, node: int) -> list[int]:
        """The variables of *node* that matter."""
        return [v for v in range(node, len(self.forced) * self.graph.n, self.graph.n) if v in self.needed]

    def factor(self, node: int, coupling: Coupling) -> Factor:
        """The joint law of the copies of *node* given their parents' values."""
        rows, denominator = rows_of(self.scm, node)
        copies = self.copies(node)
        inputs = [
            [self._at(copy // self.graph.n, cause) for cause in members(self.graph.parents[node])] for copy in copies
        ]
        free = sorted({v for causes in inputs for kind, v in causes if kind == "free"})
        weights: dict[tuple[int, ...], int] = {}
        scope = tuple(sorted({*free, *(copy for copy in copies if copy not in self.pins)}))
        for values in itertools.product(*(range(self.scm.domains[v % self.graph.n]) for v in free)):
            at = dict(zip(free, values, strict=True))
            chosen = [rows[tuple(at[v] if kind == "free" else v for kind, v in causes)] for causes in inputs]
            for own in itertools.product(*(self._range(copy) for copy in copies)):
                weight = coupling(chosen, own) if len(own) > 1 else chosen[0][own[0]]
                if weight:
                    at.update(zip(copies, own, strict=True))
                    weights[tuple([at[v] for v in scope])] = weight
        return Factor(scope, weights, denominator ** len(copies))

    def _range(self, copy: int) -> Sequence[int]:
        return (self.pins[copy],) if copy in self.pins else range(self.scm.domains[copy % self.graph.n])

    def _at(self, world: int, node: int) -> tuple[str, int]:
        """Where *node* stands in *world*: set or seen to a value, or a free variable."""
        if node in self.forced[world]:
            return "known", self.forced[world][node]
        variable = self._variable(world, node)
        return ("known", self.pins[variable]) if variable in self.pins else ("free", variable)

    def _variable(self, world: int, node: int) -> int:
        return world * self.graph.n + node if self.touched[world] >> node & 1 else node

    def _see(self, world: int, node: int, value: int) -> None:
        if node in self.forced[world]:
            self.impossible |= self.forced[world][node] != value
            return
        variable = self._variable(world, node)
        self.impossible |= self.pins.setdefault(variable, value) != value
        self._need(world, node)

    def _need(self, world: int, node: int) -> None:
        """Mark the variable and all its causes as relevant; nothing else can change the answer."""
        if node in self.forced[world]:
            return
        variable = self._variable(world, node)
        if variable in self.needed:
            return
        self.needed.add(variable)
        for cause in members(self.graph.parents[node]):
            self._need(variable // self.graph.n, cause)


def rows_of(scm: Scm, node: int) -> tuple[Rows, int]:
    """The rows of the mechanism of *node* as numerators over a common denominator."""
    mechanism = scm.mechanisms[node]
    if isinstance(mechanism, Table):
        common = math.lcm(*(p.denominator for row in mechanism.rows.values() for p in row))
        return {key: tuple(int(p * common) for p in row) for key, row in mechanism.rows.items()}, common
    if not isinstance(mechanism, Rule):
        raise MalformedCase(f"node {node} has no probabilities for its values; state them")
    parents = members(scm.graph.parents[node])
    rows = {}
    for key in itertools.product(*(range(scm.domains[parent]) for parent in parents)):
        place = result_of(scm, node, dict(zip(parents, key, strict=True)))
        rows[key] = tuple(1 if value == place else 0 for value in range(scm.domains[node]))
    return rows, 1


def certain(scm: Scm, node: int) -> bool:
    """Whether any two couplings of the rows of *node* are one: an equation, a root, a stated threshold."""
    mechanism = scm.mechanisms[node]
    return not isinstance(mechanism, Table) or mechanism.threshold or not scm.graph.parents[node]


def linear_effect(graph: Graph, coefficients: Mapping[tuple[int, int], Fraction], x: int, y: int) -> Fraction:
    """The sum over all directed paths from *x* to *y* of the product of the coefficients along each."""
    if x == y:
        return Fraction(1)
    return sum(
        (coefficients[cause, y] * linear_effect(graph, coefficients, x, cause) for cause in members(graph.parents[y])),
        Fraction(0),
    )
