"""Controlled direct effect: both interventions are made, and it is no other effect."""

from __future__ import annotations

from fractions import Fraction

from causal_eval.causal.intervene import Worlds
from causal_eval.questions.facts import the_ask
from causal_eval.questions.families.cde import FAMILY
from causal_eval.questions.network import contrast_of, literal, scm_of
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream


def test_it_is_the_difference_under_both_interventions() -> None:
    """P(y | do x, do m) - P(y | do x', do m), for the mediator's printed state."""
    for index in range(20):
        group = FAMILY.draw(Stream("cde tests", index), FAMILY.kinds[0], 1 + index % 5)
        for facts in group.members:
            (y, x), held = contrast_of(facts), literal(the_ask(facts).slots[3])
            worlds = Worlds(scm_of(facts, group.n))
            one, other = (worlds.probability(((y, 1),), do=tuple(sorted(((x, level), held)))) for level in (1, 0))
            assert FAMILY.answer(facts, Proof.of(FAMILY.case(facts, group.n)).value) == one - other


def test_twins_hold_the_mediator_at_either_state_and_differ() -> None:
    """Both states are asked about once, and the answers are at least 0.015 apart."""
    for index in range(10):
        group = FAMILY.draw(Stream("cde tests", index), FAMILY.kinds[0], 1 + index % 5)
        held = {literal(the_ask(facts).slots[3])[1] for facts in group.members}
        found = [FAMILY.answer(facts, Proof.of(FAMILY.case(facts, group.n)).value) for facts in group.members]
        assert held == {0, 1}
        assert isinstance(found[0], Fraction)
        assert isinstance(found[1], Fraction)
        assert abs(found[0] - found[1]) >= Fraction(3, 200)
