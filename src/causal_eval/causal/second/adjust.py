"""Back-door sets and smallest adjustment sets by trying every set, path by path."""

from __future__ import annotations

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.paths import Walker, on_causal_paths
from causal_eval.causal.second.reach import effects_of, members
from causal_eval.causal.second.structure import beside


def every_backdoor_set(g: Graph, x: int, *, y: int, fixed: int, excluded: int) -> list[int]:
    """All minimal back-door sets with *fixed* for the one node *x*.

    Raises:
        TooLarge: more than 16 candidates.
    """
    banned = g.latent | excluded | effects_of(g, x)
    if fixed & banned:
        return []
    walker = Walker(g, ((1 << g.n) - 1) & ~(x | y | fixed | banned), fixed)
    (start,) = members(x)
    return [one | fixed for one in walker.sets(walker.minimal(walker.all & ~walker.open_into(start, y)))]


def smallest_set(g: Graph, ends: tuple[int, int], *, fixed: int, excluded: int) -> int | None:
    """Of the smallest adjustment sets with *fixed*, the one with the least on the side of y; *ends*: x and y.

    Raises:
        TooLarge: more than 16 candidates.
    """
    x, y = ends
    causal = on_causal_paths(g, x, y=y)
    banned = g.latent | effects_of(g, causal)
    if fixed & banned:
        return None
    walker = Walker(g, ((1 << g.n) - 1) & ~(x | y | fixed | banned | excluded), fixed)
    found = list(walker.sets(walker.minimal(walker.all & ~walker.open_noncausal(x, y))))
    if not found:
        return None
    size = min(one.bit_count() for one in found)
    parents = tuple(pa & ~x if causal >> node & 1 else pa for node, pa in enumerate(g.parents))
    cut = Graph(g.n, parents, g.bidirected, g.latent)
    smallest = [one | fixed for one in found if one.bit_count() == size]
    return min(smallest, key=lambda one: beside(cut, x | y | fixed, y=y, cut=one))
