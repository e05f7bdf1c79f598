"""Plans and variance budgets over what a project holds: learned from its runs alone, and nobody is asked."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from causal_eval.analysis.planning.plan import Aim
from causal_eval.errors import UnknownName, UsageError
from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.estimate import Speed
from causal_eval.evaluation.ledger import Judged
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Reply, Usage
from causal_eval.scoring.grade import judge
from causal_eval.service.access import Caller, Role
from causal_eval.service.planning import PlanOrder, planned, variance
from causal_eval.service.wiring import Service, Visit
from causal_eval.store.evaluations import begin
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.suites import StoredSet

Answered = Callable[..., str]
DETECT = Aim(detect=0.05)


def _reply(is_right: bool) -> Reply:
    return Reply(f"ANSWER: {'yes' if is_right else 'no'}", usage=Usage(100, 20), latency_ms=3000.0)


@pytest.fixture
def answered(service: Service, question_set: StoredSet) -> Answered:
    """Makes a run of an answerer that is right so often, every reply of it counted."""

    async def answer(spec: RunSpec, chance: float) -> str:
        evaluation = begin(service.store, spec)
        rng = random.Random(spec.answerer)
        async with SqlLedger(service.store, evaluation) as ledger:
            asks = [ask async for ask in ledger.missing()]
            replies = [_reply(rng.random() < chance) for _ in asks]
            at = "2026-11-25T00:00:00.000+00:00"
            keys = await ledger.keep([Attempt(ask, reply, at) for ask, reply in zip(asks, replies, strict=True)])
            await ledger.judge(
                [
                    Judged(key, judge(reply.text, reply.finish, question=ask.question))
                    for key, ask, reply in zip(keys, asks, replies, strict=True)
                    if key is not None
                ]
            )
        return evaluation.id

    def make(answerer: str, chance: float, *, epochs: int = 1, way: str = "") -> str:
        return asyncio.run(answer(RunSpec(answerer, question_set.digest, epochs=epochs, elicitation=way), chance))

    return make


@pytest.mark.slow
def test_nothing_known_is_said_and_bounded(visit: Visit) -> None:
    """Without runs the worst is assumed and said; tokens are the most that replies may take; no time is invented."""
    found = planned(visit, PlanOrder("openai/gpt-5-mini", DETECT, families=("effect",)))
    assert "no earlier run" in found.plan.basis.source
    assert (found.main.takes.is_bound, found.main.takes.seconds) == (True, None)
    assert found.main.takes.output_tokens == 2048 * found.main.size.calls
    assert found.main.size == found.cautious.size


def test_a_pair_of_runs_is_learned_from(visit: Visit, answered: Answered) -> None:
    """With a run of the model and one of the baseline on one set, their differences, tokens and times count."""
    new, old = answered("openai/new", 0.8), answered("openai/old", 0.5)
    found = planned(visit, PlanOrder("openai/new", DETECT, baseline=old))
    assert new in found.plan.basis.source
    assert old in found.plan.basis.source
    assert found.plan.basis.variance(1) == pytest.approx(0.8 * 0.2 + 0.25, abs=0.08)
    takes, calls = found.main.takes, found.main.size.calls
    assert (takes.input_tokens, takes.output_tokens, takes.is_bound) == (100 * calls, 20 * calls, False)
    assert takes.seconds == pytest.approx(3.0 * calls / visit.service.settings.max_concurrent_api_calls)
    assert found.cautious.size.calls > found.main.size.calls


@pytest.mark.slow
def test_another_pair_on_the_set_stands_in(visit: Visit, answered: Answered) -> None:
    """A model that was never asked is planned for by another on the baseline's set; its replies stay unknown."""
    other, old = answered("openai/other", 0.7), answered("openai/old", 0.5)
    found = planned(visit, PlanOrder("openai/new", DETECT, baseline=old))
    assert {other, old} <= set(found.plan.basis.source.replace(",", "").split())
    assert found.main.takes.is_bound


def test_a_single_run_is_taken_twice(visit: Visit, answered: Answered) -> None:
    """One run alone tells how scores vary; a gap is planned as if the other were independent."""
    one = answered("openai/new", 0.8)
    gap = planned(visit, PlanOrder("openai/new", DETECT))
    score = planned(visit, PlanOrder("openai/new", Aim(precision=0.05)))
    assert "independently" in gap.plan.basis.source
    assert score.plan.basis.source == f"run {one}"
    assert gap.plan.basis.variance(1) == pytest.approx(2 * score.plan.basis.variance(1))


def test_only_runs_that_were_asked_in_the_same_way_are_learned_from(visit: Visit, answered: Answered) -> None:
    """Those of the newest run's way of asking: another one takes other tokens and gives other answers."""
    answered("openai/new", 0.9, way="direct@1")
    newest = answered("openai/new", 0.6, way="reason@1")
    found = planned(visit, PlanOrder("openai/new", Aim(precision=0.05)))
    assert found.plan.basis.source == f"run {newest}"
    assert found.main.takes.source.endswith("250 earlier replies of the same model, asked by reason@1")


def test_rates_and_open_calls_bound_the_time(visit: Visit, answered: Answered) -> None:
    """A rate of calls makes it longer; more open calls than the settings allow do not make it shorter."""
    answered("openai/new", 0.8)
    order = PlanOrder("openai/new", DETECT)
    usual = planned(visit, order).main.takes.seconds
    assert usual is not None
    slow = planned(visit, replace(order, speed=Speed(0, rpm=1.0))).main
    assert slow.takes.seconds == pytest.approx(60.0 * slow.size.calls)
    assert planned(visit, replace(order, speed=Speed(10**6))).main.takes.seconds == usual
    assert planned(visit, replace(order, speed=Speed(1))).main.takes.seconds == pytest.approx(
        3.0 * planned(visit, order).main.size.calls
    )


def test_names_that_are_none_are_refused(visit: Visit) -> None:
    """A family, a baseline and a provider that do not exist are named."""
    for order in (
        PlanOrder("openai/new", DETECT, families=("effects",)),
        PlanOrder("openai/new", DETECT, baseline="ev-nowhere"),
        PlanOrder("nobody/new", DETECT),
    ):
        with pytest.raises(UnknownName):
            planned(visit, order)


@pytest.mark.slow
def test_other_projects_teach_nothing(answered: Answered, service: Service, caller: Callable[..., Caller]) -> None:
    """Runs of a project are learned from by its members alone, and none of them is named to others."""
    run = answered("openai/new", 0.8)
    stranger = Visit(service, caller(Role.EVALUATOR, "elsewhere"))
    found = planned(stranger, PlanOrder("openai/new", DETECT, project="elsewhere"))
    assert found.plan.basis.clusters == 0
    assert found.main.takes.is_bound
    with pytest.raises(UnknownName):
        planned(stranger, PlanOrder("openai/new", DETECT))
    with pytest.raises(UnknownName):
        variance(stranger, run)


def test_the_variance_of_a_run(visit: Visit, answered: Answered) -> None:
    """A run whose answers are luck has its error in sampling and single questions, not in what models share."""
    found = variance(visit, answered("openai/new", 0.5, epochs=3))
    assert found.components.wording is None
    assert found.parts[2].share > 0.5
    with pytest.raises(UsageError, match="same score"):
        variance(visit, answered("openai/right", 1.0))
