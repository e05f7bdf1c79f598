"""Cause or mere correlate: how every other node relates to an outcome."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from causal_eval.causal.graph import Graph
from causal_eval.causal.separation import reachable


class Label(StrEnum):
    """Exclusive and exhaustive relations of a node to an outcome."""

    CAUSE = "cause"
    """A directed path leads from the node to the outcome."""
    EFFECT = "effect"
    """A directed path leads from the outcome to the node."""
    COMMON = "common cause"
    """Associated only through a common cause: neither of the above, yet d-connected given nothing."""
    UNRELATED = "unrelated"
    """d-separated from the outcome given nothing."""


@lru_cache(maxsize=64)  # a question asks it for its answer and again for the mistakes that would miss it
def attribution(g: Graph, y: int) -> tuple[Label | None, ...]:
    """The label of every node in relation to node *y*; None at *y* itself."""
    outcome = 1 << y
    causes, effects = g.ancestors(outcome), g.descendants(outcome)
    associated = reachable(g, outcome, z=0)

    def label(node: int) -> Label | None:
        if node == y:
            return None
        if causes >> node & 1:
            return Label.CAUSE
        if effects >> node & 1:
            return Label.EFFECT
        return Label.COMMON if associated >> node & 1 else Label.UNRELATED

    return tuple([label(node) for node in range(g.n)])
