"""Districts from the definition, and the latent projection one latent node at a time."""

from __future__ import annotations

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.reach import members


def districts_of(bidirected: tuple[int, ...], within: int) -> list[int]:
    """The classes of the relation "joined by bidirected edges inside *within*", by repeated merging."""
    parts = [1 << node for node in members(within)]
    for one in members(within):
        for other in members(bidirected[one] & within):
            first, second = (next(part for part in parts if part >> node & 1) for node in (one, other))
            if first != second:
                parts = [part for part in parts if part not in (first, second)]
                parts.append(first | second)
    return sorted(parts, key=lambda part: part & -part)


def without_latents(g: Graph) -> Graph:
    """*g* with its latent nodes marginalised one by one: every path through such a node becomes an edge."""
    parents, siblings = list(g.parents), list(g.bidirected)
    for hidden in members(g.latent):
        above, beside = members(parents[hidden]), members(siblings[hidden])
        below = [node for node in range(g.n) if parents[node] >> hidden & 1]
        for node in below:
            parents[node] &= ~(1 << hidden)
            parents[node] |= sum(1 << cause for cause in above)
            for other in {*below, *beside} - {node}:
                siblings[node] |= 1 << other
                siblings[other] |= 1 << node
        for other in beside:
            siblings[other] &= ~(1 << hidden)
        parents[hidden] = siblings[hidden] = 0
    return Graph(g.n, tuple(parents), tuple(siblings), g.latent)
