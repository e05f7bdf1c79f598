"""The front-door criterion: two ways to it agree, and the largest set decides whether one exists."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.frontdoor import is_frontdoor_set, widest_frontdoor_set
from causal_eval.causal.second import frontdoor as second


@given(st.integers(0, 1 << 30))
def test_both_solvers_agree(seed: int) -> None:
    """On whether a set is one, and on whether any is."""
    draw = Draw(seed)
    g = draw.graph(draw.stream.between(3, 7), bidirected=15, latent=15)
    x, y = (1 << node for node in draw.stream.shuffled(range(g.n))[:2])
    m = draw.stream.below(1 << g.n) & ~(x | y)
    assert is_frontdoor_set(g, x, y=y, m=m) == second.is_frontdoor(g, x, y=y, m=m)
    widest = widest_frontdoor_set(g, x, y=y)
    assert (widest is not None) == second.exists(g, x, y=y)
    assert widest is None or second.is_frontdoor(g, x, y=y, m=widest)


@given(st.integers(0, 1 << 30))
def test_several_treatments(seed: int) -> None:
    """The criterion for sets is decided alike by both."""
    draw = Draw(seed)
    g = draw.graph(6, bidirected=15)
    one, two, out, *rest = draw.stream.shuffled(range(g.n))
    x, y, m = 1 << one | 1 << two, 1 << out, sum(1 << node for node in rest if draw.stream.chance(1, 2))
    assert is_frontdoor_set(g, x, y=y, m=m) == second.is_frontdoor(g, x, y=y, m=m)
