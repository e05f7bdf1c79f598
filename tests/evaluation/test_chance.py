"""Chance: the worth of policies that see only the format, by hand-made questions whose worth is known."""

from __future__ import annotations

import re
from collections import defaultdict
from fractions import Fraction
from statistics import median
from typing import Any

import pytest
from tests.asked import asked

from causal_eval.errors import MalformedFile
from causal_eval.evaluation.chance import chance, shipped
from causal_eval.questions.catalog import FAMILIES, families
from causal_eval.questions.family import Family
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import AnswerKind, AnswerSpec, Question


def question(number: int, spec: AnswerSpec, gold: Any, twin: str | None = None) -> Question:
    return asked(f"q-{number:03}", answer=spec, gold=gold, twin=twin, joint=twin is not None)


YES_NO = AnswerSpec(AnswerKind.YES_NO)
TWO_LABELS = AnswerSpec(AnswerKind.LABELS, options=("x", "y"), items=("a", "b"))


def worth(questions: list[Question]) -> Fraction:
    return chance(questions)["f", "k"]


@pytest.mark.parametrize(
    ("spec", "golds", "expected"),
    [
        (AnswerSpec(AnswerKind.CHOICE, options=("a", "b", "c", "d")), ["a", "b", "c", "d"], Fraction(1, 4)),
        (AnswerSpec(AnswerKind.CHOICE, options=("a", "b")), ["a", "a", "a", "b"], Fraction(3, 4)),
        (YES_NO, ["yes", "no", "yes", "yes"], Fraction(3, 4)),
        (AnswerSpec(AnswerKind.SET, items=("a", "b")), [[["a"]], [["b"]], [["a"], ["b"]]], Fraction(1, 3)),
        (AnswerSpec(AnswerKind.SET, items=("a", "b"), may_be_none=True), [[], [], [["a"]]], Fraction(2, 3)),
        (AnswerSpec(AnswerKind.SETS, items=("a", "b", "c")), [[["a"], ["b"]], [["c"]]], Fraction(1, 16)),
        (TWO_LABELS, [{"a": "x", "b": "y"}, {"a": "y", "b": "x"}], Fraction(1, 4)),
        (AnswerSpec(AnswerKind.TEXT), ["anything"], Fraction(0)),
    ],
)  # fmt: skip
def test_the_best_blind_policy(spec: AnswerSpec, golds: list[Any], expected: Fraction) -> None:
    """Constants, coins and uniform draws are weighed against each other; the best one counts."""
    assert worth([question(number, spec, gold) for number, gold in enumerate(golds)]) == expected


def test_a_flipped_pair_is_worth_nothing_to_a_constant() -> None:
    """Jointly scored yes/no pairs leave a coin for each member: a quarter for two."""
    pairs = [
        question(2 * pair + member, YES_NO, ("yes", "no")[member], twin=f"t-{pair}")
        for pair in range(5)
        for member in range(2)
    ]
    assert worth(pairs) == Fraction(1, 4)


def test_a_lucky_window_is_not_chance() -> None:
    """Numbers that never repeat are worth nothing, however few there are; numbers that always repeat are worth all."""
    number = AnswerSpec(AnswerKind.NUMBER)
    assert worth([question(place, number, str(Fraction(place, 20))) for place in range(20)]) == 0
    assert worth([question(place, number, "7/20") for place in range(20)]) == 1


def test_formats_are_guessed_one_by_one() -> None:
    """A user's own file holds several formats under one kind: each is guessed by its own policies."""
    text = AnswerSpec(AnswerKind.TEXT)
    assert worth([question(1, YES_NO, "yes"), question(2, YES_NO, "yes"), question(3, text, "x")]) == Fraction(2, 3)
    mixed = [question(1, YES_NO, "yes", "t"), question(2, AnswerSpec(AnswerKind.NUMBER), "1/2", "t")]
    assert worth(mixed) == 0


@pytest.mark.parametrize(
    ("spec", "gold", "said"),
    [
        (TWO_LABELS, "x", "expected an object with a label"),
        (AnswerSpec(AnswerKind.SET, items=("a",)), "a", "expected a list of lists"),
        (YES_NO, 1, 'expected "yes" or "no"'),
        (AnswerSpec(AnswerKind.GRAPH, items=("a", "b")), [["a", "b"]], "directed"),
        (AnswerSpec(AnswerKind.NUMBERS, items=("a",)), 3, "expected an object with a number"),
    ],
)  # fmt: skip
def test_an_answer_of_the_wrong_type_is_named(spec: AnswerSpec, gold: Any, said: str) -> None:
    """Question, field, value and what to do; a program may have stored it without reading a file."""
    told = re.escape(repr(gold))
    with pytest.raises(MalformedFile, match=rf"question q-007: field 'gold': .*{said}.*got {told}; correct"):
        chance([question(7, spec, gold)])


def test_public_questions_have_no_chance() -> None:
    """Without gold nothing is claimed."""
    assert chance([question(1, YES_NO, None)]) == {}


def test_the_shipped_table_knows_every_kind() -> None:
    """Each (family, kind) that can be generated has its worth of guessing."""
    assert set(shipped()) == {(family.name, kind.name) for family in families() for kind in family.kinds}


def test_guessing_does_not_pay() -> None:
    """The median family is worth at most five per cent to the best blind policy, kinds weighted as they are asked."""
    worths = [family_worth(family) for family in families()]
    assert median(worths) <= 0.05
    assert max(worths) <= 0.07


def family_worth(family: Family) -> float:
    weights = sum(kind.weight for kind in family.kinds)
    return float(sum(shipped()[family.name, kind.name] * kind.weight for kind in family.kinds) / weights)


@pytest.mark.slow
def test_the_shipped_table_is_that_of_fresh_questions() -> None:
    """Fresh questions give the same worths, within what a small sample allows."""
    fresh = chance(generate(Plan(n=700, seed="chance test", families=FAMILIES[:5])))
    gaps: dict[str, list[float]] = defaultdict(list)
    for key, worth in fresh.items():
        gaps[key[0]].append(float(worth - shipped()[key]))
    assert gaps.keys() == {*FAMILIES[:5]}
    assert all(abs(sum(values) / len(values)) <= 0.05 for values in gaps.values()), gaps
