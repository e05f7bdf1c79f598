"""Paths: exact effects along some paths, that no other effect comes near to."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, Slot, of_form, the_ask
from causal_eval.questions.families.paths import FAMILY
from causal_eval.questions.family import APART, Group, Kind
from causal_eval.questions.margins import guesses
from causal_eval.questions.network import literal, literals_of
from causal_eval.questions.prove import Proof
from causal_eval.questions.wording import paths_of
from causal_eval.seeds import Stream

NUMBERS = (FAMILY.kind("effect"), FAMILY.kind("fair"))


def draws(kind: Kind, count: int = 15) -> list[Group]:
    return [FAMILY.draw(Stream("paths tests", kind.name, index), kind, 1 + index % 5) for index in range(count)]


def answered(facts: Facts, n: int) -> Fraction:
    value = FAMILY.answer(facts, Proof.of(FAMILY.case(facts, n)).value)
    assert isinstance(value, Fraction)
    return value


def by_hand(facts: Facts, n: int) -> Fraction:
    """The sum over all worlds, every table reading the cause as its own arrow carries it."""
    tables: dict[int, dict[tuple[tuple[int, int], ...], Fraction]] = {node: {} for node in range(n)}
    for fact in of_form(facts, "base", "share"):
        given, p = literals_of(fact.slots[1]) if fact.form == "share" else (), fact.slots[-1]
        assert isinstance(p, Fraction)
        tables[literal(fact.slots[0])[0]][given] = p
    what, do, _, slot = the_ask(facts).slots
    (y, _), (x, first) = literal(what), literal(do)
    listed = {path[1] for path in paths_of(slot)}
    unfair = the_ask(facts).form == "ask-fair"

    def mean(carried: bool) -> Fraction:
        total = Fraction(0)
        for world in itertools.product((0, 1), repeat=n):
            p = Fraction(world[y])
            for node, rows in tables.items():
                level = first if carried and (node in listed) != unfair else 1 - first
                seen = {one: level if one == x else world[one] for given in rows for one, _ in given}
                high = rows[tuple(sorted(seen.items()))]
                p *= high if world[node] else 1 - high
            total += p
        return total

    return mean(True) - mean(False)


@pytest.mark.parametrize("kind", NUMBERS, ids=lambda kind: str(kind.name))
def test_the_effect_is_the_sum_over_all_worlds(kind: Kind) -> None:
    """Both solvers give what the printed tables give when each reads the cause as its own arrow carries it."""
    for group in draws(kind):
        (facts,) = group.members
        assert answered(facts, group.n) == by_hand(facts, group.n)


@pytest.mark.parametrize("kind", NUMBERS, ids=lambda kind: str(kind.name))
def test_numbers_lie_apart_from_every_mistake_and_guess(kind: Kind) -> None:
    """No named wrong method and no printed number would be graded right."""
    for group in draws(kind):
        (facts,) = group.members
        gold, wrong = by_hand(facts, group.n), FAMILY.mistakes(facts, group.n)
        assert len(wrong) == 5
        for value in [*wrong.values(), *guesses(facts), Fraction(0)]:
            assert isinstance(value, Fraction)
            assert abs(value - gold) >= APART


def test_a_path_that_is_none_is_refused() -> None:
    """A prompt that lists a path which the tables do not have states no case."""
    group = draws(FAMILY.kind("effect"), 1)[0]
    (facts,) = group.members
    what, do, instead, _ = the_ask(facts).slots
    backward: Slot = ((literal(what)[0], literal(do)[0]),)
    ask = Fact("ask-paths", (what, do, instead, backward))
    with pytest.raises(VerificationMismatch, match="the paths must be"):
        FAMILY.case((*(fact for fact in facts if fact is not the_ask(facts)), ask), group.n)


def test_the_sets_without_a_recanting_witness_are_decided() -> None:
    """Decided are exactly those that hold all paths or none with one first step; the rest differ in two models."""
    for group in draws(FAMILY.kind("witness"), 5):
        (facts,) = group.members
        value = FAMILY.answer(facts, Proof.of(FAMILY.case(facts, group.n)).value)
        listed = {fact.slots[0]: paths_of(fact.slots[1]) for fact in of_form(facts, "path-set")}
        every = {path for paths in listed.values() for path in paths}
        apart = tuple(
            f"path set {number}"
            for number, paths in sorted(listed.items(), key=lambda one: str(one[0]))
            if {path[1] for path in paths}.isdisjoint(path[1] for path in every - {*paths})
        )
        assert value == (apart,)
        assert 1 <= len(apart) <= 4
        assert (apart,) not in FAMILY.mistakes(facts, group.n).values()


def test_a_set_of_all_paths_is_refused() -> None:
    """Along all paths goes the total effect: a prompt that lists it as a set of some states no case."""
    group = draws(FAMILY.kind("witness"), 1)[0]
    (facts,) = group.members
    paths = {path for fact in of_form(facts, "path-set") for path in paths_of(fact.slots[1])}
    arrows = tuple(arrow for path in sorted(paths) for arrow in itertools.pairwise(path))
    changed = tuple(
        fact._replace(slots=(1, arrows)) if fact.form == "path-set" and fact.slots[0] == 1 else fact for fact in facts
    )
    with pytest.raises(VerificationMismatch, match="some of those"):
        FAMILY.case(changed, group.n)
