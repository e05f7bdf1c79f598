"""Two models of a latent projection made models of the graph itself: its own latent nodes take the coins they can."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from causal_eval.causal.counterexample import Pair
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.scm import Scm, Table


def at_home(pair: Pair, g: Graph) -> Pair:
    """*pair*, whose nodes beyond those of *g* are fair coins, with coins moved to where *g* has a host for them.

    A host is a latent root of which all that listens to the coin are children, where *g* has no bidirected edge for
    it. One that takes k coins has 2^k values. Coins without a host stay.
    """
    first = pair.models[0].graph
    hosts: dict[int, list[int]] = {}
    for coin in range(g.n, first.n):
        host = _host(g, bits(first.children[coin]))
        if host is not None:
            hosts.setdefault(host, []).append(coin)
    if not hosts:
        return pair
    gone = {coin for coins in hosts.values() for coin in coins}
    kept = [node for node in range(first.n) if node not in gone]
    one, other = (_without(_moved(scm, hosts), kept) for scm in pair.models)
    return replace(pair, names=tuple([pair.names[node] for node in kept]), models=(one, other))


def _host(g: Graph, ends: tuple[int, ...]) -> int | None:
    if not ends or any(g.bidirected[one] >> other & 1 for one, other in itertools.combinations(ends, 2)):
        return None
    for node in bits(g.latent):
        if not g.parents[node] and not g.bidirected[node] and all(g.parents[end] >> node & 1 for end in ends):
            return node
    return None


def _moved(scm: Scm, hosts: Mapping[int, Sequence[int]]) -> Scm:
    """The model in which every host is what its coins were, bit by bit."""
    home = {coin: (host, place) for host, coins in hosts.items() for place, coin in enumerate(coins)}
    sizes = [1 << len(hosts[node]) if node in hosts else size for node, size in enumerate(scm.domains)]
    parents = []
    tables = []
    for node, causes in enumerate(scm.graph.parents):
        moved = {home[cause][0] for cause in bits(causes) if cause in home}
        parents.append(sum({1 << cause for cause in (*bits(causes), *moved) if cause not in home}))
        table = scm.mechanisms[node]
        assert isinstance(table, Table), "models of a hedge are tables"
        rows = {}
        for key in itertools.product(*[range(sizes[cause]) for cause in bits(parents[node])]):
            at = dict(zip(bits(parents[node]), key, strict=True))
            was = [at[home[one][0]] >> home[one][1] & 1 if one in home else at[one] for one in bits(causes)]
            rows[key] = table.rows[tuple(was)]
        fair = Fraction(1, sizes[node])
        tables.append(Table({(): (fair,) * sizes[node]}) if node in hosts else Table(rows))
    graph = Graph(scm.graph.n, tuple(parents), scm.graph.bidirected, scm.graph.latent)
    return Scm(graph, tuple(sizes), tuple(tables))


def _without(scm: Scm, kept: Sequence[int]) -> Scm:
    """The model of the nodes in *kept* alone, to which no other is a parent; their order stays."""
    place = {node: at for at, node in enumerate(kept)}
    edges = [(place[cause], place[node]) for node in kept for cause in bits(scm.graph.parents[node])]
    latent = sum(1 << place[node] for node in kept if scm.graph.latent >> node & 1)
    sizes = tuple([scm.domains[node] for node in kept])
    tables = tuple([scm.mechanisms[node] for node in kept])
    return Scm(Graph.build(len(kept), edges, latent=latent), sizes, tables)
