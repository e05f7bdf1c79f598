"""Random graphs and models that follow from a seed, and a third solver: plain enumeration of everything."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction

from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.query import Assignment
from causal_eval.causal.scm import Call, Const, Expression, Rule, Scm, Table, Var
from causal_eval.seeds import Stream


class Draw:
    """Draws graphs and models from one stream."""

    def __init__(self, seed: int) -> None:
        self.stream = Stream("tests/causal", seed)

    def graph(self, n: int, *, density: int = 45, bidirected: int = 0, latent: int = 0) -> Graph:
        """A random graph; every possible edge stands with *density* (*bidirected*) percent."""
        order = self.stream.shuffled(range(n))
        pairs = list(itertools.combinations(order, 2))
        directed = [pair for pair in pairs if self.stream.chance(density, 100)]
        both = [pair for pair in pairs if self.stream.chance(bidirected, 100)]
        hidden = sum(1 << node for node in range(n) if self.stream.chance(latent, 100))
        return Graph.build(n, directed, bidirected=both, latent=hidden)

    def row(self, size: int) -> tuple[Fraction, ...]:
        """Probabilities with a small common denominator; zeros included."""
        weights = [self.stream.below(5) for _ in range(size)]
        weights[self.stream.below(size)] += 1
        return tuple(Fraction(weight, sum(weights)) for weight in weights)

    def table(self, graph: Graph, domains: tuple[int, ...], node: int, *, threshold: bool = False) -> Table:
        """A random table for *node*."""
        parents = list(bits(graph.parents[node]))
        keys = itertools.product(*(range(domains[parent]) for parent in parents))
        return Table({key: self.row(domains[node]) for key in keys}, threshold=threshold and bool(parents))

    def expression(self, nodes: list[int], depth: int = 0) -> Expression:
        """A random truth function of *nodes*."""
        kind = self.stream.below(10)
        if depth == 3 or kind < 3:
            return Var(self.stream.choice(nodes))
        if kind < 5:
            return Call("not", (self.expression(nodes, depth + 1),))
        op = self.stream.choice(["and", "or", "xor", "eq", "ge"])
        return Call(op, (self.expression(nodes, depth + 1), self.expression(nodes, depth + 1)))

    def scm(self, graph: Graph, *, values: int = 2, rules: int = 0, threshold: bool = False) -> Scm:
        """A random model; *rules* percent of the two-valued inner nodes are deterministic."""
        domains = tuple(self.stream.between(2, values) for _ in range(graph.n))
        mechanisms: list[Table | Rule] = []
        for node in range(graph.n):
            parents = list(bits(graph.parents[node]))
            if parents and domains[node] == 2 and self.stream.chance(rules, 100):
                mechanisms.append(Rule(Call("ge", (self.expression(parents), Const(value=1)))))
            else:
                mechanisms.append(self.table(graph, domains, node, threshold=threshold))
        return Scm(graph, domains, tuple(mechanisms))

    def positive(self, graph: Graph) -> Scm:
        """A random two-valued model without zeros."""
        tables = []
        for node in range(graph.n):
            keys = itertools.product((0, 1), repeat=graph.parents[node].bit_count())
            rows = {key: Fraction(self.stream.between(1, 96), 97) for key in keys}
            tables.append(Table({key: (1 - p, p) for key, p in rows.items()}))
        return Scm(graph, (2,) * graph.n, tuple(tables))

    def nodes(self, graph: Graph, *sizes: int) -> list[tuple[int, ...]]:
        """Disjoint random node sets of the given sizes, as far as nodes suffice."""
        left = self.stream.shuffled(range(graph.n))
        found = []
        for size in sizes:
            found.append(tuple(sorted(left[:size])))
            left = left[size:]
        return found

    def assignment(self, scm: Scm, size: int) -> Assignment:
        """Random values of *size* random nodes."""
        (nodes,) = self.nodes(scm.graph, size)
        return tuple((node, self.stream.below(scm.domains[node])) for node in nodes)


def enumerated(scm: Scm, event: Assignment, *, given: Assignment = (), do: Assignment = ()) -> Fraction | None:
    """P(event | do, given) by multiplying table entries over all joint values; None when *given* is impossible."""
    whole = part = Fraction(0)
    for values, weight in joint(scm, dict(do)):
        if all(values[node] == value for node, value in given):
            whole += weight
            part += weight * all(values[node] == value for node, value in event)
    return part / whole if whole else None


def joint(scm: Scm, do: Mapping[int, int]) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """All joint values with the product of the (mutilated) tables."""
    for values in itertools.product(*(range(size) for size in scm.domains)):
        weight = Fraction(1)
        for node, mechanism in enumerate(scm.mechanisms):
            if node in do:
                weight *= values[node] == do[node]
                continue
            assert isinstance(mechanism, Table)
            key = tuple(values[parent] for parent in bits(scm.graph.parents[node]))
            weight *= mechanism.rows[key][values[node]]
        if weight:
            yield values, weight
