"""d- and m-separation, separators and Markov blankets."""

from __future__ import annotations

import itertools

import networkx as nx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.graph import Graph, bits, mask_of
from causal_eval.causal.separation import judge, markov_blanket, minimal_separator, separated
from causal_eval.errors import MalformedCase

SEEDS = st.integers(0, 2**32)


def explicit(g: Graph) -> Graph:
    """The DAG in which every bidirected edge is a latent parent of both ends."""
    pairs = g.bidirected_edges()
    hidden = [(g.n + place, end) for place, pair in enumerate(pairs) for end in pair]
    return Graph.build(g.n + len(pairs), [*g.edges(), *hidden])


@given(SEEDS)
def test_separation_is_that_of_networkx(seed: int) -> None:
    """On random DAGs the verdict equals networkx's, bidirected edges written out as latent parents."""
    made = Draw(seed)
    g = made.graph(7, density=35, bidirected=made.stream.choice([0, 20]))
    x, y, z = made.nodes(g, 1 + made.stream.below(2), 1, made.stream.below(4))
    dag: nx.DiGraph[int] = nx.DiGraph(explicit(g).edges())
    dag.add_nodes_from(range(g.n))
    expected = nx.is_d_separator(dag, set(x), set(y), set(z))
    assert separated(g, mask_of(x), mask_of(y), mask_of(z)) == expected
    assert separated(explicit(g), mask_of(x), mask_of(y), mask_of(z)) == expected


@given(SEEDS)
def test_the_open_path_is_open(seed: int) -> None:
    """The evidence is a path: it joins X and Y, repeats no node, and no node on it blocks."""
    made = Draw(seed)
    g = made.graph(7, density=35, bidirected=20)
    x, y, z = (mask_of(nodes) for nodes in made.nodes(g, 1, 1, 2))
    verdict = judge(g, x, y, z)
    assert bool(verdict) == separated(g, x, y, z)
    path = verdict.open_path
    assert (path is not None) == (not verdict)
    assume(path is not None)
    assert path is not None
    assert 1 << path[0] == x
    assert 1 << path[-1] == y
    assert len(set(path)) == len(path)
    assert any(is_open(g, edges, z) for edges in itertools.product(*(edges_between(g, *e) for e in pairs(path))))


def pairs(path: tuple[int, ...]) -> list[tuple[int, int]]:
    """Neighbours along a path."""
    return list(itertools.pairwise(path))


def edges_between(g: Graph, one: int, other: int) -> list[tuple[int, bool, bool]]:
    """(far end, arrowhead at the near end, arrowhead at the far end) of every edge between two nodes."""
    found = []
    if g.parents[other] >> one & 1:
        found.append((other, False, True))
    if g.parents[one] >> other & 1:
        found.append((other, True, False))
    if g.bidirected[one] >> other & 1:
        found.append((other, True, True))
    return found


def is_open(g: Graph, edges: tuple[tuple[int, bool, bool], ...], z: int) -> bool:
    """Whether every inner node of the path lets it pass."""
    for (node, _, enters), (_, leaves, _) in itertools.pairwise(edges):
        collider = enters and leaves
        if collider and not g.descendants(1 << node) & z:
            return False
        if not collider and z >> node & 1:
            return False
    return True


@given(SEEDS)
def test_a_minimal_separator_loses_its_power_with_any_member(seed: int) -> None:
    """It separates, avoids what it must, and no proper subset with the required nodes separates; None means none."""
    made = Draw(seed)
    g = made.graph(6, density=40, bidirected=15, latent=15)
    (x,), (y,), include, exclude = made.nodes(g, 1, 1, made.stream.below(2), made.stream.below(2))
    x, y, inside, outside = 1 << x, 1 << y, mask_of(include), mask_of(exclude)
    found = minimal_separator(g, x, y, include=inside, exclude=outside)
    free = list(bits(g.observed & ~(x | y | inside | outside)))
    works = [
        inside | mask_of(chosen)
        for size in range(len(free) + 1)
        for chosen in itertools.combinations(free, size)
        if separated(g, x, y, inside | mask_of(chosen))
    ]
    assert (found is None) == (not works)
    if found is not None:
        assert found in works
        assert not any(other != found and other & found == other for other in works)


@given(SEEDS)
def test_a_markov_blanket_is_the_smallest_shield(seed: int) -> None:
    """It separates the node from all else that is observed, and no smaller set does."""
    made = Draw(seed)
    g = made.graph(6, density=40, bidirected=15, latent=20)
    x = 1 << made.stream.below(6)
    everything = g.observed & ~x
    blanket = markov_blanket(g, x)
    assert not blanket & ~everything
    assert separated(g, x, everything & ~blanket, blanket)
    for node in bits(blanket):
        less = blanket & ~(1 << node)
        assert not separated(g, x, everything & ~less, less)


def test_sets_that_meet_are_refused() -> None:
    """X, Y and Z must be disjoint."""
    with pytest.raises(MalformedCase, match="must not meet"):
        separated(Graph.build(2, [(0, 1)]), 1, 1, 0)


def test_a_descendant_of_a_collider_opens_it() -> None:
    """X -> C <- Y, C -> D: independent, and dependent given D."""
    g = Graph.build(4, [(0, 2), (1, 2), (2, 3)])
    assert separated(g, 1, 2, 0)
    assert judge(g, 1, 2, 0b1000).open_path == (0, 2, 1)


def test_separation_reaches_64_nodes_and_beyond() -> None:
    """A chain of 200 nodes is cut by one of them."""
    g = Graph.build(200, [(node, node + 1) for node in range(199)])
    assert separated(g, 1, 1 << 199, 1 << 100)
    assert minimal_separator(g, 1, 1 << 199) == 1 << 198
