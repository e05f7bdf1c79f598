"""Graphs as people write them are read as what they mean, and what is no graph is quoted."""

from __future__ import annotations

from typing import Any

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_eval.causal.calculator import ask, calculate, spelled_out
from causal_eval.causal.graph_text import Written, of_networkx, read_graph_text
from causal_eval.errors import MalformedCase

CONFOUNDED: Written = {
    "nodes": ["Z", "X", "Y"],
    "directed": [["Z", "X"], ["Z", "Y"], ["X", "Y"]],
    "bidirected": [["X", "Y"]],
    "latent": [],
}


@pytest.mark.parametrize(
    "text",
    [
        "Z->X, Z->Y, X->Y, X<->Y",
        "Z -> X, Y\nX -> Y\nX <-> Y",
        "Z -> X; Y <- Z; X -> Y; X <-> Y",
        'dag { bb="0,0,1,1"\n Z [pos="0,1"] X [exposure] Y [outcome] Z -> {X Y} X -> Y X <-> Y }',
        "digraph G { rankdir=LR; node [shape=box]; Z -> {X; Y}; X -> Y; X -> Y [dir=both] }",
    ],
)
def test_five_ways_to_write_one_graph(text: str) -> None:
    """Edges, short lines, statements, DAGitty and DOT."""
    assert read_graph_text(text) == CONFOUNDED


@pytest.mark.parametrize(
    ("text", "latent"),
    [
        ("U -> X, Y; latent U", ["U"]),
        ('dag { "a hidden one" [latent] "a hidden one" -> X }', ["a hidden one"]),
        ("dag { U [unobserved] U -> X }", ["U"]),
        ('digraph { U [label="U", observed="no"]; U -> X }', ["U"]),
        ("digraph { U [latent=false]; U -> X /* seen */ // and\n }", []),
    ],
)
def test_latent_nodes(text: str, latent: list[str]) -> None:
    """As each of the three ways marks them."""
    assert read_graph_text(text)["latent"] == latent


def test_chains_groups_and_undirected_edges() -> None:
    """A -> B -> C is two edges, A, B -> C too, and A -- B has no direction."""
    assert read_graph_text("A -> B -> C")["directed"] == [["A", "B"], ["B", "C"]]
    assert read_graph_text("A, B -> C")["directed"] == [["A", "C"], ["B", "C"]]
    assert read_graph_text("A -- B, C; node D")["undirected"] == [["A", "B"], ["A", "C"]]
    assert read_graph_text("A -- B; node D")["nodes"] == ["A", "B", "D"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no node"),
        ("A", "'A' says no edge"),
        ("A B -> C", "'A B -> C' says no edge"),
        ("A -> ", "says no edge"),
        ("A => B", "says no edge"),
        ("dag { A -> }", "expected"),
        ("dag { A [latent }", "not closed"),
        ("digraph { ] }", "expected"),
        ("x" * 300_000, "300,000 characters"),
    ],
)
def test_what_says_no_graph_is_quoted(text: str, message: str) -> None:
    """With what would have been right."""
    with pytest.raises(MalformedCase, match=message):
        read_graph_text(text)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    """It is a graph, or it is refused."""
    for whole in (text, f"dag {{ {text} }}", f"digraph {{ {text} }}"):
        try:
            found = read_graph_text(whole)
        except MalformedCase:
            continue
        assert set(found) >= {"nodes", "directed", "bidirected", "latent"}


def test_a_case_takes_text_and_networkx() -> None:
    """The answer is that of the graph in JSON."""
    graph = nx.DiGraph([("Z", "X"), ("Z", "Y"), ("X", "Y")])
    query = {"kind": "minimal_adjustment_sets", "X": "X", "Y": "Y"}
    answers = [
        ask(graph, query).answer,
        ask("Z -> X, Y; X -> Y", query).answer,
        calculate({"graph": "digraph { Z -> X; Z -> Y; X -> Y }", "query": query}).answer,
    ]
    assert answers == [[["Z"]]] * 3
    graph.nodes["Z"]["latent"] = True
    assert ask(graph, query).answer == []
    undirected: Any = nx.Graph([("A", "B")])  # its stubs know of more ways to call it than are asked for
    assert of_networkx(undirected)["undirected"] == [["A", "B"]]
    assert spelled_out({"query": {}}) == {"query": {}}


def test_a_cycle_in_text_is_refused_by_name() -> None:
    """As in JSON."""
    with pytest.raises(MalformedCase, match="cycle"):
        ask("A -> B -> A", {"kind": "markov_blanket", "X": "A"})
