"""Policy: plans are ranked by what they bring about, which is not what is seen where they hold by chance."""

from __future__ import annotations

import itertools
from fractions import Fraction

from causal_eval.causal.intervene import Worlds
from causal_eval.questions.facts import Facts, of_form, the_ask
from causal_eval.questions.families.policy import FAMILY
from causal_eval.questions.network import literal, literals_of, scm_of
from causal_eval.questions.posing import parts_of
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream


def expected(facts: Facts, n: int, number: int) -> Fraction:
    """The points of a plan by enumeration of what is priced."""
    worlds = Worlds(scm_of(tuple(of_form(facts, "base", "share")), n))
    does = next(literals_of(fact.slots[1]) for fact in of_form(facts, "plan") if fact.slots[0] == number)
    total = Fraction(0)
    for fact in of_form(facts, "worth"):
        points = fact.slots[1]
        assert isinstance(points, Fraction)
        total += points * worlds.probability((literal(fact.slots[0]),), do=tuple(sorted(does)))
    return total


def test_the_order_is_by_expected_points_and_plans_are_apart() -> None:
    """Each plan of the answer brings at least 0.2 points more than the next."""
    for index in range(10):
        group = FAMILY.draw(Stream("policy tests", index), FAMILY.kind("rank"), 1 + index % 5)
        (facts,) = group.members
        order = parts_of(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, group.n)).value))
        points = [expected(facts, group.n, int(str(plan).removeprefix("plan "))) for plan in order]
        assert all(one - other >= Fraction(1, 5) for one, other in itertools.pairwise(points))


def test_the_worth_of_a_plan_is_what_it_brings_on_average() -> None:
    """The number is the expected points under the plan's interventions."""
    for index in range(10):
        group = FAMILY.draw(Stream("policy tests", index), FAMILY.kind("worth"), 1 + index % 5)
        (facts,) = group.members
        number = the_ask(facts).slots[0]
        assert isinstance(number, int)
        assert FAMILY.answer(facts, Proof.of(FAMILY.case(facts, group.n)).value) == expected(facts, group.n, number)


def test_neither_state_is_better_by_its_name() -> None:
    """In a pair of plans that differ in how many second states they enforce, the one with fewer wins half the time."""
    fewer = more = 0
    for index in range(60):
        group = FAMILY.draw(Stream("policy states", index), FAMILY.kind("rank"), 1 + index % 5)
        (facts,) = group.members
        plans = {fact.slots[0]: literals_of(fact.slots[1]) for fact in of_form(facts, "plan")}
        points = {number: expected(facts, group.n, int(str(number))) for number in plans}
        for one, other in itertools.combinations(plans, 2):
            ones = [sum(value for _, value in plans[number]) for number in (one, other)]
            if ones[0] != ones[1]:
                best = ones[0] if points[one] > points[other] else ones[1]
                fewer += best == min(ones)
                more += best == max(ones)
    assert 0.4 < fewer / (fewer + more) < 0.6
