"""Adjustment for the controlled direct effect: the edges from X into Y with everything else held.

Z identifies it in every linear model iff it separates X from Y once the edges from X into Y are removed, and holds no
descendant of a member of Y that such an edge enters (Pearl 2009, Causality, theorem 5.3.1, the single-door criterion;
for sets van der Zander, Liskiewicz and Textor 2019, section 6). Where no edge enters a member of Y its descendants may
be held: separation alone says that the effect is none.
"""

from __future__ import annotations

from causal_eval.causal.adjust import minimal_separators
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.separation import separated


def indirect_graph(g: Graph, x: int, *, y: int) -> Graph:
    """The graph without the edges from *x* into *y*."""
    parents = tuple([pa & ~x if y >> node & 1 else pa for node, pa in enumerate(g.parents)])
    return Graph(g.n, parents, g.bidirected, g.latent)


def never_held(g: Graph, x: int, *, y: int) -> int:
    """Mask of the nodes that may not be held: the descendants of every member of *y* that an edge from *x* enters."""
    return g.descendants(mask_of(node for node in bits(y) if g.parents[node] & x))


def is_direct_effect_set(g: Graph, x: int, *, y: int, z: int) -> bool:
    """Whether adjusting for *z* gives the direct effect of *x* on *y* in every linear model of the graph."""
    if z & (g.latent | never_held(g, x, y=y)):
        return False
    return separated(indirect_graph(g, x, y=y), x, y, z)


def minimal_direct_effect_sets(
    g: Graph, x: int, *, y: int, must_include: int = 0, must_exclude: int = 0
) -> tuple[int, ...]:
    """All sets of :func:`is_direct_effect_set` of which no proper subset that contains *must_include* is one."""
    banned = g.latent | must_exclude | never_held(g, x, y=y)
    if must_include & banned:
        return ()
    found = minimal_separators(
        indirect_graph(g, x, y=y), x, y=y, include=must_include, allowed=g.everything & ~(banned | x | y)
    )
    return tuple(separator | must_include for separator in found)
