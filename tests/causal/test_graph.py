"""Graphs as bitmasks."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal.graph import Graph, bits, find_cycle, mask_of
from causal_eval.errors import MalformedCase

SEEDS = st.integers(0, 2**32)


def as_networkx(g: Graph) -> nx.DiGraph[int]:
    """The directed part of *g*."""
    found: nx.DiGraph[int] = nx.DiGraph(g.edges())
    found.add_nodes_from(range(g.n))
    return found


@given(st.sets(st.integers(0, 200)))
def test_bits_and_mask_of_are_inverse(nodes: set[int]) -> None:
    """A mask of any width gives back its nodes, ascending."""
    assert list(bits(mask_of(nodes))) == sorted(nodes)


@pytest.mark.parametrize(
    ("directed", "bidirected", "message"),
    [
        ([(0, 1), (1, 2), (2, 0)], [], "cycle: 0 -> 1 -> 2 -> 0"),
        ([(1, 1)], [], "self-loop"),
        ([(0, 1), (0, 1)], [], "edge 0 -> 1 is listed twice"),
        ([], [(0, 1), (1, 0)], "edge 1 <-> 0 is listed twice"),
        ([(0, 3)], [], "nodes are 0 to 2"),
        ([], [(2, -1)], "nodes are 0 to 2"),
        ([], [(2, 2)], "self-loop"),
    ],
    ids=["cycle", "loop", "twice", "twice bidirected", "range", "negative", "bidirected loop"],
)
def test_build_names_what_is_wrong(
    directed: list[tuple[int, int]], bidirected: list[tuple[int, int]], message: str
) -> None:
    """A graph that makes no sense is refused by the edge or cycle that makes none."""
    with pytest.raises(MalformedCase, match=message):
        Graph.build(3, directed, bidirected=bidirected)


def test_latent_nodes_must_exist() -> None:
    """A latent mask beyond the nodes is refused."""
    with pytest.raises(MalformedCase, match="latent"):
        Graph.build(2, [(0, 1)], latent=0b100)


@given(SEEDS)
def test_reachability_is_that_of_networkx(seed: int) -> None:
    """Ancestors, descendants, children and the causal order agree with networkx on random graphs."""
    made = Draw(seed)
    g = made.graph(made.stream.between(1, 9))
    other = as_networkx(g)
    for node in range(g.n):
        assert set(bits(g.ancestors(1 << node))) == nx.ancestors(other, node) | {node}
        assert set(bits(g.descendants(1 << node))) == nx.descendants(other, node) | {node}
        assert set(bits(g.children[node])) == set(other.successors(node))
    assert list(g.topological()) == list(nx.lexicographical_topological_sort(other))


@given(SEEDS)
def test_an_intervention_cuts_what_points_in(seed: int) -> None:
    """Without incoming edges a set has no parents and no siblings; without outgoing ones no children."""
    made = Draw(seed)
    g = made.graph(6, bidirected=30, latent=20)
    (nodes,) = made.nodes(g, 2)
    mask = mask_of(nodes)
    after, before = g.without_incoming(mask), g.without_outgoing(mask)
    assert not any(after.parents[node] | after.bidirected[node] for node in nodes)
    assert not any(mask & sibling for sibling in after.bidirected)
    assert not any(before.children[node] for node in nodes)
    assert before.bidirected == g.bidirected
    assert after.latent == before.latent == g.latent


@given(SEEDS)
def test_relabelling_moves_every_edge(seed: int) -> None:
    """Renaming nodes renames the ends of every edge, and renaming back restores the graph."""
    made = Draw(seed)
    g = made.graph(6, bidirected=30, latent=20)
    perm = made.stream.shuffled(range(6))
    moved = g.relabel(perm)
    assert set(moved.edges()) == {(perm[a], perm[b]) for a, b in g.edges()}
    assert {frozenset(e) for e in moved.bidirected_edges()} == {
        frozenset((perm[a], perm[b])) for a, b in g.bidirected_edges()
    }
    assert moved.relabel([perm.index(node) for node in range(6)]) == g


def test_relabelling_needs_a_permutation() -> None:
    """A list that is no permutation is refused."""
    with pytest.raises(ValueError, match="permutation"):
        Graph.build(2, [(0, 1)]).relabel([0, 0])


def test_a_cycle_is_found_behind_a_tail() -> None:
    """The named cycle is the cycle itself, without the nodes that only lead into it."""
    parents = [0, 0b1001, 0b10, 0b100, 0b1000]
    cycle = find_cycle(parents)
    assert cycle[0] == cycle[-1]
    assert set(cycle) == {1, 2, 3}
    assert all(parents[effect] >> cause & 1 for cause, effect in pairwise(cycle))


def test_a_long_chain_has_no_size_limit() -> None:
    """Structure is not limited to machine words."""
    g = Graph.build(300, [(node, node + 1) for node in range(299)])
    assert g.ancestors(1 << 299) == g.everything
    assert g.topological() == tuple(range(300))
