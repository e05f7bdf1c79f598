"""Consistency: labels that hold for every case that fits, whatever the wording."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict

import pytest

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.circuit import gates_of
from causal_eval.questions.facts import Fact, Facts, Literal, of_form
from causal_eval.questions.families.consistency import FAMILY, FORMS, LABELS, SIZES
from causal_eval.questions.family import Group
from causal_eval.questions.network import literal, literals_of, node
from causal_eval.questions.posing import by_name
from causal_eval.questions.prove import Proof
from causal_eval.questions.situation import Situation
from causal_eval.seeds import Stream

(KIND,) = FAMILY.kinds


def draws(count: int = 30) -> list[Group]:
    return [FAMILY.draw(Stream("consistency tests", index), KIND, 1 + index % 5) for index in range(count)]


def answered(facts: Facts, n: int) -> dict[str, object]:
    return {**by_name(FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value))}


def situations(facts: Facts, n: int) -> list[Situation]:
    """Every case that fits what was observed."""
    gates = gates_of(facts)
    roots = [index for index in range(n) if index not in gates]
    every = [
        Situation(n, dict(zip(roots, values, strict=True)), dict(sorted(gates.items())))
        for values in itertools.product((0, 1), repeat=len(roots))
    ]
    seen = [literal(fact.slots[0]) for fact in of_form(facts, "observed")]
    return [one for one in every if all(one.states()[index] == value for index, value in seen)]


def is_true(fact: Fact, one: Situation) -> bool:
    def under(do: tuple[Literal, ...], index: int) -> int:
        return one.states(dict(do))[index]

    _, *parts = fact.slots
    if fact.form == "world-had":
        index, value = literal(parts[1])
        return under(literals_of(parts[0]), index) == value
    if fact.form == "world-stays":
        return under(literals_of(parts[1]), node(parts[0])) == under((), node(parts[0]))
    if fact.form == "world-alike":
        return under(literals_of(parts[1]), node(parts[0])) == under(literals_of(parts[2]), node(parts[0]))
    (was, state), (index, value) = literal(parts[0]), literal(parts[2])
    return under((), was) == state and under(literals_of(parts[1]), index) == value


def test_labels_are_what_all_cases_that_fit_say() -> None:
    """Going through every case that fits, both worlds by the printed rules, gives the engine's labels."""
    for group in draws():
        (facts,) = group.members
        cases = situations(facts, group.n)
        assert len(cases) >= 2
        for item, label in answered(facts, group.n).items():
            (fact,) = (one for one in of_form(facts, *FORMS) if item == f"statement {one.slots[0]}")
            verdicts = {is_true(fact, one) for one in cases}
            assert label == ("open" if len(verdicts) == 2 else "must hold" if verdicts == {True} else "cannot hold")


def test_no_named_mistake_is_right() -> None:
    """All four are named, and each gives at least one statement another label."""
    for group in draws():
        (facts,) = group.members
        wrong, right = FAMILY.mistakes(facts, group.n), answered(facts, group.n)
        assert len(wrong) == 4
        assert all(right != by_name(one) for one in wrong.values())


def test_no_form_betrays_a_label() -> None:
    """Of every form of statement about a third bears each label."""
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for group in draws(120):
        (facts,) = group.members
        cases = situations(facts, group.n)
        for fact in of_form(facts, *FORMS):
            verdicts = {is_true(fact, one) for one in cases}
            labels[fact.form]["open" if len(verdicts) == 2 else str(verdicts)] += 1
    assert set(labels) == set(FORMS)
    for counts in labels.values():
        assert len(counts) == len(LABELS)
        assert max(counts.values()) < 0.5 * counts.total()


def test_every_difficulty_has_its_size() -> None:
    """Five to nine quantities, six to eight statements."""
    for group, (roots, ruled, count) in zip(draws(5), SIZES, strict=True):
        assert (group.n, len(of_form(group.members[0], *FORMS))) == (roots + ruled, count)


def test_an_impossible_observation_is_refused() -> None:
    """A prompt whose observations contradict its rules states no case."""
    rule = Fact("rule-one", ((1, 1), (0, 1)))
    seen = (Fact("observed", ((0, 1),)), Fact("observed", ((1, 0),)))
    said = Fact("world-had", (1, ((0, 0),), (1, 1)))
    with pytest.raises(VerificationMismatch, match="impossible"):
        FAMILY.case((rule, *seen, said, Fact("possible"), Fact("ask-worlds")), 2)
