"""Actual: every cause by the definition, which the but-for test alone does not find."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, the_ask
from causal_eval.questions.families.actual import FAMILY
from causal_eval.questions.family import Group, Kind
from causal_eval.questions.network import literal
from causal_eval.questions.posing import parts_of
from causal_eval.questions.prove import Proof
from causal_eval.questions.situation import situation_of
from causal_eval.seeds import Stream

Found = set[frozenset[int]]


def draws(kind: Kind, count: int = 30) -> list[Group]:
    return [FAMILY.draw(Stream("actual tests", kind.name, index), kind, 1 + index % 5) for index in range(count)]


def members(kind: Kind) -> Iterator[tuple[Facts, int]]:
    return ((facts, group.n) for group in draws(kind) for facts in group.members)


def answered(facts: Facts, n: int) -> Found:
    found = parts_of(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value))
    return {frozenset(node for node in parts_of(cause) if isinstance(node, int)) for cause in found}


def by_definition(facts: Facts, n: int) -> Found:
    """Smallest sets first: all switched, any others held, nothing smaller."""
    situation, (y, value) = situation_of(facts, n), literal(the_ask(facts).slots[0])
    was, others = situation.states(), [node for node in range(n) if node != y]
    found: Found = set()
    for size in range(1, n):
        for chosen in itertools.combinations(others, size):
            switched = {node: 1 - was[node] for node in chosen}
            rest = [node for node in others if node not in chosen]
            held = (part for k in range(len(rest) + 1) for part in itertools.combinations(rest, k))
            undone = any(
                situation.states({**switched, **{node: was[node] for node in part}})[y] != value for part in held
            )
            if undone and not any(smaller <= set(chosen) for smaller in found):
                found.add(frozenset(chosen))
    return found


@pytest.mark.parametrize("kind", FAMILY.kinds, ids=lambda kind: str(kind.name))
def test_the_answer_is_what_the_definition_says(kind: Kind) -> None:
    """Going through all switches and all that could be held, with the printed rules alone, gives the same sets."""
    for facts, n in members(kind):
        assert answered(facts, n) == by_definition(facts, n)


@pytest.mark.parametrize("kind", FAMILY.kinds, ids=lambda kind: str(kind.name))
def test_no_named_mistake_is_right(kind: Kind) -> None:
    """The but-for test, direct causes, and all that leads to the outcome are never the answer; all are named."""
    for facts, n in members(kind):
        wrong = FAMILY.mistakes(facts, n)
        assert len(wrong) >= 3
        right = answered(facts, n)
        for sets in wrong.values():
            assert {frozenset(parts_of(one)) for one in parts_of(sets)} != right


def test_twins_differ_in_one_rule_and_in_their_answer() -> None:
    """Everything else that is printed is the same; a cause of one that is no but-for cause is one in the other."""
    for group in draws(FAMILY.kind("twins")):
        one, other = group.members
        assert len(set(one) - set(other)) == len(set(other) - set(one)) == 1
        first, second = (answered(facts, group.n) for facts in group.members)
        assert first != second
        but_for = [
            {frozenset(parts_of(one)) for one in parts_of(FAMILY.mistakes(facts, group.n)["but-for causes only"])}
            for facts in group.members
        ]
        assert (first - but_for[0]) & but_for[1] or (second - but_for[1]) & but_for[0]


def test_what_did_not_happen_has_no_causes() -> None:
    """A prompt that asks why something is so that is not so is refused."""
    group = draws(FAMILY.kind("causes"), 1)[0]
    (facts,) = group.members
    y, value = literal(the_ask(facts).slots[0])
    turned = tuple(Fact(fact.form, ((y, 1 - value),)) if fact is the_ask(facts) else fact for fact in facts)
    with pytest.raises(VerificationMismatch, match="did not happen"):
        FAMILY.case(turned, group.n)
