"""Graphs in JSON: node names and edges, every defect named by the nodes it concerns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from causal_eval.causal.graph import Graph, bits, find_cycle, mask_of
from causal_eval.causal.reading import name_list, node_list, node_of, sequence
from causal_eval.errors import MalformedCase


def read_graph(
    obj: Mapping[str, Any], names: Sequence[str], *, extra_edges: Iterable[tuple[int, int]] = (), extra_latent: int = 0
) -> Graph:
    """The graph over *names* with the edges of *obj* and the extra ones.

    Raises:
        MalformedCase: undirected edges, an unknown node, a self-loop, a duplicate edge or a cycle, by name.
    """
    if obj.get("undirected"):
        raise MalformedCase("graph: undirected edges make it a CPDAG, which this kind does not take; direct them")
    index = {name: node for node, name in enumerate(names)}
    directed = [*_edges(obj.get("directed"), index, field="directed"), *extra_edges]
    bidirected = _edges(obj.get("bidirected"), index, field="bidirected")
    _refuse_twice([tuple(sorted(edge)) for edge in bidirected], names, arrow="<->")
    _refuse_twice(directed, names, arrow="->")
    _refuse_cycle(directed, names)
    latent = mask_of(node_list(obj.get("latent"), index, where="graph: latent"))
    return Graph.build(len(names), directed, bidirected=bidirected, latent=latent | extra_latent)


def read_cpdag(obj: Mapping[str, Any], names: Sequence[str]) -> tuple[Graph, tuple[tuple[int, int], ...]]:
    """The directed part of the CPDAG *obj* over *names*, and its undirected edges (smaller, larger), sorted.

    Raises:
        MalformedCase: as :func:`read_graph`, an edge that is both, or bidirected edges and latent nodes.
    """
    index = {name: node for node, name in enumerate(names)}
    undirected = sorted(tuple(sorted(edge)) for edge in _edges(obj.get("undirected"), index, field="undirected"))
    _refuse_twice(undirected, names, arrow="-")
    graph = read_graph({"directed": obj.get("directed")}, names)
    if obj.get("bidirected") or obj.get("latent"):
        raise MalformedCase("graph: a CPDAG has neither bidirected edges nor latent nodes; remove them")
    for one, other in undirected:
        if graph.parents[one] >> other & 1 or graph.parents[other] >> one & 1:
            raise MalformedCase(f"graph: {names[one]} and {names[other]} are joined twice; remove one edge")
    return graph, tuple((one, other) for one, other in undirected)


def read_names(obj: Mapping[str, Any]) -> list[str]:
    """The node names of a graph object.

    Raises:
        MalformedCase: no list of names, or edges without one.
    """
    names = name_list(obj.get("nodes"), "graph: nodes")
    if not names and any(obj.get(field) for field in ("directed", "bidirected", "undirected")):
        raise MalformedCase('graph: it has edges and no nodes; list every node under "nodes"')
    return names


def write_graph(names: Sequence[str], graph: Graph) -> dict[str, Any]:
    """The JSON of a graph: nodes in index order, edges sorted by index."""
    return {
        "nodes": list(names),
        "directed": [[names[cause], names[effect]] for cause, effect in graph.edges()],
        "bidirected": [[names[one], names[other]] for one, other in graph.bidirected_edges()],
        "latent": [names[node] for node in bits(graph.latent)],
    }


def _edges(value: Any, index: Mapping[str, int], *, field: str) -> list[tuple[int, int]]:
    edges: list[tuple[int, int]] = []
    for edge in sequence(value, f"graph: {field}"):
        if not isinstance(edge, list | tuple) or len(edge) != 2:  # noqa: PLR2004 - an edge has two ends
            raise MalformedCase(f"graph: {field} edge {edge!r} must be a list of two node names")
        one, other = (node_of(end, index, where=f"graph: {field} edge {list(edge)!r}") for end in edge)
        if one == other:
            raise MalformedCase(f"graph: {field} edge {list(edge)!r} is a self-loop; remove it")
        edges.append((one, other))
    return edges


def _refuse_twice(edges: Sequence[tuple[int, ...]], names: Sequence[str], *, arrow: str) -> None:
    seen: set[tuple[int, ...]] = set()
    for edge in edges:
        if edge in seen:
            raise MalformedCase(f"graph: edge {names[edge[0]]} {arrow} {names[edge[1]]} is listed twice; remove one")
        seen.add(edge)


def _refuse_cycle(directed: Iterable[tuple[int, int]], names: Sequence[str]) -> None:
    parents = [0] * len(names)
    for cause, effect in directed:
        parents[effect] |= 1 << cause
    if cycle := find_cycle(parents):
        raise MalformedCase(
            f"graph: the cycle {' -> '.join(names[node] for node in cycle)} has no causal order; cut it"
        )
