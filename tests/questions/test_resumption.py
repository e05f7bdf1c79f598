"""A plan that is gone on with: wherever it was cut off, the rest is the rest of what it makes in one go."""

from __future__ import annotations

import itertools

import pytest

from causal_eval.errors import UsageError
from causal_eval.questions.dials.designs import DESIGNS
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question, canonical
from causal_eval.questions.resumption import resumed
from causal_eval.questions.settings import Setting
from causal_eval.questions.suite import suite


def cut(questions: list[Question], at: int) -> int:
    """The next boundary of twin groups from place *at* on."""
    seeds = [one.seed for one in questions]
    return next(place for place in range(at, len(seeds)) if seeds[place] != seeds[place - 1])


PLANS = {
    "all": Plan(120, "cut"),
    "adversarial": suite("adversarial", "cut"),
    "small": Plan(60, "a/b", families=("separation",), difficulties=(1, 1)),
    "graph": Plan(12, "a/b", graph="Z->X, Z->Y, X->Y"),
    "rephrased": Plan(48, "cut", families=("effect", "simpson"), rephrased=True),
    "linked": Plan(120, "cut", twins=tuple(DESIGNS)),
    "chosen": Plan(
        24, "cut", settings=(Setting("effect/do", "real", 2, 9), Setting("attribution/causes", "anti", 1, 15))
    ),
    "german": Plan(20, "cut", language="de", renderers=("report", "symbolic")),
}


@pytest.mark.sampled(7)
@pytest.mark.parametrize("name", PLANS)
def test_the_rest_of_a_plan_is_the_same_wherever_it_was_cut(name: str) -> None:
    """Byte for byte, though what was made before is known from its prompts alone."""
    whole = list(itertools.islice(generate(PLANS[name]), 120))
    for at in (1, len(whole) // 2):
        start = cut(whole, at)
        rest = list(itertools.islice(resumed(PLANS[name], whole[:start]), len(whole) - start))
        assert [canonical(one) for one in rest] == [canonical(one) for one in whole[start:]]


def test_what_is_whole_has_no_rest() -> None:
    """Nothing comes after the last question."""
    plan = Plan(20, "whole")
    assert list(resumed(plan, generate(plan))) == []


def test_a_rephrased_set_asks_the_same_in_every_layout() -> None:
    """One cluster and one answer for each group, whatever the layout; a number that does not divide is refused."""
    plan = Plan(36, "r", families=("attribution",), rephrased=True)
    made = list(generate(plan))
    assert len(made) == 36
    for _, members in itertools.groupby(made, key=lambda one: one.seed):
        group = list(members)
        by_layout = {name: [one.gold for one in group if one.renderer == name] for name in {o.renderer for o in group}}
        assert len(by_layout) == 6
        assert len({one.cluster for one in group}) == 1
        assert len({canonical(gold) for gold in by_layout.values()}) == 1
    with pytest.raises(UsageError, match="give a multiple of 6"):
        list(generate(Plan(35, "r", rephrased=True)))
    with pytest.raises(UsageError, match="no graph"):
        list(generate(Plan(36, "r", graph="X->Y", rephrased=True)))
