"""Cause, effect, common cause only, or unrelated."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.attribution import Label, attribution
from causal_eval.causal.graph import Graph
from causal_eval.causal.separation import separated


def test_every_relation_once() -> None:
    """Z -> Y -> E, Z -> W, K -> E: a cause, an effect, one associated through Z only, and one unrelated."""
    y, z, e, w, k = range(5)
    g = Graph.build(5, [(z, y), (y, e), (z, w), (k, e)])
    assert attribution(g, y) == (None, Label.CAUSE, Label.EFFECT, Label.COMMON, Label.UNRELATED)


def test_a_bidirected_edge_is_a_common_cause() -> None:
    """A node that shares only a latent cause with Y is associated through a common cause."""
    g = Graph.build(3, [(0, 2)], bidirected=[(0, 1)])
    assert attribution(g, 1) == (Label.COMMON, None, Label.COMMON)


@given(st.integers(0, 2**32))
def test_labels_are_exclusive_and_exhaustive(seed: int) -> None:
    """Unrelated means separated given nothing; cause and effect are reachability; the rest is a common cause."""
    g = Draw(seed).graph(7, density=25, bidirected=10)
    labels = attribution(g, 0)
    assert labels[0] is None
    for node in range(1, 7):
        cause, effect = g.ancestors(1) >> node & 1, g.descendants(1) >> node & 1
        expected = Label.CAUSE if cause else Label.EFFECT if effect else None
        if expected is None:
            expected = Label.UNRELATED if separated(g, 1, 1 << node, 0) else Label.COMMON
        assert labels[node] == expected
