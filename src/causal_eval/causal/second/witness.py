"""What makes a verdict on an effect believable by itself: formulas and pairs of models, gone through state by state."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from causal_eval.causal.formula.tree import Formula, Prob, Ref
from causal_eval.causal.graph import Graph
from causal_eval.causal.scm import Row, Scm, Table
from causal_eval.causal.second.districts import without_latents
from causal_eval.causal.second.enumeration import Enumeration, free_in, nodes_in
from causal_eval.causal.second.nested import Level, Unit, each, worked_out
from causal_eval.causal.second.reach import causes_of, members
from causal_eval.errors import TooLarge
from causal_eval.seeds import Stream

MOST_NODES = 13
"""Nodes and common causes of a model in which a formula is tried."""


def random_scm(g: Graph, stream: Stream, *, keep: int) -> Scm:
    """A random positive model of *g* with two values a node; every bidirected edge is one more latent node.

    Of nodes but the ancestors of *keep*, which cannot matter, there is one value.
    """
    kept = causes_of(g, keep)
    pairs = [(one, other) for one in members(kept) for other in members(g.bidirected[one] & kept) if one < other]
    if kept.bit_count() + len(pairs) > MOST_NODES:
        raise TooLarge(f"the second solver tries formulas on at most {MOST_NODES} nodes and common causes")
    parents = [*[causes if kept >> node & 1 else 0 for node, causes in enumerate(g.parents)], *[0] * len(pairs)]
    for place, (one, other) in enumerate(pairs):
        parents[one] |= 1 << g.n + place
        parents[other] |= 1 << g.n + place
    tables = []
    sizes = [2 if kept >> node & 1 or node >= g.n else 1 for node in range(len(parents))]
    for size, causes in zip(sizes, parents, strict=True):
        keys = itertools.product((0, 1), repeat=causes.bit_count())
        tables.append(Table({key: _row(stream) if size > 1 else (Fraction(1),) for key in keys}))
    hidden = g.latent | (1 << len(parents)) - (1 << g.n)
    graph = Graph(len(parents), tuple(parents), (0,) * len(parents), hidden)
    return Scm(graph, tuple(sizes), tuple(tables))


def _row(stream: Stream) -> Row:
    p = Fraction(stream.between(1, 96), 97)
    return (1 - p, p)


def formula_holds(g: Graph, formula: Formula, *, x: int, y: int, z: int) -> bool:
    """Whether *formula* is P(y | do x, z) in random models of *g* whatever its free copies are.

    Raises:
        TooLarge: more than 13 nodes and common causes.
    """
    y_, z_, x_ = (tuple([Ref(node) for node in members(mask)]) for mask in (y, z, x))
    return formulas_agree(g, formula, other=Prob(y_, z_, x_))


def formulas_agree(g: Graph, one: Formula, *, other: Formula, seed: int = 0) -> bool:
    """Whether two formulas have one value in two random models of *g*, whatever their free copies are.

    Raises:
        TooLarge: more than 13 nodes and common causes.
    """
    keep = nodes_in(one) | nodes_in(other)
    free = sorted(free_in(one) | free_in(other))
    stream = Stream("second", "formula", seed)
    for _ in range(2):  # one might give two different formulas the same value by chance
        states = Enumeration(random_scm(g, stream, keep=keep))
        for values in itertools.product((0, 1), repeat=len(free)):
            at = dict(zip(free, values, strict=True))
            if states.worth(one, at) != states.worth(other, at):
                return False
    return True


def is_of(g: Graph, scm: Scm) -> bool:
    """Whether every edge of *scm* is one of *g* or its latent projection; a further node stands for one of those."""
    seen = without_latents(g)
    if scm.graph.n < g.n or any(scm.graph.parents[node] for node in range(g.n, scm.graph.n)):
        return False
    own = (1 << g.n) - 1
    if any(scm.graph.parents[node] & own & ~(g.parents[node] | seen.parents[node]) for node in range(g.n)):
        return False
    for extra in range(g.n, scm.graph.n):
        ends = [node for node in range(g.n) if scm.graph.parents[node] >> extra & 1]
        if any(one != other and not seen.bidirected[one] >> other & 1 for one in ends for other in ends):
            return False
    return True


def effect_differs(
    one: Scm, other: Scm, *, do: Mapping[int, int], event: Mapping[int, int], given: Mapping[int, int]
) -> Sequence[Fraction] | None:
    """P(event | do, given) in two models where it differs and their laws of what is observed are one, all positive.

    Nodes that stand alone are fair coins in both and are passed over.
    """
    asked = sum(1 << node for node in {*do, *event, *given})
    models = [_joined(scm, asked) for scm in (one, other)]
    states = [Enumeration(scm) for scm in models]
    seen = [node for node in members(~one.graph.latent & (1 << one.graph.n) - 1) if models[0].domains[node] > 1]
    for values in itertools.product(*[range(one.domains[node]) for node in seen]):
        at = dict(zip(seen, values, strict=True))
        first, second = (state.probability(at, do={}) for state in states)
        if first != second or not first:
            return None
    shares = [state.probability({**event, **given}, do=do) / state.probability(given, do=do) for state in states]
    return shares if shares[0] != shares[1] else None


def experiments_agree(one: Scm, other: Scm, *, n: int) -> bool:
    """Whether two models have one law of the first *n* nodes that are observed after every intervention on them.

    Nodes that are the same coin in both and stand alone are passed over. Every set of nodes is set to all their values.
    """
    g = one.graph
    idle = [node for node in range(n) if not g.parents[node] and one.mechanisms[node] == other.mechanisms[node]]
    alone = {node for node in idle if not any(causes >> node & 1 for causes in g.parents)}
    nodes = [node for node in members(~g.latent & (1 << n) - 1) if node not in alone]
    return all(
        _law_after(one, does, rest=rest) == _law_after(other, does, rest=rest)
        for does, rest in _interventions(one, nodes)
    )


def _interventions(scm: Scm, nodes: Sequence[int]) -> Iterator[tuple[dict[int, int], list[int]]]:
    """What may be done to some of *nodes*, with the others."""
    chosen = itertools.chain.from_iterable(itertools.combinations(nodes, size) for size in range(len(nodes)))
    for some in chosen:
        rest = [node for node in nodes if node not in some]
        for values in itertools.product(*[range(scm.domains[node]) for node in some]):
            yield dict(zip(some, values, strict=True)), rest


def _law_after(scm: Scm, does: Mapping[int, int], *, rest: Sequence[int]) -> Mapping[tuple[Level, ...], Fraction]:
    """The law of *rest* after what is done, unit by unit."""

    def told(unit: Unit) -> tuple[Level, ...]:
        return tuple([worked_out(scm, unit, node=node, does=does) for node in rest])

    found: dict[tuple[Level, ...], Fraction] = {}
    for values, share, _ in each(scm, told):
        found[values] = found.get(values, Fraction(0)) + share
    return found


def _joined(scm: Scm, asked: int) -> Scm:
    """*scm* with one value for every node outside *asked* that no edge joins to another and that is a fair coin."""
    g = scm.graph
    caused = 0
    for causes in g.parents:
        caused |= causes
    half = (Fraction(1, 2), Fraction(1, 2))
    idle = [
        not (g.parents[node] or (caused | asked) >> node & 1) and isinstance(table, Table) and table.rows[()] == half
        for node, table in enumerate(scm.mechanisms)
    ]
    sizes = tuple([1 if alone else size for alone, size in zip(idle, scm.domains, strict=True)])
    certain = Table({(): (Fraction(1),)})
    tables = tuple([certain if alone else table for alone, table in zip(idle, scm.mechanisms, strict=True)])
    return Scm(g, sizes, tables)
