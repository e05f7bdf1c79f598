"""Direct effects path by path: every path that is left once the edges from X into Y are gone."""

from __future__ import annotations

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.paths import Walker
from causal_eval.causal.second.reach import effects_of, members


def is_direct_set(g: Graph, x: int, *, y: int, z: int) -> bool:
    """Whether *z* leaves no path from *x* to *y* open but their edges, and follows from no *y* that these enter."""
    return not z & (g.latent | _after(g, x, y=y)) and not Walker(_cut(g, x, y=y), 0, z).open_any(x, y)


def minimal_direct_sets(g: Graph, x: int, *, y: int, fixed: int, excluded: int) -> list[int]:
    """All minimal ones that contain *fixed*, by trying every set.

    Raises:
        TooLarge: more than 16 candidates.
    """
    banned = g.latent | excluded | _after(g, x, y=y)
    if fixed & banned:
        return []
    walker = Walker(_cut(g, x, y=y), ((1 << g.n) - 1) & ~(x | y | fixed | banned), fixed)
    return [one | fixed for one in walker.sets(walker.minimal(walker.all & ~walker.open_any(x, y)))]


def _after(g: Graph, x: int, *, y: int) -> int:
    found = 0
    for node in members(y):
        if g.parents[node] & x:
            found |= effects_of(g, 1 << node)
    return found


def _cut(g: Graph, x: int, *, y: int) -> Graph:
    """Without the edges from *x* into *y*."""
    return Graph(
        g.n, tuple(pa & ~x if y >> node & 1 else pa for node, pa in enumerate(g.parents)), g.bidirected, g.latent
    )
