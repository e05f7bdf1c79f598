"""Discovery: the list decides the class, and the class is that of the graph it was made from."""

from __future__ import annotations

import pytest

from causal_eval.causal.classes import Mixed, completed, immoralities, members
from causal_eval.causal.discovery import cpdag_of, statements
from causal_eval.causal.graph import Graph, closure
from causal_eval.errors import NotDetermined
from causal_eval.questions.facts import Fact, Facts, of_form
from causal_eval.questions.families.discovery import FAMILY, MOST, SIZES
from causal_eval.questions.family import Group
from causal_eval.questions.network import node
from causal_eval.questions.posing import parts_of
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream

(CLASS,) = FAMILY.kinds


def draws(count: int = 30, levels: int = 5) -> list[Group]:
    return [FAMILY.draw(Stream("discovery tests", index), CLASS, 1 + index % levels) for index in range(count)]


def listed(facts: Facts) -> frozenset[tuple[int, int, int]]:
    found = set()
    for one, other, sets in (fact.slots for fact in of_form(facts, "independent")):
        assert isinstance(sets, tuple)
        found |= {(node(one), node(other), z) for z in sets if isinstance(z, int)}
    return frozenset(found)


def test_both_solvers_find_the_class_that_has_exactly_these_independences() -> None:
    """Every member of the class implies all independences of the list and no others."""
    for group in draws(8, levels=4):
        (facts,) = group.members
        directed, undirected = map(
            parts_of, parts_of(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, group.n)).value))
        )
        found = cpdag_of(group.n, listed(facts))
        assert directed == found.directed()
        assert undirected == found.undirected()
        assert all(statements(graph) == listed(facts) for graph in members(found))


def test_the_list_is_short_enough_and_the_graph_telling() -> None:
    """Sizes are those of the difficulty, all hangs together, and a common effect of unlinked causes is there."""
    for index, group in enumerate(draws()):
        (facts,) = group.members
        told = listed(facts)
        found = cpdag_of(group.n, told)
        n, links = SIZES[index % 5]
        assert group.n == n
        assert links <= len(found.directed()) + len(found.undirected()) <= links + 1
        assert len(told) <= MOST
        assert closure(found.adjacent, 1) == (1 << n) - 1
        assert immoralities(next(members(found)))
        assert completed(found) == found


def test_no_named_mistake_is_right() -> None:
    """What a wrong method gives is never the class, and every question names three at least."""
    for group in draws():
        (facts,) = group.members
        found = cpdag_of(group.n, listed(facts))
        truth = (set(found.directed()), set(found.undirected()))
        wrong = FAMILY.mistakes(facts, group.n)
        assert len(wrong) >= 3
        assert truth not in [tuple(map(set, map(parts_of, parts_of(given)))) for given in wrong.values()]


def class_of(n: int, told: frozenset[tuple[int, int, int]]) -> Mixed | None:
    """The class with exactly these independences, None where no graph has them."""
    try:
        return cpdag_of(n, told)
    except NotDetermined:
        return None


@pytest.mark.slow
def test_one_independence_less_has_another_class_or_none() -> None:
    """Every entry of the list matters: without it no graph fits, or another class does."""
    for group in draws(10):
        (facts,) = group.members
        told = listed(facts)
        found = class_of(group.n, told)
        assert found is not None
        assert all(class_of(group.n, told - {gone}) != found for gone in told)


def test_an_empty_list_would_be_a_complete_graph() -> None:
    """The case of a prompt without independences is a graph in which all are linked: what is read is what is asked."""
    case = FAMILY.case((Fact("faithful"), Fact("ask-class")), 3)
    _, undirected = map(parts_of, parts_of(FAMILY.answer((Fact("ask-class"),), Proof.of(case).value)))
    assert undirected == ((0, 1), (0, 2), (1, 2))
    assert cpdag_of(3, frozenset()).beside == (6, 5, 3)
    assert statements(Graph.build(3, [(0, 1), (0, 2), (1, 2)])) == frozenset()
