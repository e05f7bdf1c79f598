"""What grates is said, and nothing of it is in the words that come with the package."""

from __future__ import annotations

from dataclasses import replace

import pytest

from causal_eval.questions.domain import Domain, Variable
from causal_eval.questions.grating import grating
from causal_eval.questions.story import domains, load

LAW = load("law")


def altered(place: int, variable: Variable) -> Domain:
    """Law with another variable at that place."""
    variables = list(LAW.variables)
    variables[place] = variable
    return replace(LAW, variables=tuple(variables))


@pytest.mark.parametrize("domain", domains())
def test_nothing_grates_in_a_shipped_domain(domain: str) -> None:
    """A careful reader's list is empty for each of the sixteen."""
    assert list(grating(load(domain))) == []


FIRST = LAW.variables[0]


@pytest.mark.parametrize(
    ("domain", "said"),
    [
        (altered(0, replace(FIRST, name="the period contract")), "the same words in another order"),
        (altered(0, replace(FIRST, name="the contrast period")), "are easily taken for each other"),
        (altered(0, replace(FIRST, states=("tense", "dense"))), "hardly differ"),
        (altered(0, replace(FIRST, states=("few", "many"))), "counts a plural"),
        (replace(LAW, stages=(LAW.stages[0][:5], *LAW.stages[1:])), "stage 0 has 5 variables"),
        (replace(LAW, contexts=("Scholars study what follows.",)), "names neither 'lawsuit' nor 'lawsuits'"),
        (replace(LAW, contexts=("In each lawsuit the verdict counts.",)), "names 'the verdict'"),
        (
            replace(LAW, variables=tuple(replace(one, name=f"the {'abcdef'[one.stage]}") for one in LAW.variables)),
            "first in the alphabet in 100% of all pairs",
        ),
        (
            replace(LAW, variables=tuple(replace(one, name="x" * (one.stage + 1)) for one in LAW.variables)),
            "the shorter name in 100% of all pairs",
        ),
    ],
)
def test_what_grates_is_said(domain: Domain, said: str) -> None:
    """One sentence for each kind of stumbling block."""
    assert any(said in warning for warning in grating(domain))
