"""Experiment: the fewest interventions that leave nothing open, and no fewer."""

from __future__ import annotations

import itertools
import math

import pytest

from causal_eval.causal.classes import cpdag, members
from causal_eval.causal.graph import Graph
from causal_eval.questions.families.experiment import FAMILY, MOST_SETS
from causal_eval.questions.family import Group, Kind
from causal_eval.questions.network import graph_of
from causal_eval.questions.posing import Value, parts_of
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream

ONE, ALL = FAMILY.kinds


def draws(kind: Kind, count: int = 10) -> list[Group]:
    return [FAMILY.draw(Stream("experiment tests", kind.name, index), kind, 1 + index % 5) for index in range(count)]


def answered(group: Group) -> tuple[Value, ...]:
    (facts,) = group.members
    return parts_of(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, group.n)).value))


def told_apart(graph: Graph, other: Graph) -> set[int]:
    """The nodes with a link that has another direction in the other graph."""
    return {
        end
        for node, (mask, also) in enumerate(zip(graph.parents, other.parents, strict=True))
        for cause in range(graph.n)
        if (mask ^ also) >> cause & 1
        for end in (node, cause)
    }


@pytest.mark.parametrize("kind", FAMILY.kinds, ids=lambda kind: str(kind.name))
def test_the_sets_are_the_smallest_that_tell_the_graph_from_every_rival(kind: Kind) -> None:
    """A set is right iff every other graph of the class has a link at one of its members turned round."""
    for group in draws(kind):
        graph = graph_of(group.members[0], group.n)
        rivals = [told_apart(graph, other) for other in members(cpdag(graph)) if other.parents != graph.parents]
        subsets = (itertools.combinations(range(group.n), size) for size in range(group.n))
        telling = ([chosen for chosen in same if all(rival & {*chosen} for rival in rivals)] for same in subsets)
        smallest = next(found for found in telling if found)
        assert set(answered(group)) == set(smallest)
        assert len(smallest[0]) >= 2


def test_a_random_choice_is_hardly_ever_right() -> None:
    """At most one in 28 sets of the right size will do where one is to be named; some, but few, are to be listed."""
    for group in draws(ONE):
        sets = answered(group)
        assert 28 * len(sets) <= math.comb(group.n, len(parts_of(sets[0])))
    assert all(2 <= len(answered(group)) <= MOST_SETS for group in draws(ALL))


@pytest.mark.parametrize("kind", FAMILY.kinds, ids=lambda kind: str(kind.name))
def test_no_named_mistake_is_right(kind: Kind) -> None:
    """What a wrong method gives is never right, and every question names three at least."""
    for group in draws(kind):
        right = answered(group)
        wrong = FAMILY.mistakes(group.members[0], group.n)
        assert len(wrong) >= 3
        for given in map(parts_of, wrong.values()):
            assert set(given) != set(right) if kind is ALL else given[0] not in right
