"""Kinds about sets of nodes: published cases, both solvers on random graphs, bad queries, and wide graphs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.causal.cases import graph_of, published
from tests.causal.drawing import Draw

from causal_eval.causal.calculator import answered_again, calculate, verify
from causal_eval.causal.classes import cpdag
from causal_eval.causal.graph import Graph
from causal_eval.causal.graph_json import write_graph
from causal_eval.errors import MalformedCase

CASES = published("structure")
SEEDS = st.integers(0, 1 << 30)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_published_cases(case: dict[str, Any]) -> None:
    """The answer is the published one, or one of the several that are, and both solvers and every step agree."""
    reply = calculate(case)
    assert reply.answer in case["expected"] if case.get("any_of") else reply.answer == case["expected"]
    verify(case, reply)


def test_known_wrong_answers_of_peers() -> None:
    """Where a peer's own test asserts something else, ours is what both solvers find."""
    wrong = [case for case in CASES if "peer" in case]
    assert len(wrong) >= 6
    for case in wrong:
        assert answered_again(case) == calculate(case).answer != case["peer"]


def drawn(seed: int) -> tuple[Draw, list[str], Graph]:
    """A random graph of three to seven nodes with its names."""
    draw = Draw(seed)
    some = draw.stream.choice([0, 15])
    g = draw.graph(draw.stream.between(3, 7), bidirected=some, latent=draw.stream.choice([0, 20]))
    return draw, list("ABCDEFG"[: g.n]), g


@settings(max_examples=60)
@given(SEEDS)
def test_both_solvers_agree(seed: int) -> None:
    """On every kind about sets, on random graphs with latent nodes and bidirected edges; each reply is verified."""
    draw, names, g = drawn(seed)
    x, y, z, s, w = ([names[node] for node in part] for part in draw.nodes(g, 1, 1, 1, draw.stream.below(2), 1))
    ends: dict[str, Any] = {"X": x, "Y": y}
    free = {"must_include": z if draw.stream.chance(1, 2) else [], "must_exclude": w}
    queries: list[dict[str, Any]] = [
        {"kind": "ancestors", "X": x},
        {"kind": "descendants", "X": x},
        ends | {"kind": "minimum_separator"} | free,
        ends | {"kind": "minimal_separators"} | free,
        ends | {"kind": "minimal_backdoor_sets"} | free,
        ends | {"kind": "minimum_adjustment_set"} | free,
        ends | {"kind": "is_direct_effect_set", "Z": z},
        ends | {"kind": "minimal_direct_effect_sets"} | free,
        ends | {"kind": "is_adjustment_set_selection", "Z": z, "selection": s},
        ends | {"kind": "minimal_sets_selection", "selection": s} | free,
        ends | {"kind": "instruments"},
        ends | {"kind": "optimal_adjustment", "must_include": s, "costs": {names[0]: "3/2", names[-1]: 2}},
    ]
    if s:
        queries.append(ends | {"kind": "or_adjustment", "Z": z, "selection": s})
    if z:
        given_w = [] if w == z else w
        queries += [ends | {"kind": f"is_instrument{of}", "Z": z, "W": given_w} for of in ("", "_total")]
    for query in queries:
        case = {"graph": write_graph(names, g), "query": query}
        verify(case, calculate(case))


@given(SEEDS)
def test_the_order_of_nodes_does_not_matter(seed: int) -> None:
    """The same case with its nodes listed in another order has the same answer, by name."""
    draw, names, g = drawn(seed)
    perm = draw.stream.shuffled(range(g.n))
    renamed = [names[perm.index(place)] for place in range(g.n)]
    x, y = ([names[node] for node in part] for part in draw.nodes(g, 1, 1))
    kinds = ("minimum_separator", "minimal_direct_effect_sets", "optimal_adjustment", "instruments")
    for kind in kinds:
        query = {"kind": kind, "X": x, "Y": y}
        one = calculate({"graph": write_graph(names, g), "query": query}).answer
        assert calculate({"graph": write_graph(renamed, g.relabel(perm)), "query": query}).answer == one


def test_costs_in_every_form() -> None:
    """An object, pairs, and the attribute dictionaries of networkx say the same."""
    graph = graph_of("B -> X, B -> T, T -> Y, X -> Y")
    for costs in ({"B": 1, "T": "3/2"}, [["B", 1], ["T", 1.5]], [["B", {"cost": 1}], ["T", {"cost": 2}]]):
        query = {"kind": "optimal_adjustment", "X": "X", "Y": "Y", "costs": costs}
        assert calculate({"graph": graph, "query": query}).answer["optimal_mincost"] == ["B"]


@given(SEEDS)
def test_sets_of_several_treatments(seed: int) -> None:
    """Kinds that take several treatments and outcomes agree on them."""
    draw, names, g = drawn(seed)
    x, y, z = ([names[node] for node in part] for part in draw.nodes(g, 2, 1, draw.stream.below(2)))
    kinds = ("optimal_adjustment", "minimal_direct_effect_sets", "minimum_separator")
    for kind in kinds if y else ():
        case = {"graph": write_graph(names, g), "query": {"kind": kind, "X": x, "Y": y, "must_include": z}}
        assert answered_again(case) == calculate(case).answer


@settings(max_examples=60)
@given(SEEDS)
def test_every_dag_of_a_class(seed: int) -> None:
    """Adjustment in a CPDAG, and in one with further arrows known, agrees with adjustment in each of its DAGs."""
    draw = Draw(seed)
    dag = draw.graph(draw.stream.between(3, 6), density=draw.stream.choice([40, 60, 80]))
    known = cpdag(dag)
    arrows = [edge for edge in dag.edges() if draw.stream.chance(1, 6) or edge in known.directed()]
    open_edges = [edge for edge in known.undirected() if edge not in arrows and edge[::-1] not in arrows]
    names = list("ABCDEF"[: dag.n])
    x, y, z = ([names[node] for node in part] for part in draw.nodes(dag, 1, 1, draw.stream.below(3)))
    edges = {
        field: [[names[node] for node in edge] for edge in part]
        for field, part in (("directed", arrows), ("undirected", open_edges))
    }
    free = {"must_include": z[:1], "must_exclude": z[1:]}
    for query in ({"kind": "is_adjustment_set_cpdag", "Z": z}, {"kind": "minimal_adjustment_sets_cpdag"} | free):
        case = {"graph": {"nodes": names, "type": "cpdag"} | edges, "query": query | {"X": x, "Y": y}}
        verify(case, calculate(case))


def test_what_is_no_class_is_refused() -> None:
    """A pattern that no DAG has is named as such by both solvers."""
    query = {"kind": "is_adjustment_set_cpdag", "X": "A", "Y": "B", "Z": []}
    square = graph_of("A -- B, B -- C, C -- D, D -- A")
    for solve in (calculate, answered_again):
        with pytest.raises(MalformedCase, match="no DAG has these edges"):
            solve({"graph": square, "query": query})


def test_descendants_of_the_outcome_without_an_edge() -> None:
    """They may be held where no edge enters the outcome, and never where one does."""
    query = {"kind": "is_direct_effect_set", "X": "X", "Y": "Y", "Z": ["M", "D"]}
    assert calculate({"graph": graph_of("X -> M, M -> Y, Y -> D"), "query": query}).answer is True
    assert calculate({"graph": graph_of("X -> M, M -> Y, Y -> D, X -> Y"), "query": query}).answer is False


BAD = [
    ({"kind": "is_instrument", "X": "X", "Y": "Y", "Z": []}, "needs Z"),
    ({"kind": "is_instrument", "X": ["X", "Z"], "Y": "Y", "Z": "W"}, "at most 1 nodes as X"),
    ({"kind": "is_instrument", "X": "X", "Y": "Y", "Z": "Z", "W": "Z"}, "'Z' is in both Z and W"),
    ({"kind": "or_adjustment", "X": "X", "Y": "Y", "Z": []}, "needs selection"),
    ({"kind": "minimal_direct_effect_sets", "X": "X", "Y": "X"}, "'X' is in both X and Y"),
    (
        {"kind": "minimal_sets_selection", "X": "X", "Y": "Y", "must_include": "Z", "must_exclude": "Z"},
        "'Z' is in both must_include and must_exclude",
    ),
    ({"kind": "optimal_adjustment", "X": "X", "Y": "Y", "costs": {"Z": 0}}, "costs are positive"),
    ({"kind": "optimal_adjustment", "X": "X", "Y": "Y", "costs": {"Q": 1}}, "no node is called 'Q'"),
    ({"kind": "optimal_adjustment", "X": "X", "Y": "Y", "costs": [["Z"]]}, r"no \[node, cost\] pair"),
    ({"kind": "ancestors"}, "needs X"),
]


@pytest.mark.parametrize(("query", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_queries_are_named(query: dict[str, Any], message: str) -> None:
    """By field and value, by both solvers."""
    for solve in (calculate, answered_again):
        with pytest.raises(MalformedCase, match=message):
            solve({"graph": graph_of("Z -> X, X -> Y, Z -> Y, W -> Z"), "query": query})


@pytest.mark.parametrize("seed", range(3))
def test_wide_graphs(seed: int) -> None:
    """Every kind is answered on 48 nodes with latent ones, the limit of trying all sets notwithstanding."""
    g = Draw(seed).graph(48, density=6, bidirected=1, latent=20)
    names = [f"V{node}" for node in range(g.n)]
    seen = [name for node, name in enumerate(names) if not g.latent >> node & 1]
    order = [name for node in g.topological() if (name := names[node]) in seen]
    query = {"X": order[0], "Y": order[-1]}
    blanket = calculate({"graph": write_graph(names, g), "query": {"kind": "markov_blanket", "X": order[5]}})
    assert blanket.answer == answered_again(
        {"graph": write_graph(names, g), "query": {"kind": "markov_blanket", "X": order[5]}}
    )
    for kind in (
        "minimal_separator",
        "minimum_separator",
        "minimum_adjustment_set",
        "optimal_adjustment",
        "instruments",
        "ancestors",
    ):
        assert calculate({"graph": write_graph(names, g), "query": query | {"kind": kind}}).derivation
    smallest, small = (
        calculate({"graph": write_graph(names, g), "query": query | {"kind": kind}}).answer
        for kind in ("minimum_separator", "minimal_separator")
    )
    assert (smallest is None) == (small is None)
    assert smallest is None or len(smallest) <= len(small)
