"""The rules of do-calculus by moralising the graph that each of them speaks of."""

from __future__ import annotations

from causal_eval.causal.graph import Graph
from causal_eval.causal.second.reach import causes_of, cut_off, members


def applies(g: Graph, rule: int, *, y: int, x: int, z: int, w: int) -> bool:
    """Whether *rule* may be used: separation in the moral graph of what is left of *g*."""
    into, out = x, 0
    match rule:
        case 2:
            out = z
        case 3:
            above = causes_of(_left(g, x, out=0), w)
            into |= sum(1 << node for node in members(z) if not above >> node & 1)
    return cut_off(_left(g, into, out=out), z, y, x | w)


def _left(g: Graph, into: int, *, out: int) -> Graph:
    """*g* without edges into *into* and out of *out*."""
    parents = [0 if into >> node & 1 else causes & ~out for node, causes in enumerate(g.parents)]
    siblings = [0 if into >> node & 1 else beside & ~into for node, beside in enumerate(g.bidirected)]
    return Graph(g.n, tuple(parents), tuple(siblings), g.latent)
