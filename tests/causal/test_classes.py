"""Equivalence classes: rules and counting agree with trying every orientation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.causal.drawing import Draw

from causal_eval.causal import classes
from causal_eval.causal.calculator import answered_again, calculate, verify
from causal_eval.causal.graph import Graph, bits
from causal_eval.causal.second import classes as second
from causal_eval.errors import MalformedCase


def drawn(seed: int, *, most: int = 6) -> tuple[Graph, Draw]:
    """A DAG whose class the second solver can list."""
    draw = Draw(seed)
    g = draw.graph(draw.stream.between(2, most), density=50)
    while len(g.edges()) > 11:
        g = draw.graph(draw.stream.between(2, most), density=50)
    return g, draw


@given(st.integers(0, 1 << 30))
def test_the_completed_graph_is_what_all_members_share(seed: int) -> None:
    """With and without experiments; and their number is the size of the class."""
    g, draw = drawn(seed)
    drawn_targets = [draw.stream.below(1 << g.n) for _ in range(draw.stream.below(3))]
    for targets in ((), tuple(drawn_targets)):
        found = classes.cpdag(g, targets)
        members = second.whole_class(g.n, second.edges_of(g), targets=targets)
        directed, undirected = second.shared(members)
        assert set(found.directed()) == set(directed)
        assert {frozenset(edge) for edge in found.undirected()} == set(undirected)
        assert classes.size(found) == len(members)
        assert {second.edges_of(one) for one in classes.members(found)} == set(members)


@given(st.integers(0, 1 << 30))
def test_equivalent_graphs_have_the_same_independences(seed: int) -> None:
    """And only they (Verma and Pearl)."""
    g, draw = drawn(seed, most=5)
    other = draw.stream.choice(list(classes.members(classes.cpdag(g))))
    assert classes.equivalent(g, other)
    assert second.independences(g) == second.independences(other)
    another = draw.graph(g.n, density=50)
    assert classes.equivalent(g, another) == (second.independences(g) == second.independences(another))


@given(st.integers(0, 1 << 30))
def test_experiments_on_the_smallest_sets_leave_one_member(seed: int) -> None:
    """Each of them, and no smaller one."""
    g, _ = drawn(seed, most=5)
    found = classes.orienting_targets(g)
    for chosen in found:
        members = second.whole_class(g.n, second.edges_of(g), targets=tuple(1 << node for node in chosen))
        assert len(members) == 1


def test_large_classes_are_counted() -> None:
    """A complete graph of 12 nodes has 12! members, a path of 40 has 40; rows of triangles are counted."""
    complete = Graph.build(12, [(a, b) for b in range(12) for a in range(b)])
    assert classes.size(classes.cpdag(complete)) == 479_001_600
    path = Graph.build(40, [(node, node + 1) for node in range(39)])
    assert classes.size(classes.cpdag(path)) == 40
    assert [classes.size(classes.cpdag(strip(n))) for n in range(3, 8)] == [
        len(second.whole_class(n, second.edges_of(strip(n)))) for n in range(3, 8)
    ]
    assert classes.size(classes.cpdag(strip(24))) > classes.size(classes.cpdag(strip(23)))


def strip(n: int) -> Graph:
    """Triangles in a row."""
    return Graph.build(n, [(node, node + step) for step in (1, 2) for node in range(n - step)])


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"kind": "cpdag", "graph": {"nodes": ["A", "B"], "bidirected": [["A", "B"]]}}, "remove bidirected"),
        ({"kind": "edge_compelled", "edge": ["B", "A"]}, "no edge B -> A"),
        ({"kind": "edge_compelled", "edge": ["A"]}, "edge"),
        ({"kind": "equivalent", "graph2": {"nodes": ["A"]}}, "other nodes"),
        ({"kind": "equivalent"}, "graph2"),
        ({"kind": "interventional_cpdag", "targets": ["Q"]}, "'Q'"),
    ],
)
def test_what_makes_no_sense_is_named(given_: dict[str, Any], message: str) -> None:
    """By field and value."""
    graph = given_.pop("graph", {"nodes": ["A", "B"], "directed": [["A", "B"]]})
    with pytest.raises(MalformedCase, match=message):
        calculate({"graph": graph, "query": given_})


@given(st.integers(0, 1 << 30))
def test_every_kind_is_verified(seed: int) -> None:
    """Both solvers of each kind agree, through the door."""
    g, draw = drawn(seed, most=5)
    names = [f"V{node}" for node in range(g.n)]
    graph = {"nodes": names, "directed": [[names[a], names[b]] for a, b in g.edges()]}
    other = draw.graph(g.n, density=50)
    queries: list[dict[str, Any]] = [
        {"kind": "cpdag"},
        {"kind": "mec_size", "targets": [names[0]]},
        {"kind": "immoralities"},
        {"kind": "minimal_intervention_sets"},
        {"kind": "interventional_cpdag", "targets": [names[0], names[-1:]]},
        {
            "kind": "equivalent",
            "graph2": {"nodes": names, "directed": [[names[a], names[b]] for a, b in other.edges()]},
        },
    ]
    if edges := g.edges():
        edge = [names[node] for node in draw.stream.choice(list(edges))]
        queries += [{"kind": "edge_compelled", "edge": edge}, {"kind": "strongly_protected", "edge": edge}]
    for query in queries:
        case = {"graph": graph, "query": query}
        verify(case, calculate(case))


@given(st.integers(0, 1 << 30))
def test_graphs_with_undirected_edges_stand_for_their_dags(seed: int) -> None:
    """A CPDAG, with some of its edges turned as in one member and then no longer completed: through the door."""
    g, draw = drawn(seed, most=5)
    names = [f"V{node}" for node in range(g.n)]
    whole = classes.cpdag(g)
    known = [edge for edge in g.edges() if whole.beside[edge[0]] >> edge[1] & 1 and draw.stream.below(4) == 0]
    told = {frozenset(edge) for edge in known}
    graph: dict[str, Any] = {
        "nodes": names,
        "directed": [[names[a], names[b]] for a, b in (*whole.directed(), *known)],
        "undirected": [[names[b], names[a]] for a, b in whole.undirected() if frozenset((a, b)) not in told],
    }
    ends = draw.nodes(g, 1, 1, draw.stream.below(2)) if g.n > 2 else ((0,), (1,), ())
    queries: list[dict[str, Any]] = [
        {"kind": "cpdag"},
        {"kind": "mec_size"},
        {"kind": "immoralities"},
        {"kind": "markov_blanket", "X": names[0]},
        {"kind": "dsep"} | {field: [names[node] for node in part] for field, part in zip("XYZ", ends, strict=True)},
        {"kind": "equivalent", "graph2": {"nodes": names, "directed": [[names[a], names[b]] for a, b in g.edges()]}},
    ]
    queries += [{"kind": "edge_compelled", "edge": edge} for edge in graph["undirected"][:1]]
    for query in queries:
        case = {"graph": graph, "query": query}
        verify(case, calculate(case))
    plain = {"graph": {"nodes": names, "directed": [[names[a], names[b]] for a, b in g.edges()]}}
    assert all(
        calculate(plain | {"query": one}).answer == calculate({"graph": graph, "query": one}).answer
        for one in queries[2:5]
    )
    if not known:
        assert all(
            calculate(plain | {"query": one}).answer == calculate({"graph": graph, "query": one}).answer
            for one in queries[:2]
        )
    assert calculate({"graph": graph, "query": queries[5]}).answer is True


@pytest.mark.parametrize("kind", ["cpdag", "mec_size", "dsep", "edge_compelled", "equivalent"])
def test_a_graph_that_no_dag_completes_is_refused(kind: str) -> None:
    """A square without a chord: each way round makes a cycle or an immorality that is not there."""
    square = "A -- B -- C -- D, D -- A"
    query = {"kind": kind, "X": "A", "Y": "C", "edge": ["A", "B"], "graph2": "A -> B -> C -> D, A -> D"}
    for solve in (calculate, answered_again):
        with pytest.raises(MalformedCase, match="no DAG has these edges"):
            solve({"graph": square, "query": query})


def test_known_arrows_count_one_by_one() -> None:
    """Of the 24 orders of four nodes that are all joined, half have A before B."""
    graph = "A -> B, A -- C, A -- D, B -- C, B -- D, C -- D"
    assert calculate({"graph": graph, "query": {"kind": "mec_size"}}).answer == 12


def test_experiments_on_a_class_are_those_on_its_members() -> None:
    """Of a CPDAG; one whose arrows say more than the class is refused."""
    query = {"kind": "minimal_intervention_sets"}
    case = {"graph": "A -- B, B -- C, A -- C, D -> E, F -> E", "query": query}
    verify(case, calculate(case))
    assert (
        calculate(case).answer == calculate({"graph": "A -> B, B -> C, A -> C, D -> E, F -> E", "query": query}).answer
    )
    with pytest.raises(MalformedCase, match="arrows that not all DAGs of its class share"):
        calculate({"graph": "A -> B, B -- C, A -- C", "query": query})


def test_bits_of_a_target_are_cut_from_what_is_not_in_it() -> None:
    """An experiment on both ends of an edge says nothing about it; on one end it decides it."""
    g = Graph.build(2, [(0, 1)])
    assert bits(classes.cpdag(g, [0b11]).beside[0]) == (1,)
    assert classes.cpdag(g, [0b01]).directed() == ((0, 1),)
