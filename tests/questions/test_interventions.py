"""Interventions: two at once, a policy, an effect within a part of all cases, each exactly and apart from mistakes."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from causal_eval.errors import VerificationMismatch
from causal_eval.questions import interventions
from causal_eval.questions.facts import Fact, Facts, Literal, of_form, the_ask
from causal_eval.questions.families.effect import FAMILY
from causal_eval.questions.family import APART, Group
from causal_eval.questions.margins import guesses
from causal_eval.questions.network import literal, literals_of, node
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream

KINDS = sorted(interventions.STRUCTURES)


def draws(name: str, count: int = 20) -> list[Group]:
    kind = FAMILY.kind(name)
    return [FAMILY.draw(Stream("interventions", name, index), kind, 1 + index % 5) for index in range(count)]


def answered(facts: Facts, n: int) -> Fraction:
    value = FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value)
    assert isinstance(value, Fraction)
    return value


def mean(facts: Facts, n: int, *, held: tuple[Literal, ...] = (), part: tuple[Literal, ...] = ()) -> Fraction:
    """P(y | what is held, the part of the cases), world by world from the printed rows, a policy's before others."""
    rows: dict[int, dict[tuple[Literal, ...], Fraction]] = {index: {} for index in range(n)}
    for fact in of_form(facts, "base", "share"):
        given, p = literals_of(fact.slots[1]) if fact.form == "share" else (), fact.slots[-1]
        assert isinstance(p, Fraction)
        rows[literal(fact.slots[0])[0]][given] = p
    if policy := of_form(facts, "soft"):
        rows[node(the_ask(facts).slots[1])] = {
            (literal(fact.slots[1]),): Fraction(str(fact.slots[2])) for fact in policy
        }
    y, value = literal(the_ask(facts).slots[0])
    whole = total = Fraction(0)
    for world in itertools.product((0, 1), repeat=n):
        if any(world[index] != level for index, level in (*held, *part)):
            continue
        p = Fraction(1)
        for index in set(range(n)) - {one for one, _ in held}:
            causes = sorted({cause for given in rows[index] for cause, _ in given})
            high = rows[index][tuple((cause, world[cause]) for cause in causes)]
            p *= high if world[index] else 1 - high
        whole += p
        total += p * (world[y] == value)
    return total / whole


def by_hand(facts: Facts, n: int) -> Fraction:
    ask = the_ask(facts)
    if ask.form == "ask-joint":
        return mean(facts, n, held=(literal(ask.slots[1]), literal(ask.slots[2])))
    if ask.form == "ask-soft":
        return mean(facts, n)
    part = (literal(ask.slots[3]),)
    one, other = (mean(facts, n, held=(literal(slot),), part=part) for slot in ask.slots[1:3])
    return one - other


@pytest.mark.parametrize("name", KINDS)
def test_the_answer_is_the_sum_over_all_worlds(name: str) -> None:
    """Both solvers give what adding up the worlds of the printed tables gives."""
    for group in draws(name):
        (facts,) = group.members
        assert answered(facts, group.n) == by_hand(facts, group.n)


@pytest.mark.parametrize("name", KINDS)
def test_numbers_lie_apart_from_every_mistake_and_guess(name: str) -> None:
    """No named wrong method and no printed number would be graded right; four are named."""
    for group in draws(name):
        (facts,) = group.members
        gold, wrong = by_hand(facts, group.n), FAMILY.mistakes(facts, group.n)
        assert len(wrong) == 4
        for value in [*wrong.values(), *guesses(facts)]:
            assert isinstance(value, Fraction)
            assert abs(value - gold) >= APART


def test_a_policy_needs_both_of_its_rows() -> None:
    """A prompt that leaves a row of the new mechanism out, or tells it of another quantity, states no case."""
    group = draws("soft", 1)[0]
    (facts,) = group.members
    row, *_ = of_form(facts, "soft")
    for changed in ((), (Fact("soft", (literal(the_ask(facts).slots[0]), *row.slots[1:])),)):
        with pytest.raises(VerificationMismatch, match="both states"):
            FAMILY.case((*(fact for fact in facts if fact is not row), *changed), group.n)
