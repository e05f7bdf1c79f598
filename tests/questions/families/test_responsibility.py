"""Responsibility: exact degrees that neither the but-for test nor equal shares give."""

from __future__ import annotations

from fractions import Fraction

import pytest

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, observed, the_ask
from causal_eval.questions.families.responsibility import ASKED, FAMILY, SIZES
from causal_eval.questions.family import Group
from causal_eval.questions.posing import by_node
from causal_eval.questions.prove import Proof
from causal_eval.seeds import Stream

(KIND,) = FAMILY.kinds


def draws(count: int = 30) -> list[Group]:
    return [FAMILY.draw(Stream("responsibility tests", index), KIND, 1 + index % 5) for index in range(count)]


def answered(facts: Facts, n: int) -> dict[int, Fraction]:
    found = by_node(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value))
    return {node: number for node, number in found.items() if isinstance(number, Fraction)}


def test_degrees_are_shares_of_a_whole_number_and_several() -> None:
    """Both solvers give each of four quantities 0 or 1/(k+1), three of these different, one at most 0."""
    for group in draws():
        (facts,) = group.members
        degrees = [*answered(facts, group.n).values()]
        assert len(degrees) == ASKED
        assert all(degree == 0 or degree.numerator == 1 for degree in degrees)
        assert len({*degrees}) >= 3
        assert degrees.count(Fraction(0)) <= 1


def test_no_named_mistake_is_right() -> None:
    """All four are named, and each is wrong about one quantity at least by more than the tolerance."""
    for group in draws():
        (facts,) = group.members
        right, wrong = answered(facts, group.n), FAMILY.mistakes(facts, group.n)
        assert len(wrong) == 4
        for degrees in map(by_node, wrong.values()):
            assert max(abs(right[node] - Fraction(str(degrees[node]))) for node in right) >= Fraction(3, 200)


def test_a_vote_shares_responsibility() -> None:
    """Of four voters who agree where two votes are enough, each is responsible to 1/3: two others switch with it."""
    votes = tuple(observed(node, 1) for node in range(4))
    rule = Fact("rule-count", ((4, 1), 2, tuple((node, 1) for node in range(4))))
    facts = (*votes, rule, Fact("strict"), Fact("ask-responsibility", ((4, 1), (0, 1, 2, 3))))
    assert answered(facts, 5) == dict.fromkeys(range(4), Fraction(1, 3))


def test_who_rushes_in_before_another_shares_with_what_is_held() -> None:
    """Suzy's throw is responsible to 1/2, as Billy's stone must be held from hitting; Billy's is to 0."""
    rules = (
        Fact("rule-one", ((2, 1), (0, 1))),
        Fact("rule-all", ((3, 1), ((1, 1), (2, 0)))),
        Fact("rule-any", ((4, 1), ((2, 1), (3, 1)))),
    )
    facts = (observed(0, 1), observed(1, 1), *rules, Fact("strict"), Fact("ask-responsibility", ((4, 1), (0, 1, 2, 3))))
    assert answered(facts, 5) == {0: Fraction(1, 2), 1: 0, 2: Fraction(1, 2), 3: 0}


def test_every_difficulty_has_its_size() -> None:
    """Five to seven quantities."""
    assert [group.n for group in draws(5)] == [*SIZES]


def test_the_outcome_is_not_asked_about() -> None:
    """A prompt that asks how responsible the outcome is for itself is refused."""
    group = draws(1)[0]
    (facts,) = group.members
    what, asked = the_ask(facts).slots
    assert isinstance(what, tuple)
    assert isinstance(asked, tuple)
    ask = Fact("ask-responsibility", (what, (what[0], *asked[1:])))
    with pytest.raises(VerificationMismatch, match="other than the outcome"):
        FAMILY.case((*(fact for fact in facts if fact is not the_ask(facts)), ask), group.n)
