"""Treated: the effect on a group is that of the shared noise, and differs from everybody's where it should."""

from __future__ import annotations

from fractions import Fraction

from causal_eval.causal.query import Case, Kind, Query
from causal_eval.causal.solve import value_of
from causal_eval.questions.facts import Facts, the_ask
from causal_eval.questions.families.treated import FAMILY, OPTIONS
from causal_eval.questions.network import literal, scm_of
from causal_eval.questions.posing import symbols
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream


def answered(facts: Facts, n: int) -> object:
    return FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value)


def test_the_two_groups_add_up_to_everybody() -> None:
    """P(x) ETT + P(x') ETU is the average effect."""
    for index in range(20):
        group = FAMILY.draw(Stream("treated tests", index), FAMILY.kind("effect"), 1 + index % 5)
        (y, _), *_, (x, _) = (literal(slot) for slot in the_ask(group.members[0]).slots)
        scm, names = scm_of(group.members[0], group.n), symbols(group.n)
        average = value_of(Case(names, scm.graph, scm, Query(Kind.ATE, x=(x,), y=(y,))))
        total = Fraction(0)
        for facts in group.members:
            there = literal(the_ask(facts).slots[-1])
            share = value_of(Case(names, scm.graph, scm, Query(Kind.PROBABILITY, event=(there,))))
            effect = answered(facts, group.n)
            assert isinstance(effect, Fraction)
            total += share * effect
        assert total == average


def test_each_group_has_every_answer_once() -> None:
    """Of the three models one has a higher effect in the group, one a lower one, one the same."""
    for index in range(10):
        group = FAMILY.draw(Stream("treated tests", index), FAMILY.kind("compare"), 1 + index % 5)
        assert sorted(str(answered(facts, group.n)) for facts in group.members) == sorted(OPTIONS)
