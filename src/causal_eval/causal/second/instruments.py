"""Instruments path by path, and all of them by trying every set that may be given."""

from __future__ import annotations

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.paths import MOST_CANDIDATES, Walker, on_causal_paths
from causal_eval.causal.second.reach import causes_of, effects_of, members
from causal_eval.errors import TooLarge


def serves_edge(g: Graph, x: int, *, y: int, z: int, w: int) -> bool:
    """Whether *z* moves *x* given *w*, and *y* only through the edge from *x*."""
    return _serves(_without(g, x, into=y), x, y=y, z=z, w=w, barred=g.latent | effects_of(g, y))


def serves_total(g: Graph, x: int, *, y: int, z: int, w: int) -> bool:
    """Whether *z* moves *x* given *w*, and *y* only through causal paths from *x*, off which *w* stays."""
    causal = on_causal_paths(g, x, y=y)
    barred = g.latent | effects_of(g, y) | effects_of(g, causal)
    return _serves(_without(g, x, into=causal), x, y=y, z=z, w=w, barred=barred)


def serving(g: Graph, x: int, *, y: int) -> list[tuple[int, int]]:
    """(z, w) for every node z and each smallest set w of causes of z and y that makes it an instrument.

    Raises:
        TooLarge: more than 16 nodes that may be given.
    """
    cut = _without(g, x, into=y)
    found = []
    for z in members(((1 << g.n) - 1) & ~(x | y | g.latent)):
        free = causes_of(cut, y | 1 << z) & ~(x | y | 1 << z | g.latent | effects_of(g, y))
        if len(members(free)) > MOST_CANDIDATES:
            raise TooLarge(f"{len(members(free))} candidates: the second solver tries all sets of {MOST_CANDIDATES}")
        walker = Walker(cut, free, 0)
        good = walker.all & ~walker.open_any(1 << z, y) & walker.open_any(1 << z, x)
        found += [(z, w) for w in walker.sets(walker.minimal(good))]
    return found


def _serves(cut: Graph, x: int, *, y: int, z: int, w: int, barred: int) -> bool:
    if w & barred or z & cut.latent:
        return False
    walker = Walker(cut, 0, w)
    return not walker.open_any(z, y) and bool(walker.open_any(z, x))


def _without(g: Graph, x: int, *, into: int) -> Graph:
    """Without the edges from *x* to the nodes of *into*."""
    parents = tuple(pa & ~x if into >> node & 1 else pa for node, pa in enumerate(g.parents))
    return Graph(g.n, parents, g.bidirected, g.latent)
