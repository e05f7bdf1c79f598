"""Blanket: exact sets that need a look at the whole graph."""

from __future__ import annotations

import pytest

from causal_eval.causal.graph import mask_of
from causal_eval.causal.separation import separated
from causal_eval.questions.facts import the_ask
from causal_eval.questions.families.blanket import FAMILY
from causal_eval.questions.family import Group, Kind
from causal_eval.questions.network import graph_of, node
from causal_eval.questions.posing import Value, parts_of
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream


def draws(kind: Kind, count: int = 30) -> list[Group]:
    return [FAMILY.draw(Stream("blanket tests", kind.name, index), kind, 1 + index % 5) for index in range(count)]


def answered(group: Group) -> tuple[Value, ...]:
    (facts,) = group.members
    return parts_of(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, group.n)).value))


@pytest.mark.parametrize("kind", FAMILY.kinds, ids=lambda kind: str(kind.name))
def test_every_right_set_separates_and_none_of_its_members_can_go(kind: Kind) -> None:
    """A blanket shields its quantity from the rest and a separator its two ends, but not with a member less."""
    for group in draws(kind):
        (facts,) = group.members
        graph, (first, *rest) = graph_of(facts, group.n), [node(slot) for slot in the_ask(facts).slots]
        for members in answered(group):
            z = mask_of([part for part in parts_of(members) if isinstance(part, int)])
            others = mask_of(rest) or graph.everything & ~(1 << first | z)
            assert separated(graph, 1 << first, others, z)
            for gone in (1 << index for index in range(group.n) if z >> index & 1):
                beyond = others if rest else others | gone
                assert not separated(graph, 1 << first, beyond, z & ~gone)


@pytest.mark.parametrize("kind", FAMILY.kinds, ids=lambda kind: str(kind.name))
def test_neither_nothing_nor_one_quantity_will_do(kind: Kind) -> None:
    """Every right set has two members at least."""
    for group in draws(kind):
        assert all(len(parts_of(members)) >= 2 for members in answered(group))


@pytest.mark.parametrize("kind", FAMILY.kinds, ids=lambda kind: str(kind.name))
def test_no_named_mistake_is_right(kind: Kind) -> None:
    """What a wrong method gives is never one of the right sets."""
    for group in draws(kind):
        right = answered(group)
        wrong = FAMILY.mistakes(group.members[0], group.n)
        assert wrong
        assert all(parts_of(answer)[0] not in right for answer in wrong.values())
