"""Adjustment under selection, path by path."""

from __future__ import annotations

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.paths import Walker, on_causal_paths
from causal_eval.causal.second.reach import effects_of, members


def is_selected_set(g: Graph, x: int, *, y: int, z: int, s: int) -> bool:
    """Whether *z* is off the causal paths, blocks all others given *s*, and *s* tells nothing else about *y*."""
    if z & (g.latent | effects_of(g, on_causal_paths(g, x, y=y))):
        return False
    return not _told(g, x, y=y, s=s) and not Walker(g, 0, z | s).open_noncausal(x, y)


def minimal_selected_sets(g: Graph, ends: tuple[int, int], *, s: int, fixed: int, excluded: int) -> list[int]:
    """All minimal ones that contain *fixed*, by trying every set; *ends*: x and y.

    Raises:
        TooLarge: more than 16 candidates.
    """
    x, y = ends
    banned = g.latent | excluded | effects_of(g, on_causal_paths(g, x, y=y))
    if fixed & banned or _told(g, x, y=y, s=s):
        return []
    walker = Walker(g, ((1 << g.n) - 1) & ~(x | y | s | fixed | banned), fixed | s)
    return [one | fixed for one in walker.sets(walker.minimal(walker.all & ~walker.open_noncausal(x, y)))]


def is_odds_ratio(g: Graph, x: int, *, y: int, z: int, s: int) -> bool:
    """Whether *s* is no news about *x* given *y* and *z*, and *z* is an adjustment set among everybody."""
    if z & (g.latent | effects_of(g, on_causal_paths(g, x, y=y))):
        return False
    seen = y | z
    return not Walker(g, 0, seen).open_any(x, s & ~seen) and not Walker(g, 0, z).open_noncausal(x, y)


def _told(g: Graph, x: int, *, y: int, s: int) -> bool:
    """Whether a path from *s* to *y* is open that does not set out on a causal path from *x*."""
    causal = on_causal_paths(g, x, y=y)
    parents = tuple(pa & ~x if causal >> node & 1 else pa for node, pa in enumerate(g.parents))
    cut = Graph(g.n, parents, g.bidirected, g.latent)
    return any(Walker(cut, 0, 0).open_any(1 << node, y) for node in members(s))
