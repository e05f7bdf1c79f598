"""Adjustment in a class of DAGs from the definition: in every DAG of it, every path."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.paths import Walker, on_causal_paths
from causal_eval.causal.second.reach import effects_of, members
from causal_eval.errors import MalformedCase, TooLarge

MOST_EDGES = 15
Edges = tuple[tuple[int, int], ...]


def valid_everywhere(g: Graph, undirected: Edges, *, x: int, y: int, z: int) -> bool:
    """Whether *z* is an adjustment set in every DAG that these edges stand for.

    Raises:
        TooLarge: more than 15 undirected edges.
        MalformedCase: no DAG has them.
    """
    dags = all_dags(g, undirected)
    return all(_valid(dag, x, y=y, z=z) for dag in dags)


def minimal_everywhere(g: Graph, undirected: Edges, *, ends: tuple[int, int], fixed: int, excluded: int) -> list[int]:
    """All minimal sets with *fixed* that are valid in every DAG; *ends*: x and y.

    Raises:
        TooLarge: more than 15 undirected edges, or more than 16 candidates.
        MalformedCase: no DAG has them.
    """
    x, y = ends
    dags = all_dags(g, undirected)
    banned = g.latent | excluded
    for dag in dags:
        banned |= effects_of(dag, on_causal_paths(dag, x, y=y))
    if fixed & banned:
        return []
    walkers = [Walker(dag, ((1 << g.n) - 1) & ~(x | y | fixed | banned), fixed) for dag in dags]
    valid = walkers[0].all
    for walker in walkers:
        valid &= ~walker.open_noncausal(x, y)
    return [one | fixed for one in walkers[0].sets(walkers[0].minimal(valid))]


def all_dags(g: Graph, undirected: Edges) -> list[Graph]:
    """Every way round of the *undirected* edges without a cycle and without a new immorality.

    Raises:
        TooLarge: more than 15 of them. MalformedCase: there is none.
    """
    if found := list(_every_dag(g, undirected)):
        return found
    raise MalformedCase("graph: no DAG has these edges and no other immoralities; it is no CPDAG")


def _every_dag(g: Graph, undirected: Edges) -> Iterator[Graph]:
    if len(undirected) > MOST_EDGES:
        raise TooLarge(f"{len(undirected)} undirected edges: the second solver turns at most {MOST_EDGES} either way")
    for turned in itertools.product((False, True), repeat=len(undirected)):
        parents = list(g.parents)
        for (one, other), turn in zip(undirected, turned, strict=True):
            tail, head = (other, one) if turn else (one, other)
            parents[head] |= 1 << tail
        dag = Graph(g.n, tuple(parents), g.bidirected, g.latent)
        if _acyclic(dag) and _collisions(dag) <= _collisions(g, joined=dag):
            yield dag


def _valid(dag: Graph, x: int, *, y: int, z: int) -> bool:
    if z & (dag.latent | effects_of(dag, on_causal_paths(dag, x, y=y))):
        return False
    return not Walker(dag, 0, z).open_noncausal(x, y)


def _acyclic(dag: Graph) -> bool:
    return not any(effects_of(dag, 1 << node) & dag.parents[node] for node in range(dag.n))


def _collisions(g: Graph, *, joined: Graph | None = None) -> set[tuple[int, int, int]]:
    """Every (parent, child, parent) of *g* whose parents no edge of *joined*, or else of *g*, joins."""
    near = (joined or g).parents
    return {
        (one, child, other)
        for child in range(g.n)
        for one, other in itertools.combinations(members(g.parents[child]), 2)
        if not near[one] >> other & 1 and not near[other] >> one & 1
    }
