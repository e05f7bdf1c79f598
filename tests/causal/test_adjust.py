"""Adjustment sets: both criteria, all minimal sets, and that adjusting really gives the effect."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.adjust import (
    adjustment_sets,
    is_adjustment_set,
    is_backdoor_set,
    minimal_adjustment_sets,
)
from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.intervene import Worlds
from causal_eval.causal.scm import Scm
from causal_eval.errors import MalformedCase, TooLarge

SEEDS = st.integers(0, 2**32)
M = Graph.build(5, [(1, 0), (1, 2), (3, 2), (3, 4)])
"""M-bias: x=0 <- a=1 -> m=2 <- b=3 -> y=4."""


def adjusted(scm: Scm, x: tuple[tuple[int, int], ...], y: tuple[tuple[int, int], ...], *, z: int) -> Fraction:
    """Sum over z of P(y | x, z) P(z)."""
    worlds, total = Worlds(scm), Fraction(0)
    for values in itertools.product(*(range(scm.domains[node]) for node in bits(z))):
        stratum = tuple(zip(bits(z), values, strict=True))
        if weight := worlds.probability(stratum):
            total += weight * worlds.probability(y, (*x, *stratum))
    return total


@given(SEEDS)
def test_adjusting_for_a_valid_set_gives_the_effect(seed: int) -> None:
    """For every valid set of a random positive model the adjustment formula equals P(y | do x), exactly."""
    made = Draw(seed)
    g = made.graph(5, density=50)
    treatments, outcomes = made.nodes(g, 1 + made.stream.below(2), 1)
    scm = made.positive(g)
    x = tuple((node, made.stream.below(2)) for node in treatments)
    y = tuple((node, 1) for node in outcomes)
    truth = Worlds(scm).probability(y, do=x)
    valid = list(adjustment_sets(g, mask_of(treatments), y=mask_of(outcomes)))
    assume(valid)
    for members in valid:
        assert adjusted(scm, x, y, z=mask_of(members)) == truth


def test_the_criterion_is_complete_on_a_model() -> None:
    """For an invalid set some model of the graph has another adjusted value: the sets of one 5-node graph, all 8."""
    g = Graph.build(5, [(0, 1), (0, 4), (1, 2), (2, 4), (1, 3), (4, 3)])
    scm = Draw(3).positive(g)
    x, y = ((1, 1),), ((4, 1),)
    truth = Worlds(scm).probability(y, do=x)
    for chosen in itertools.product((0, 1), repeat=3):
        z = mask_of(node for node, used in zip((0, 2, 3), chosen, strict=True) if used)
        assert is_adjustment_set(g, 0b10, 0b10000, z) == (adjusted(scm, x, y, z=z) == truth)


@given(SEEDS)
def test_minimal_sets_are_the_minimal_ones_of_all(seed: int) -> None:
    """Enumeration by separators gives exactly the inclusion-minimal members of all valid sets, sorted."""
    made = Draw(seed)
    g = made.graph(7, density=40, bidirected=10, latent=15)
    x, y, include, exclude = (
        mask_of(nodes) for nodes in made.nodes(g, 1 + made.stream.below(2), 1, made.stream.below(2), 1)
    )
    every = [set(z) for z in adjustment_sets(g, x, y=y, must_include=include, must_exclude=exclude)]
    minimal = [tuple(sorted(z)) for z in every if not any(other < z for other in every)]
    found = minimal_adjustment_sets(g, x, y, must_include=include, must_exclude=exclude)
    assert found == tuple(sorted(minimal, key=lambda members: (len(members), members)))
    assert all(is_adjustment_set(g, x, y, mask_of(z)) for z in found)


@pytest.mark.slow
@given(SEEDS)
def test_every_backdoor_set_is_valid(seed: int) -> None:
    """Pearl's criterion is sufficient for one treatment: what satisfies it satisfies the complete one."""
    made = Draw(seed)
    g = made.graph(6, density=45, bidirected=10)
    x, y, z = (mask_of(nodes) for nodes in made.nodes(g, 1, 1, made.stream.below(4)))
    assume(is_backdoor_set(g, x, y, z))
    assert is_adjustment_set(g, x, y, z)


def test_the_complete_criterion_accepts_what_the_backdoor_refuses() -> None:
    """A descendant of X that is no descendant of a causal path may be adjusted for (Shpitser et al. 2010, fig. 1b)."""
    z, x, y = range(3)
    g = Graph.build(3, [(x, z), (x, y)])
    assert is_adjustment_set(g, 1 << x, 1 << y, 1 << z)
    assert not is_backdoor_set(g, 1 << x, 1 << y, 1 << z)


def test_m_bias() -> None:
    """Nothing need be adjusted for; m alone is invalid; with m required either of its causes mends it."""
    x, y = 1, 1 << 4
    assert minimal_adjustment_sets(M, x, y) == ((),)
    assert not is_adjustment_set(M, x, y, 1 << 2)
    assert minimal_adjustment_sets(M, x, y, must_include=1 << 2) == ((1, 2), (2, 3))


def test_a_set_that_a_public_test_asserts_is_wrong() -> None:
    """X={x1,x2}, Y={y1,y2}: pgmpy's own test calls {z2} valid; the criterion and exact numbers say it is not."""
    x1, x2, y1, y2, z1, z2 = range(6)
    g = Graph.build(6, [(x1, y1), (x1, z1), (z1, z2), (z2, x2), (y2, z2)])
    xs, ys = 1 << x1 | 1 << x2, 1 << y1 | 1 << y2
    assert not is_adjustment_set(g, xs, ys, 1 << z2)
    scm = Draw(7).positive(g)
    done, seen = ((x1, 1), (x2, 1)), ((y1, 1), (y2, 1))
    assert adjusted(scm, done, seen, z=1 << z2) != Worlds(scm).probability(seen, do=done)


@pytest.mark.parametrize(
    ("directed", "bidirected", "latent", "expected"),
    [
        ([(0, 2)], [(0, 2)], 0, ()),
        ([(1, 0), (1, 2), (0, 2)], [], 0b10, ()),
        ([(1, 0), (1, 2), (0, 2)], [], 0, ((1,),)),
        ([(0, 1), (1, 2)], [], 0, ((),)),
        ([(2, 1), (1, 0)], [], 0, ((1,),)),
        ([(2, 0)], [], 0, ()),
    ],
    ids=["bow", "hidden confounder", "confounder", "mediator", "reverse by a middle", "reverse"],
)
def test_small_graphs(
    directed: list[tuple[int, int]],
    bidirected: list[tuple[int, int]],
    latent: int,
    expected: tuple[tuple[int, ...], ...],
) -> None:
    """The textbook graphs on X=0, V=1, Y=2."""
    g = Graph.build(3, directed, bidirected=bidirected, latent=latent)
    assert minimal_adjustment_sets(g, 1, 4) == expected


def test_no_set_is_listed_twice() -> None:
    """Two ways round one bottleneck: the bottleneck, or both ways, each once."""
    x, y, u, v, w = range(5)
    g = Graph.build(5, [(u, v), (u, w), (u, y), (v, x), (w, x)])
    assert minimal_adjustment_sets(g, 1 << x, 1 << y) == ((u,), (v, w))


def test_enumeration_does_not_try_all_subsets() -> None:
    """Among 60 candidates that need no adjustment the ten sets that matter are found at once."""
    chain = list(range(2, 12))
    path = [(chain[0], 0), *((b, a) for a, b in itertools.pairwise(chain)), (chain[-1], 1)]
    idle = [(0, node) for node in range(12, 62)]
    g = Graph.build(62, [*path, (0, 1), *idle])
    assert minimal_adjustment_sets(g, 1, 2) == tuple((node,) for node in chain)
    with pytest.raises(TooLarge, match="ask for the minimal"):
        adjustment_sets(g, 1, y=2)


@pytest.mark.parametrize(("x", "y", "z"), [(0, 2, 0), (1, 0, 0), (1, 1, 0), (1, 2, 1), (1, 2, 2)])
def test_sets_that_make_no_sense_are_refused(x: int, y: int, z: int) -> None:
    """Empty or overlapping sets are errors, not answers."""
    with pytest.raises(MalformedCase):
        is_adjustment_set(M, x, y, z)
