"""Minimum vertex cuts of an undirected graph by maximum flow (Even 1979, Graph algorithms, chapter 6).

Every node is split in two, joined by an arc of its cost; Edmonds and Karp's augmenting paths are shortest. Of all
minimum cuts the one nearest to the sink is returned: what still reaches the sink along residual arcs is its side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from causal_eval.causal.adjust import contracted_moral, forbidden, proper_backdoor_graph
from causal_eval.causal.graph import Graph, bits, mask_of


def minimum_cut(adjacent: Sequence[int], near: int, *, far: int, costs: Mapping[int, int]) -> int | None:
    """The cheapest set of nodes that cuts *near* from *far*, of several the nearest to *far*; None where none does.

    Nodes without a cost in *costs* (positive integers) cannot be cut.
    """
    arcs = _split(adjacent, near, far=far, costs=costs)
    source, sink = 2 * len(adjacent), 2 * len(adjacent) + 1
    limit = sum(costs.values()) + 1
    flow = 0
    while path := _augmenting(arcs, source, sink=sink):
        pushed = min(arcs[one][other] for one, other in path)
        for one, other in path:
            arcs[one][other] -= pushed
            arcs[other][one] = arcs[other].get(one, 0) + pushed
        flow += pushed
        if flow >= limit:
            return None
    side = _reaching(arcs, sink)
    return mask_of(node for node in costs if 2 * node + 1 in side and 2 * node not in side)


def minimum_separator(g: Graph, x: int, *, y: int, include: int = 0, exclude: int = 0) -> int | None:
    """A smallest separator that contains *include* and avoids latent nodes and *exclude*; of several the nearest to y.

    None where no set separates. It lies among the ancestors, where separation is a vertex cut of the moral graph
    (van der Zander, Liskiewicz and Textor 2019, algorithm FINDMINCOSTSEP).
    """
    return _smallest(g, x, y=y, include=include, allowed=g.observed & ~(x | y | include | exclude))


def minimum_adjustment_set(g: Graph, x: int, *, y: int, include: int = 0, exclude: int = 0) -> int | None:
    """A smallest adjustment set that contains *include* and avoids *exclude*; of several the nearest to *y*.

    None where no set is valid.
    """
    banned = g.latent | forbidden(g, x, y)
    if include & banned:
        return None
    allowed = g.everything & ~(banned | x | y | include | exclude)
    return _smallest(proper_backdoor_graph(g, x, y), x, y=y, include=include, allowed=allowed)


def _smallest(g: Graph, x: int, *, y: int, include: int, allowed: int) -> int | None:
    adjacent = contracted_moral(g, x | y, include=include, allowed=allowed)
    found = minimum_cut(adjacent, x, far=y, costs=dict.fromkeys(bits(allowed), 1))
    return None if found is None else found | include


def _split(adjacent: Sequence[int], near: int, *, far: int, costs: Mapping[int, int]) -> list[dict[int, int]]:
    """Residual capacities: node v enters at 2v and leaves at 2v + 1; the last two are source and sink."""
    unlimited = sum(costs.values()) + 1
    arcs: list[dict[int, int]] = [{} for _ in range(2 * len(adjacent) + 2)]
    for node, around in enumerate(adjacent):
        arcs[2 * node][2 * node + 1] = costs.get(node, unlimited)
        for other in bits(around):
            arcs[2 * node + 1][2 * other] = unlimited
    for node in bits(near):
        arcs[2 * len(adjacent)][2 * node] = unlimited
    for node in bits(far):
        arcs[2 * node + 1][2 * len(adjacent) + 1] = unlimited
    return arcs


def _augmenting(arcs: Sequence[Mapping[int, int]], source: int, *, sink: int) -> list[tuple[int, int]]:
    """The arcs of a shortest path with room left; none where the flow is the largest."""
    came: dict[int, int] = {source: source}
    queue = [source]
    for one in queue:
        fresh = [other for other, room in arcs[one].items() if room and other not in came]
        came.update(dict.fromkeys(fresh, one))
        queue += fresh
    path: list[tuple[int, int]] = []
    while sink in came and sink != source:
        path.append((came[sink], sink))
        sink = came[sink]
    return path


def _reaching(arcs: Sequence[Mapping[int, int]], sink: int) -> set[int]:
    """What reaches *sink* along arcs with room left."""
    entering: list[list[int]] = [[] for _ in arcs]
    for one, leaving in enumerate(arcs):
        for other, room in leaving.items():
            if room:
                entering[other].append(one)
    found = [sink]
    seen = {sink}
    for node in found:
        fresh = [other for other in entering[node] if other not in seen]
        seen.update(fresh)
        found += fresh
    return seen
