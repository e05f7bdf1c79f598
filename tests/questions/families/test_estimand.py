"""Estimands: formulas that are right in hidden models, where adjusting is not enough."""

from __future__ import annotations

import pytest

from causal_eval.causal.adjust import adjustment_sets
from causal_eval.causal.second.frontdoor import exists
from causal_eval.causal.second.identification import conditional_identified
from causal_eval.questions.families.estimand import FAMILY
from causal_eval.questions.family import Group, Kind
from causal_eval.questions.letters import effect_of
from causal_eval.questions.network import graph_of
from causal_eval.questions.posing import Value, by_name
from causal_eval.questions.prove import Proof
from causal_eval.scoring.hidden import equals_effect
from causal_eval.seeds import Stream

KINDS = pytest.mark.parametrize("kind", FAMILY.kinds, ids=lambda kind: str(kind.name))


def draws(kind: Kind, count: int = 30) -> list[Group]:
    return [FAMILY.draw(Stream("estimand tests", kind.name, index), kind, 1 + index % 5) for index in range(count)]


def gold(group: Group) -> dict[str, Value]:
    (facts,) = group.members
    return by_name(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, group.n)).value))


@pytest.mark.slow
@KINDS
def test_the_formula_is_right_in_hidden_models_and_no_mistake_is(kind: Kind) -> None:
    """Exact values on models that nobody has seen."""
    for group in draws(kind, 8):
        right = gold(group)
        formula = right["formula"]
        wrong = [by_name(one)["formula"] for one in FAMILY.mistakes(group.members[0], group.n).values()]
        assert isinstance(formula, str)
        assert equals_effect(formula, right)
        assert len(wrong) >= 2
        assert not any(equals_effect(text, right) for text in wrong if isinstance(text, str))


@KINDS
def test_the_effect_is_identifiable_but_not_by_adjustment(kind: Kind) -> None:
    """By Tian and Pearl's districts it is; no set of quantities can be adjusted for where nothing is given."""
    for group in draws(kind):
        graph, asked = graph_of(group.members[0], group.n), effect_of(group.members[0])
        assert conditional_identified(graph, asked.x, y=asked.y, z=asked.z)
        if not asked.z:
            assert not adjustment_sets(graph, asked.x, y=asked.y)
            assert exists(graph, asked.x, y=asked.y) is (kind.name == "frontdoor")
