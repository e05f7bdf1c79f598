"""The front-door criterion path by path, and existence by trying every set."""

from __future__ import annotations

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.paths import Walker
from causal_eval.causal.second.reach import effects_of, members
from causal_eval.errors import TooLarge

MOST_CANDIDATES = 12


def is_frontdoor(g: Graph, x: int, *, y: int, m: int) -> bool:
    """Whether *m* meets the three conditions, every path walked."""
    if m & (g.latent | x | y):
        return False
    around = Graph(g.n, tuple(0 if m >> node & 1 else pa for node, pa in enumerate(g.parents)), g.bidirected, g.latent)
    if effects_of(around, x) & y:
        return False
    return not _back_door(g, x, end=m, given=0) and not _back_door(g, m, end=y, given=x)


def exists(g: Graph, x: int, *, y: int) -> bool:
    """Whether any set is one.

    Raises:
        TooLarge: more than 12 candidates.
    """
    free = members(((1 << g.n) - 1) & ~(x | y | g.latent))
    if len(free) > MOST_CANDIDATES:
        raise TooLarge(f"{len(free)} candidates: the second solver tries all sets of at most {MOST_CANDIDATES}")
    chosen = (sum(1 << free[place] for place in members(pick)) for pick in range(1 << len(free)))
    return any(is_frontdoor(g, x, y=y, m=one) for one in chosen)


def _back_door(g: Graph, start: int, *, end: int, given: int) -> bool:
    """Whether some path from *start* to *end* that leaves no member of *start* by its own arrow is open."""
    cut = Graph(g.n, tuple(pa & ~start for pa in g.parents), g.bidirected, g.latent)
    return bool(Walker(cut, 0, given).open_any(start, end))
