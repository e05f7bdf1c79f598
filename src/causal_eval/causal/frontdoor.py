"""The front-door criterion (Pearl 2009, Causality, definition 3.3.3) and the largest set that satisfies it."""

from __future__ import annotations

from causal_eval.causal.graph import Graph, bits, closure, mask_of
from causal_eval.causal.separation import reachable


def is_frontdoor_set(g: Graph, x: int, *, y: int, m: int) -> bool:
    """Whether *m* satisfies the front-door criterion for (*x*, *y*).

    No node of it is latent, and

    1. *m* intercepts every directed path from *x* to *y*,
    2. no back-door path from *x* to *m* is open,
    3. every back-door path from *m* to *y* is blocked by *x*.
    """
    if m & (g.latent | x | y):
        return False
    cut = [mask & ~m for mask in g.children]
    if closure(cut, x) & y:
        return False
    if reachable(g.without_outgoing(x), x, z=0) & m:
        return False
    return not reachable(g.without_outgoing(m), m, z=x) & y


def widest_frontdoor_set(g: Graph, x: int, *, y: int) -> int | None:
    """The largest set that satisfies the criterion; None where none does.

    Conditions 2 and 3 hold of a union where they hold of both sets, and the first only asks for more members, so the
    largest set that keeps 2 and 3 decides (Jeong, Tian and Bareinboim 2022, algorithm FINDFDSET). A node with an open
    back-door path keeps it in every smaller set, from which fewer edges are removed: it can be taken out for good.
    """
    candidates = g.observed & ~(x | y) & ~reachable(g.without_outgoing(x), x, z=0)
    while True:
        cut = g.without_outgoing(candidates)
        kept = mask_of(node for node in bits(candidates) if not reachable(cut, 1 << node, z=x) & y)
        if kept == candidates:
            return candidates if is_frontdoor_set(g, x, y=y, m=candidates) else None
        candidates = kept
