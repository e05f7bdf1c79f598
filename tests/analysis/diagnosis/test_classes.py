"""Kinds of error: every mistake that a family names is one of them."""

from __future__ import annotations

import pytest

from causal_eval.analysis.diagnosis.classes import OTHER, UNEXPLAINED, class_of, keys, title_of
from causal_eval.questions.catalog import FAMILIES
from causal_eval.questions.generate import Plan, generate


@pytest.mark.sampled(5)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_named_mistake_is_of_a_kind(family: str) -> None:
    """No mistake of a family of ours is left to the kind for what nobody knows."""
    questions = generate(Plan(n=12, seed="classes", families=(family,)))
    names = {name for one in questions if one.certificate for name in one.certificate.mistakes}
    assert names
    assert {name for name in names if class_of(name, family=family) == OTHER} == set()


def test_a_family_can_mean_something_else_by_a_name() -> None:
    """``turned round`` is a sign, but where two numbers change places it is another kind."""
    assert class_of("turned round", family="treated") == "sign"
    assert class_of("turned round", family="contrast") == "rung"
    assert class_of("turned round", family="selection") == "population"


def test_what_nobody_knows_is_another_named_mistake() -> None:
    """A family of somebody else's has mistakes of its own."""
    assert class_of("forget the tide", family="harbour") == OTHER
    assert title_of(OTHER) == "another named mistake"


def test_what_is_unexplained_comes_last() -> None:
    """Every kind has a title."""
    assert keys()[-1] == UNEXPLAINED
    assert len({title_of(key) for key in keys()}) == len(keys())
