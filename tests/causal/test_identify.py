"""Verdicts on effects: two algorithms agree, and a hedge exists just where an effect is not identified."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.districts import projected
from causal_eval.causal.graph import Graph
from causal_eval.causal.hedge import forest_of, smaller
from causal_eval.causal.identify import Hedge, identifiable, identify, identify_conditional
from causal_eval.causal.second.identification import conditional_identified, effect_identified, is_hedge

PAIRS = list(itertools.combinations(range(3), 2))


@given(st.integers(0, 1 << 30))
def test_both_algorithms_agree(seed: int) -> None:
    """ID with c-factors, and IDC with them; what ID fails on is a hedge, small and large."""
    draw = Draw(seed)
    g = draw.graph(draw.stream.between(2, 8), bidirected=25, latent=10)
    x, y, z = (sum(1 << node for node in part) & g.observed for part in draw.nodes(g, 1, 1 + seed % 2, seed % 3))
    assume(x and y)
    seen = projected(g)
    plan = identify(seen, x, y=y)
    assert isinstance(plan, Hedge) != effect_identified(g, x, y=y)
    moved = identify_conditional(seen, x, y=y, z=z)
    assert isinstance(moved.plan, Hedge) != conditional_identified(g, x, y=y, z=z)
    for around, found, wanted in ((x, plan, y), (moved.x, moved.plan, y | moved.z)):
        if isinstance(found, Hedge):
            less = smaller(seen, found, x=around)
            for one in (found, less):
                assert is_hedge(g, one.f, f_prime=one.f_prime, x=around, y=wanted)
            forest = forest_of(seen, less, x=around, targets=(wanted,))
            assert len(forest.tree) == less.f.bit_count() - 1
            assert not forest.ends & ~wanted


def graphs_on(n: int, step: int) -> list[Graph]:
    """Every *step*-th graph over *n* nodes in causal order with whatever bidirected edges."""
    pairs = list(itertools.combinations(range(n), 2))
    codes = range(0, 1 << 2 * len(pairs), step)
    return [
        Graph.build(
            n,
            [pair for place, pair in enumerate(pairs) if code >> place & 1],
            bidirected=[pair for place, pair in enumerate(pairs) if code >> len(pairs) + place & 1],
        )
        for code in codes
    ]


@pytest.mark.parametrize(("n", "step"), [(2, 1), (3, 1), (4, 29), pytest.param(4, 1, marks=pytest.mark.full)])
def test_an_effect_is_identified_just_where_there_is_no_hedge(n: int, step: int) -> None:
    """By all pairs of sets of nodes, against their definition, for all treatments of one node and all of two."""
    for g in graphs_on(n, step):
        for x in [1 << node for node in range(n)] + [3]:
            for y in [1 << node for node in range(n) if not x >> node & 1]:
                hedges = (
                    is_hedge(g, f, f_prime=part, x=x, y=y)
                    for f in range(1, 1 << n)
                    for part in range(1, f)
                    if not part & ~f
                )
                assert identifiable(g, x, y=y) != any(hedges), (g, x, y)


@given(st.integers(0, 1 << 30))
def test_names_do_not_matter(seed: int) -> None:
    """A graph whose nodes are renamed has the same verdict."""
    draw = Draw(seed)
    g = draw.graph(6, bidirected=30)
    new = draw.stream.shuffled(range(6))
    x, y = draw.stream.sample(range(6), 2)
    assert identifiable(g, 1 << x, y=1 << y) == identifiable(g.relabel(new), 1 << new[x], y=1 << new[y])


@pytest.mark.parametrize("n", [20, 40])
def test_large_graphs(n: int) -> None:
    """Verdicts have no size limit; both algorithms still agree."""
    for seed in range(12):
        draw = Draw(seed)
        g = draw.graph(n, density=12, bidirected=4)
        x, y = (1 << node for node in draw.stream.sample(range(n), 2))
        assert identifiable(g, x, y=y) == effect_identified(g, x, y=y)
