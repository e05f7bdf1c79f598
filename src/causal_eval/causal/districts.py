"""Latent projections, and the districts (c-components) of what is observed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from causal_eval.causal.graph import Graph, bits, closure


@lru_cache(maxsize=1024)  # a case is projected once for each part of its answer
def projected(g: Graph) -> Graph:
    """The latent projection (Verma and Pearl 1990): nodes keep their numbers, latent ones are isolated.

    A directed edge for every directed path whose inner nodes are latent; a bidirected edge where latent nodes alone
    lie on a path without colliders that enters both ends by an arrow.
    """
    if not g.latent:
        return g
    within = [mask & g.latent for mask in g.parents]
    above = [0 if g.latent >> node & 1 else closure(within, 1 << node) for node in range(g.n)]
    beside = [0] * g.n
    for node in bits(g.observed):
        for source in bits(above[node]):
            beside[node] |= g.bidirected[source] | (1 << source & g.latent)
    parents = [0] * g.n
    siblings = [0] * g.n
    for node in bits(g.observed):
        for source in bits(above[node]):
            parents[node] |= g.parents[source] & g.observed
        for other in bits(g.observed & ~(1 << node)):
            siblings[node] |= (1 << other) if above[other] & beside[node] else 0
    return Graph(g.n, tuple(parents), tuple(siblings), g.latent)


def districts(g: Graph, within: int) -> list[int]:
    """The districts of the subgraph over *within*, by their smallest node."""
    return split(g.bidirected, within)


def split(bidirected: Sequence[int], within: int) -> list[int]:
    """The parts of *within* that bidirected edges inside it connect."""
    found = []
    while within:
        part = frontier = within & -within
        within ^= part
        while frontier:
            low = frontier & -frontier
            fresh = bidirected[low.bit_length() - 1] & within
            within ^= fresh
            part |= fresh
            frontier ^= low | fresh
        found.append(part)
    return found
