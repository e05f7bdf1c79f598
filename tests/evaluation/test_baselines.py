"""Baselines: each is what its name says and answers in the asked-for form."""

from __future__ import annotations

from collections import defaultdict

import pytest

from causal_eval.errors import UnknownName
from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.baselines.answer import Baseline
from causal_eval.evaluation.baselines.fit import Fitted, fit
from causal_eval.evaluation.baselines.prompt import first_place, mentions, numbers
from causal_eval.evaluation.baselines.shortcuts import SHORTCUTS
from causal_eval.providers.provider import Reply
from causal_eval.questions.generate import Plan, generate
from causal_eval.questions.question import Question
from causal_eval.questions.suite import training
from causal_eval.scoring.grade import judge
from causal_eval.scoring.verdict import Mark

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit(generate(training(150)))


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return list(generate(Plan(n=250, seed="baselines")))


async def marks(name: str, questions: list[Question], fitted: Fitted) -> dict[str, Mark]:
    answerer = Baseline(f"baseline/{name}", lambda _: fitted)
    found = {}
    for question in questions:
        outcome = await answerer.answer(Ask(question))
        assert isinstance(outcome, Reply)
        found[question.id] = judge(outcome.text, outcome.finish, question=question).mark
    return found


def share_right(found: dict[str, Mark], questions: list[Question]) -> float:
    units: dict[str, list[bool]] = defaultdict(list)
    for question in questions:
        unit = question.twin if question.joint and question.twin else question.id
        units[unit].append(found[question.id] is Mark.CORRECT)
    return sum(all(right) for right in units.values()) / len(units)


@pytest.mark.parametrize("name", sorted(SHORTCUTS))
async def test_every_answer_can_be_read(name: str, questions: list[Question], fitted: Fitted) -> None:
    """A baseline's replies are never unparsed, ungraded or abstained."""
    found = await marks(name, questions, fitted)
    assert set(found.values()) <= {Mark.CORRECT, Mark.PARTIAL, Mark.WRONG}


async def test_the_oracle_is_always_right(questions: list[Question], fitted: Fitted) -> None:
    """Gold in, full marks out."""
    assert set((await marks("oracle", questions, fitted)).values()) == {Mark.CORRECT}


async def test_the_association_is_right_where_it_is_asked_for(questions: list[Question], fitted: Fitted) -> None:
    """Questions that are exempt for it are those it answers."""
    own = [question for question in questions if "association" in question.exempt]
    assert own
    assert share_right(await marks("association", own, fitted), own) == 1


def test_an_unknown_baseline_is_refused(fitted: Fitted) -> None:
    """The nearest names are suggested."""
    with pytest.raises(UnknownName, match="baseline/majority"):
        Baseline("baseline/majorty", lambda _: fitted)


def test_what_a_shortcut_sees_of_a_prompt() -> None:
    """Shares in any notation, without list numbers; where and how often a name stands."""
    prompt = "1. The dose is high with probability 35%.\n2. If the dose is low, then 0.2 or 3/4.\n\nWhat of the dose?"
    assert [float(share) for share in numbers(prompt)] == [0.35, 0.2, 0.75]
    assert mentions(prompt, "the dose") == 2
    assert first_place(prompt, "the dose") < first_place(prompt, "nothing")
