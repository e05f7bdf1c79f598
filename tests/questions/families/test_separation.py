"""Separation: claims that the whole graph decides, and every set that separates."""

from __future__ import annotations

import itertools

import pytest

from causal_eval.causal.graph import Graph, mask_of
from causal_eval.causal.separation import separated
from causal_eval.questions.facts import Fact, Facts, of_form, the_ask
from causal_eval.questions.families.separation import CLAIMS, FAMILY, LABELS
from causal_eval.questions.family import Group, Kind
from causal_eval.questions.network import graph_of, node
from causal_eval.questions.posing import Value, parts_of
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream

CLAIM, MINIMAL = FAMILY.kinds


def draws(kind: Kind, count: int = 30) -> list[Group]:
    return [FAMILY.draw(Stream("separation tests", kind.name, index), kind, 1 + index % 5) for index in range(count)]


def answered(facts: Facts, n: int) -> Value:
    return FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value)


def labels_of(facts: Facts, n: int) -> list[str]:
    found = answered(facts, n)
    assert isinstance(found, dict)
    return [str(label) for label in found.values()]


def paths(graph: Graph, start: int, end: int) -> list[tuple[int, ...]]:
    """Every way between two nodes along links of any direction that visits no node twice."""
    others = [index for index in range(graph.n) if index not in (start, end)]
    orders = itertools.chain.from_iterable(itertools.permutations(others, length) for length in range(graph.n - 1))
    ways = [(start, *inner, end) for inner in orders]
    return [way for way in ways if all(joins(graph, *pair) for pair in itertools.pairwise(way))]


def joins(graph: Graph, one: int, other: int) -> bool:
    return bool((graph.parents[one] | graph.children[one] | graph.bidirected[one]) >> other & 1)


def is_open(graph: Graph, way: tuple[int, ...], known: int) -> bool:
    """By the definition: every common effect on the way is known or leads to something known, and nothing else is."""
    for before, middle, after in zip(way, way[1:], way[2:], strict=False):
        into = graph.parents[middle] | graph.bidirected[middle]
        if into >> before & into >> after & 1:
            if not graph.descendants(1 << middle) & known:
                return False
        elif known >> middle & 1:
            return False
    return True


def ends_and_known(claim: Fact) -> tuple[int, int, int]:
    _, one, other, *given = claim.slots
    known = given[0] if given else ()
    assert isinstance(known, tuple)
    return node(one), node(other), mask_of([part for part in known if isinstance(part, int)])


def test_a_claim_holds_iff_no_path_is_open() -> None:
    """The label of every claim is what a walk along each path says, in graphs without hidden common causes."""
    for group in draws(CLAIM, 10):
        for facts in group.members if not of_form(group.members[1], "confounded") and group.n <= 7 else ():
            graph = graph_of(facts, group.n)
            claims = sorted(of_form(facts, "claim", "claim-alone"), key=lambda fact: node(fact.slots[0]))
            verdicts = [ends_and_known(claim) for claim in claims]
            opened = [any(is_open(graph, way, z) for way in paths(graph, x, y)) for x, y, z in verdicts]
            assert labels_of(facts, group.n) == [LABELS[int(is_path)] for is_path in opened]


def test_twins_differ_in_one_link_that_undoes_one_or_two_claims() -> None:
    """What the first graph implies and the second does not is one or two claims, and nothing the other way round."""
    for index, group in enumerate(draws(CLAIM)):
        first, second = group.members
        assert len(set(second) - set(first)) == 1
        assert not set(first) - set(second)
        before, after = labels_of(first, group.n), labels_of(second, group.n)
        changed = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
        assert len(before) == CLAIMS[index % 5]
        assert 1 <= len(changed) <= 2
        assert set(changed) == {LABELS}


@pytest.mark.slow
def test_labels_are_balanced() -> None:
    """About half of the claims hold."""
    labels = [label for group in draws(CLAIM, 60) for facts in group.members for label in labels_of(facts, group.n)]
    assert 0.4 < labels.count("holds") / len(labels) < 0.6


def test_the_sets_are_all_that_separate_and_can_lose_no_member() -> None:
    """Exactly those sets of other quantities are listed that separate while none of their proper subsets does."""
    for group in draws(MINIMAL):
        (facts,) = group.members
        graph, (x, y) = graph_of(facts, group.n), (1 << node(slot) for slot in the_ask(facts).slots)
        subsets = [z for z in range(1 << group.n) if not z & (x | y) and separated(graph, x, y, z)]
        minimal = {z for z in subsets if not any(other != z and other & z == other for other in subsets)}
        assert len(minimal) >= 2
        found = [
            mask_of([n for n in parts_of(one) if isinstance(n, int)]) for one in parts_of(answered(facts, group.n))
        ]
        assert sorted(found) == sorted(minimal)


@pytest.mark.parametrize("kind", FAMILY.kinds, ids=lambda kind: str(kind.name))
def test_no_named_mistake_is_right(kind: Kind) -> None:
    """What a wrong method gives is never the answer, and every question names one at least."""
    for group in draws(kind):
        for facts in group.members:
            wrong = FAMILY.mistakes(facts, group.n)
            assert wrong
            assert answered(facts, group.n) not in wrong.values()


def test_hidden_common_causes_are_listed_where_it_is_hard() -> None:
    """From difficulty 3 on some pairs have a hidden common cause."""
    for index, group in enumerate(draws(MINIMAL)):
        assert len(of_form(group.members[0], "confounded")) == max(0, index % 5 - 1)
