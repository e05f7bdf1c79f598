"""Instruments: the right ones by the definition, path by path."""

from __future__ import annotations

import itertools

import pytest

from causal_eval.causal.graph import mask_of
from causal_eval.causal.second.instruments import serves_edge
from causal_eval.questions.facts import the_ask
from causal_eval.questions.families.instrument import FAMILY
from causal_eval.questions.family import Group, Kind
from causal_eval.questions.network import graph_of, node
from causal_eval.questions.posing import Value, parts_of
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream

WHICH, SETS = FAMILY.kinds


def draws(kind: Kind, count: int = 30) -> list[Group]:
    return [FAMILY.draw(Stream("instrument tests", kind.name, index), kind, 1 + index % 5) for index in range(count)]


def answered(group: Group) -> list[int]:
    """The masks of the answer's sets."""
    (facts,) = group.members
    found = parts_of(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, group.n)).value))
    return [mask_of([part for part in parts_of(one) if isinstance(part, int)]) for one in found]


def test_each_candidate_is_in_the_set_iff_it_is_an_instrument() -> None:
    """Given what is held fixed; two at least are, and two are not."""
    for group in draws(WHICH):
        graph, (x, y, given) = graph_of(group.members[0], group.n), the_ask(group.members[0]).slots
        assert isinstance(given, tuple)
        w = mask_of([part for part in given if isinstance(part, int)])
        ends = 1 << node(x), 1 << node(y)
        others = [1 << one for one in range(group.n) if not (w | ends[0] | ends[1]) >> one & 1]
        (right,) = answered(group)
        assert [one for one in others if serves_edge(graph, ends[0], y=ends[1], z=one, w=w)] == [
            one for one in others if right & one
        ]
        assert 2 <= right.bit_count() <= len(others) - 2


def test_the_sets_are_all_that_serve_while_no_proper_subset_does() -> None:
    """Of all subsets that hold no effect of the outcome, tried one by one."""
    for group in draws(SETS, 12):
        graph = graph_of(group.members[0], group.n)
        z, x, y = (1 << node(slot) for slot in the_ask(group.members[0]).slots)
        free = [1 << one for one in range(group.n) if not (z | x | graph.descendants(y)) >> one & 1]
        serving: list[int] = []
        chosen = itertools.chain.from_iterable(itertools.combinations(free, size) for size in range(4))
        for w in map(sum, chosen):
            if not any(known & w == known for known in serving) and serves_edge(graph, x, y=y, z=z, w=w):
                serving.append(w)
        right = answered(group)
        assert len(right) >= 2
        assert 0 not in right
        assert sorted(serving) == sorted(w for w in right if w.bit_count() < 4)


@pytest.mark.parametrize("kind", FAMILY.kinds, ids=lambda kind: str(kind.name))
def test_no_named_mistake_is_right(kind: Kind) -> None:
    """What a wrong method gives is another answer."""
    for group in draws(kind):
        wrong: list[Value] = list(FAMILY.mistakes(group.members[0], group.n).values())
        right = sorted(answered(group))
        assert wrong
        for answer in wrong:
            masks = [mask_of([p for p in parts_of(one) if isinstance(p, int)]) for one in parts_of(answer)]
            assert sorted(masks) != right
