"""Equivalence: six graphs, of which those are right that imply the same independences."""

from __future__ import annotations

import itertools

import pytest

from causal_eval.causal.graph import Graph
from causal_eval.causal.separation import separated
from causal_eval.questions.facts import Facts, of_form, the_ask
from causal_eval.questions.families.equivalence import FAMILY, LISTED
from causal_eval.questions.family import Group
from causal_eval.questions.network import graph_of, literals_of, node
from causal_eval.questions.posing import parts_of
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream

SAME, TESTED = FAMILY.kinds


def draws(count: int = 30) -> list[Group]:
    return [FAMILY.draw(Stream("equivalence tests", index), SAME, 1 + index % 5) for index in range(count)]


def chosen(facts: Facts, n: int) -> set[object]:
    (right,) = parts_of(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value))
    return set(parts_of(right))


def listed(facts: Facts, n: int) -> dict[str, Graph]:
    return {
        f"graph {node(fact.slots[0])}": Graph.build(n, literals_of(fact.slots[1])) for fact in of_form(facts, "graph")
    }


def independences(graph: Graph) -> set[tuple[int, int, int]]:
    pairs = itertools.combinations(range(graph.n), 2)
    return {
        (one, other, z)
        for one, other in pairs
        for z in range(1 << graph.n)
        if not z & (1 << one | 1 << other) and separated(graph, 1 << one, 1 << other, z)
    }


def test_the_right_graphs_imply_the_same_independences() -> None:
    """A numbered graph is in the answer iff its d-separations are those of the given graph, every one."""
    for group in draws():
        (facts,) = group.members
        if group.n > 6:
            continue
        wanted = independences(graph_of(facts, group.n))
        same = {name for name, graph in listed(facts, group.n).items() if independences(graph) == wanted}
        assert chosen(facts, group.n) == same


def test_the_graphs_differ_and_are_balanced() -> None:
    """The six graphs and the given one are seven different ones; one to five are right, half of them on the whole."""
    right = 0
    for group in draws(60):
        (facts,) = group.members
        graphs = [graph_of(facts, group.n), *listed(facts, group.n).values()]
        assert len({graph.parents for graph in graphs}) == LISTED + 1
        found = len(chosen(facts, group.n))
        assert 1 <= found < LISTED
        right += found
    assert 0.4 < right / (60 * LISTED) < 0.6


def test_no_named_mistake_is_right() -> None:
    """What a wrong criterion gives is never the answer, and every question names two at least."""
    for group in draws():
        (facts,) = group.members
        wrong = FAMILY.mistakes(facts, group.n)
        assert len(wrong) >= 2
        assert chosen(facts, group.n) not in [set(parts_of(parts_of(given)[0])) for given in wrong.values()]


def test_distance_from_the_given_graph_tells_little() -> None:
    """Right and wrong graphs differ from the given one in about as many influences."""
    far: dict[bool, list[int]] = {True: [], False: []}
    for group in draws(60):
        (facts,) = group.members
        right, own = chosen(facts, group.n), graph_of(facts, group.n).parents
        for name, graph in listed(facts, group.n).items():
            changed = sum((a & ~b).bit_count() for a, b in zip(own, graph.parents, strict=True))
            far[name in right].append(changed)
    means = {same: sum(counts) / len(counts) for same, counts in far.items()}
    assert abs(means[True] - means[False]) < 1


@pytest.mark.slow
def test_experiments_leave_what_no_mutilated_graph_tells_apart() -> None:
    """Right are those whose d-separations are the same as they are and with the arrows into each target cut."""
    for index in range(12):
        group = FAMILY.draw(Stream("tested", index), TESTED, 1 + index % 2)
        (facts,) = group.members
        graph, (targets,) = graph_of(facts, group.n), the_ask(facts).slots
        assert isinstance(targets, tuple)
        cuts = [0, *(1 << node(target) for target in targets)]

        def told(one: Graph, cuts: list[int] = cuts) -> list[set[tuple[int, int, int]]]:
            return [independences(one.without_incoming(cut)) for cut in cuts]

        right = {name for name, other in listed(facts, group.n).items() if told(other) == told(graph)}
        observed = {name for name, other in listed(facts, group.n).items() if told(other)[0] == told(graph)[0]}
        assert chosen(facts, group.n) == right
        assert 0 < len(right) < len(observed)
        assert "experiments tell nothing" in FAMILY.mistakes(facts, group.n)
