"""Districts and latent projections: two ways to each agree, and the projection separates what the graph separates."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.districts import districts, projected
from causal_eval.causal.second.districts import districts_of, without_latents
from causal_eval.causal.separation import separated


@given(st.integers(0, 1 << 30))
def test_both_ways_agree(seed: int) -> None:
    """Node by node and path by path, whatever is latent; latent nodes end up alone."""
    draw = Draw(seed)
    g = draw.graph(draw.stream.between(2, 8), bidirected=20, latent=30)
    seen = projected(g)
    assert seen == without_latents(g)
    assert not any(seen.parents[node] | seen.bidirected[node] for node in range(g.n) if g.latent >> node & 1)
    within = draw.stream.below(1 << g.n) & g.observed
    assert districts(seen, within) == districts_of(seen.bidirected, within)


@given(st.integers(0, 1 << 30))
def test_a_projection_keeps_every_separation(seed: int) -> None:
    """Of observed nodes by observed nodes (Richardson 2003)."""
    draw = Draw(seed)
    g = draw.graph(7, bidirected=10, latent=30)
    x, y, z = (sum(1 << node for node in part) & g.observed for part in draw.nodes(g, 1, 1, 3))
    assume(x and y)
    assert separated(projected(g), x, y, z) == separated(g, x, y, z)
