"""Flaw: exactly one step is wrong, and what is wrong with it is what was put there."""

from __future__ import annotations

from fractions import Fraction

import pytest

from causal_eval.causal.adjust import is_adjustment_set
from causal_eval.causal.graph import mask_of
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.derivation import LABELS, SOUND, Derivation
from causal_eval.questions.facts import Fact, Facts, of_form
from causal_eval.questions.families.flaw import EXTRA, FAMILY
from causal_eval.questions.family import APART, Group
from causal_eval.questions.network import graph_of
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream

(STEP,) = FAMILY.kinds


def draws(count: int = 30) -> list[Group]:
    return [FAMILY.draw(Stream("flaw tests", index), STEP, 1 + index % 5) for index in range(count)]


def labels_of(facts: Facts, n: int) -> list[str]:
    found = FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value)
    assert isinstance(found, dict)
    assert list(found) == [f"step {place}" for place in range(1, len(found) + 1)]
    return [str(label) for label in found.values()]


def test_exactly_one_step_is_wrong_and_twins_differ_in_the_error() -> None:
    """Four to seven steps, one error each, of two sorts in the two derivations of a group."""
    for index, group in enumerate(draws()):
        labels = [labels_of(facts, group.n) for facts in group.members]
        errors = [[label for label in own if label != SOUND] for own in labels]
        assert [len(own) for own in errors] == [1, 1]
        assert errors[0] != errors[1]
        assert {len(own) for own in labels} == {4 + len(EXTRA[index % 5])}


@pytest.mark.slow
def test_every_sort_of_error_occurs_about_as_often() -> None:
    """No label is rare and none is frequent, so that none is a good guess."""
    found = [
        label
        for group in draws(100)
        for facts in group.members
        for label in labels_of(facts, group.n)
        if label != SOUND
    ]
    shares = {label: found.count(label) / len(found) for label in LABELS[1:]}
    assert all(0.06 < share < 0.24 for share in shares.values()), shares


def test_an_adjustment_set_is_labelled_by_its_definition() -> None:
    """Valid sets are sound; others are wrong by what the treatment affects, or by what a member less would do."""
    for group in draws():
        for facts in group.members:
            graph, derivation = graph_of(facts, group.n), Derivation.read(facts)
            x, y, members = derivation.asked
            labels = labels_of(facts, group.n)
            label = labels[[step.form for step in derivation.steps].index("step-set")]
            affected = any(graph.descendants(1 << x) >> member & 1 for member in members)
            less = [mask_of([other for other in members if other != member]) for member in members]
            valid = [is_adjustment_set(graph, 1 << x, 1 << y, z) for z in (mask_of(members), *less)]
            expected = "mediator" if affected else "collider" if any(valid[1:]) else "confounder"
            assert label == (SOUND if valid[0] else expected)


def test_the_result_follows_or_is_far_off() -> None:
    """The last step is the weighted sum of what the earlier ones say, to the digit, or 0.015 away from it at least."""
    for group in draws():
        for facts in group.members:
            derivation = Derivation.read(facts)
            given = derivation.steps[-1].slots[-1]
            assert isinstance(given, Fraction)
            wrong = labels_of(facts, group.n)[-1] != SOUND
            assert abs(given - derivation.total()) >= APART if wrong else given == derivation.total()


def test_the_shares_of_all_combinations_add_up() -> None:
    """Four combinations of two states, one hundred percent together, and a frequency of the outcome for each."""
    for group in draws():
        for facts in group.members:
            derivation = Derivation.read(facts)
            assert len(derivation.shares) == len(derivation.rates) == 4
            assert sum(derivation.shares.values()) == 1


def test_no_named_mistake_is_right() -> None:
    """What a careless reader says is never the answer, and every question names three mistakes at least."""
    for group in draws():
        for facts in group.members:
            wrong = FAMILY.mistakes(facts, group.n)
            right = labels_of(facts, group.n)
            assert len(wrong) >= 3
            assert right not in [list(given.values()) for given in wrong.values() if isinstance(given, dict)]


def test_a_derivation_with_two_errors_is_refused() -> None:
    """A prompt in which a second step was altered is no question of this family."""
    facts = draws(1)[0].members[0]
    (step,) = of_form(facts, "step-influence")
    number, cause, effect = step.slots
    (total,) = of_form(facts, "step-total")
    *start, result = total.slots
    assert isinstance(result, Fraction)
    turned = Fact(step.form, (number, effect, cause))
    changed = Fact(total.form, (*start, result / 2))
    altered = tuple(turned if fact == step else changed if fact == total else fact for fact in facts)
    n = draws(1)[0].n
    with pytest.raises(VerificationMismatch, match="exactly one step"):
        FAMILY.answer(altered, Proof.of(FAMILY.case(altered, n)).value)
