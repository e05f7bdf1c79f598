"""Mediation: the three effects are what nested worlds say, and the total is not direct plus indirect."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest

from causal_eval.causal.calculator import agreed
from causal_eval.causal.kinds.kind import Json
from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Facts, the_ask
from causal_eval.questions.families.mediation import FAMILY
from causal_eval.questions.family import APART, Group, Value
from causal_eval.questions.network import literal, scm_of
from causal_eval.questions.posing import about_scm, symbol
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream

(KIND,) = FAMILY.kinds


def drawn(count: int, difficulties: int = 4) -> list[Group]:
    """Groups of the first *difficulties*; the last takes long."""
    return [FAMILY.draw(Stream("mediation tests", index), KIND, 1 + index % difficulties) for index in range(count)]


def numbers(value: Value) -> dict[str, Fraction]:
    """NDE, NIE and TE as numbers."""
    assert isinstance(value, Mapping)
    found = {str(name): number for name, number in value.items() if isinstance(number, Fraction)}
    assert list(found) == ["NDE", "NIE", "TE"]
    return found


def answered(facts: Facts, n: int) -> dict[str, Fraction]:
    return numbers(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value))


def after(facts: Facts, n: int, *, active: int, mediating: int) -> Fraction:
    """P(Y = 1 with X at *active* and M as with X at *mediating*), asked as an event in a nested world."""
    y, x, m = (literal(the_ask(facts).slots[0])[0], literal(the_ask(facts).slots[1])[0], the_ask(facts).slots[3])
    assert isinstance(m, int)
    kept: dict[str, Json] = {"under": {symbol(x): mediating}}
    world: dict[str, Json] = {"do": {symbol(x): active, symbol(m): kept}, "event": {symbol(y): 1}}
    (whole,) = about_scm(scm_of(facts, n), {"kind": "joint_counterfactual", "worlds": [world]}, estimand="").cases
    return Fraction(str(agreed(whole).answer))


def test_the_effects_are_those_of_nested_worlds() -> None:
    """Each is a difference of two nested worlds that are asked for one by one."""
    for group in drawn(2):
        facts = group.members[0]
        to = literal(the_ask(facts).slots[1])[1]
        start = after(facts, group.n, active=1 - to, mediating=1 - to)
        assert answered(facts, group.n) == {
            "NDE": after(facts, group.n, active=to, mediating=1 - to) - start,
            "NIE": after(facts, group.n, active=1 - to, mediating=to) - start,
            "TE": after(facts, group.n, active=to, mediating=to) - start,
        }


def test_the_reverse_change_has_other_parts_and_the_same_total() -> None:
    """TE = NDE - NIE of the reverse, not NDE + NIE, in each of the two questions of a model."""
    for group in drawn(4):
        one, other = (answered(facts, group.n) for facts in group.members)
        assert one["TE"] == -other["TE"] == one["NDE"] - other["NIE"]
        assert abs(one["TE"] - one["NDE"] - one["NIE"]) >= APART


def test_no_mistake_is_right() -> None:
    """Every named wrong method misses at least one of the three numbers by three tolerances."""
    for group in drawn(8):
        facts = group.members[0]
        right, wrong = answered(facts, group.n), FAMILY.mistakes(facts, group.n)
        assert len(wrong) >= 3
        for other in wrong.values():
            assert any(abs(right[name] - number) >= APART for name, number in numbers(other).items())


def test_a_common_cause_of_mediator_and_outcome_is_averaged_over() -> None:
    """Both solvers agree on the hardest structures, too."""
    group = FAMILY.draw(Stream("mediation tests", "hardest"), KIND, 5)
    facts = group.members[0]
    assert answered(facts, group.n)["TE"] != 0


def test_a_quantity_that_is_not_between_is_refused() -> None:
    """A question that names the outcome itself as what lies between has no answer."""
    (group,) = drawn(1)
    facts = group.members[0]
    ask = the_ask(facts)
    wrong = tuple(
        ask._replace(slots=(*ask.slots[:3], literal(ask.slots[0])[0])) if fact is ask else fact for fact in facts
    )
    with pytest.raises(VerificationMismatch):
        FAMILY.case(wrong, group.n)
