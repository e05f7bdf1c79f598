"""Identifiability: a formula in one twin, none in the other, and no formula by habit."""

from __future__ import annotations

import pytest

from causal_eval.causal.second.identification import conditional_identified
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import of_form
from causal_eval.questions.families.identifiability import FAMILY
from causal_eval.questions.family import Group, Kind
from causal_eval.questions.letters import effect_of, letters_of
from causal_eval.questions.network import graph_of
from causal_eval.questions.posing import Value, by_name
from causal_eval.questions.prove import Proof
from causal_eval.scoring.hidden import equals_effect
from causal_eval.seeds import Stream

KINDS = pytest.mark.parametrize("kind", FAMILY.kinds, ids=lambda kind: str(kind.name))


def draws(kind: Kind, count: int = 20) -> list[Group]:
    return [
        FAMILY.draw(Stream("identifiability tests", kind.name, index), kind, 1 + index % 5) for index in range(count)
    ]


def golds(group: Group) -> list[dict[str, Value]]:
    return [by_name(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, group.n)).value)) for facts in group.members]


@KINDS
def test_one_twin_has_a_formula_and_the_other_none(kind: Kind) -> None:
    """They have the same influences and as many hidden causes, all but one of them the same."""
    for group in draws(kind):
        assert sorted(gold["formula"] is None for gold in golds(group)) == [False, True]
        one, other = ({fact for fact in facts if fact.form == "confounded"} for facts in group.members)
        assert len(one - other) == len(other - one) == 1
        assert set(group.members[0]) - one == set(group.members[1]) - other


@pytest.mark.slow
@KINDS
def test_the_formula_is_the_effect_in_hidden_models_and_no_habit_is(kind: Kind) -> None:
    """Exact values on models that nobody has seen; the mistakes are tried on the same ones."""
    for group in draws(kind, 10):
        for facts, gold in zip(group.members, golds(group), strict=True):
            formula = gold["formula"]
            wrong = [by_name(one)["formula"] for one in FAMILY.mistakes(facts, group.n).values()]
            assert len(wrong) >= 2
            assert formula not in wrong
            if isinstance(formula, str):
                assert None in wrong
                assert equals_effect(formula, gold)
                assert not any(equals_effect(text, gold) for text in wrong if isinstance(text, str))


@KINDS
def test_the_definition_by_districts_agrees(kind: Kind) -> None:
    """Tian and Pearl's criterion says which twin is identifiable."""
    for group in draws(kind):
        for facts, gold in zip(group.members, golds(group), strict=True):
            asked = effect_of(facts)
            found = conditional_identified(graph_of(facts, group.n), asked.x, y=asked.y, z=asked.z)
            assert found is (gold["formula"] is not None)


@KINDS
def test_every_quantity_has_a_letter_of_its_own(kind: Kind) -> None:
    """A prompt that leaves one out, or gives one twice, is refused."""
    for group in draws(kind, 5):
        facts = group.members[0]
        assert len(set(letters_of(facts))) == group.n
        first, second = of_form(facts, "letter")[:2]
        without = tuple(fact for fact in facts if fact != first)
        with pytest.raises(VerificationMismatch, match="letter"):
            FAMILY.case(without, group.n)
        with pytest.raises(VerificationMismatch, match="letter"):
            FAMILY.case((*without, second._replace(slots=(first.slots[0], second.slots[1]))), group.n)
