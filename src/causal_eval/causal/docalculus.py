"""The three rules of do-calculus (Pearl 1995; Causality, theorem 3.4.1) as statements about a graph."""

from __future__ import annotations

from causal_eval.causal.graph import Graph
from causal_eval.causal.separation import reachable


def rule_applies(g: Graph, rule: int, *, y: int, x: int, z: int, w: int) -> bool:
    """Whether *rule* holds for P(y | do x, z, w): what its graph separates.

    1. P(y | do x, z, w) = P(y | do x, w): Y and Z given X, W without edges into X.
    2. P(y | do x, do z, w) = P(y | do x, z, w): the same without edges into X and out of Z.
    3. P(y | do x, do z, w) = P(y | do x, w): without edges into X, and into those of Z that are no ancestors of W then.
    """
    cut = g.without_incoming(x)
    match rule:
        case 2:
            cut = cut.without_outgoing(z)
        case 3:
            cut = cut.without_incoming(z & ~cut.ancestors(w))
    return not reachable(cut, z, z=x | w) & y
