"""What runs allow to say, over HTTP: comparisons, rankings, gates, plans, variance budgets and score tables."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from tests.asked import asked

from causal_eval.analysis.twins.metrics import METRICS
from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.ledger import Judged
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Reply, Usage
from causal_eval.scoring.grade import judge
from causal_eval.service import scoring
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import begin
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.suites import keep_set

Client = Callable[..., TestClient]
Make = Callable[..., str]
WHEN = "2026-11-25T00:00:00.000+00:00"


@pytest.fixture
def lucky(service: Service) -> Make:
    """Makes a run over 80 questions in 40 causal models that is right so often; a temperature by keyword."""
    kept = keep_set(
        service.store, (asked(f"q-{n}", cluster=f"c-{n // 2}", rung=1 + n % 3) for n in range(80)), name="q"
    )

    async def answer(spec: RunSpec, chance: float) -> str:
        evaluation, rng = begin(service.store, spec), random.Random(spec.answerer)
        async with SqlLedger(service.store, evaluation) as ledger:
            asks = [ask async for ask in ledger.missing()]
            replies = [
                Reply(f"ANSWER: {'yes' if rng.random() < chance else 'no'}", usage=Usage(90, 10), latency_ms=500.0)
                for _ in asks
            ]
            keys = await ledger.keep([Attempt(a, r, WHEN) for a, r in zip(asks, replies, strict=True)])
            judged = zip(keys, asks, replies, strict=True)
            await ledger.judge(
                [Judged(k, judge(r.text, r.finish, question=a.question)) for k, a, r in judged if k is not None]
            )
        return evaluation.id

    def make(answerer: str, chance: float, temperature: float | None = None) -> str:
        return asyncio.run(answer(RunSpec(answerer, kept.digest, temperature=temperature), chance))

    return make


def test_a_comparison_says_all_that_the_command_says(client: Client, lucky: Make) -> None:
    """Concerns, every test, adjusted findings of parts, effect sizes, what was left out, and what would tell."""
    a, b = lucky("openai/a", 0.6), lucky("openai/b", 0.5, temperature=0.5)
    found = client("viewer").get("/api/v1/comparisons", params={"a": a, "b": b}).json()
    assert [one["what"] for one in found["concerns"]] == ["temperature"]
    assert found["p_values"]["sign_flip"] > 0.05
    assert 0 < found["p_values"]["obuchowski"] < 1
    assert found["p_values"]["mcnemar_mid_p"] is None
    assert found["cohens_h"] is not None
    assert found["needed"]["clusters"] > 40
    assert found["needed"]["units"] == found["units_needed"]
    assert {"p", "holm", "fdr", "finding"} <= set(found["scopes"][0])
    assert found["left_out"]["missing_a"] == 0


def test_many_have_rank_sets(client: Client, lucky: Make) -> None:
    """The best and the worst are told apart, equal ones are not; one alone, one twice and nine are refused."""
    names = [lucky("openai/best", 0.97), lucky("openai/twin", 0.97), lucky("openai/worst", 0.1)]
    asking = client("viewer")
    found = asking.get("/api/v1/rankings", params={"evaluations": ",".join(names)}).json()
    assert [(one["best"], one["worst"]) for one in found["ranks"]] == [(1, 2), (1, 2), (3, 3)]
    assert len(found["comparisons"]) == 3
    assert found["comparisons"][0]["p_values"]["holm"] is not None
    for wrong in (names[:1], [names[0], names[0]], names * 3):
        assert asking.get("/api/v1/rankings", params={"evaluations": ",".join(wrong)}).status_code == 422


def test_a_gate_rules_and_says_what_it_took(client: Client, lucky: Make) -> None:
    """A run that is far worse fails; both runs' tokens stand beside each other; a margin without a unit is refused."""
    new, old = lucky("openai/new", 0.2), lucky("openai/old", 0.9)
    asking = client("viewer")
    found = asking.get("/api/v1/gates", params={"run": new, "baseline": old, "margin": "2pts"}).json()
    assert (found["ruling"], found["margin"], found["needed"]) == ("fail", 0.02, None)
    assert (found["new"]["input_tokens"], found["baseline"]["output_tokens"]) == (80 * 90, 80 * 10)
    unclear = asking.get("/api/v1/gates", params={"run": new, "baseline": old, "margin": "2"})
    assert (unclear.status_code, "as in 2pts" in unclear.text) == (422, True)


def test_a_plan_asks_nobody(client: Client, lucky: Make) -> None:
    """It is learned from the runs of the project, priced, and refused where the aim is none."""
    lucky("openai/new", 0.7)
    asking = client("viewer")
    found = asking.get("/api/v1/plan", params={"model": "openai/new", "detect": "5pts"}).json()
    assert found["basis"]["clusters"] == 40
    assert found["main"]["calls"] == found["main"]["questions"] > 1000
    assert found["main"]["input_tokens"] == 90 * found["main"]["calls"]
    assert found["cautious"]["calls"] > found["main"]["calls"]
    assert [one["wanted"] for one in found["options"]] == [0.01, 0.02, 0.03, 0.05, 0.1]
    for query, status in (
        ({}, 422),
        ({"detect": "5pts", "precision": "2pts"}, 422),
        ({"detect": "5pts", "families": "effects"}, 404),
    ):
        assert asking.get("/api/v1/plan", params={"model": "openai/new", **query}).status_code == status
    strange = client("stranger").get("/api/v1/plan", params={"model": "openai/new", "detect": "5pts"})
    assert strange.status_code == 404


def test_a_variance_budget_and_a_score_table(client: Client, lucky: Make) -> None:
    """Sources of error with intervals, what to buy next; scores by a trait with every interval by its method's name."""
    run = lucky("openai/new", 0.7)
    asking = client("viewer")
    budget = asking.get(f"/api/v1/evaluations/{run}/variance").json()
    assert [one["source"] for one in budget["parts"]] == ["causal model", "wording", "sampling"]
    assert (budget["parts"][2]["variance"], budget["clusters"], budget["units"]) == (None, 40, 80)
    table = asking.get(f"/api/v1/evaluations/{run}/table", params={"by": "rung"}).json()
    assert [one["value"] for one in table["parts"]] == ["1", "2", "3"]
    assert table["overall"]["cr2"]["low"] < table["overall"]["wilson"]["estimate"] < table["overall"]["cr2"]["high"]
    assert table["overall"]["missing"] == 0
    assert table["equal"]["weights"]["2"] == pytest.approx(1 / 3)
    assert asking.get(f"/api/v1/evaluations/{run}/table", params={"by": "luck"}).status_code == 422
    assert client("stranger").get(f"/api/v1/evaluations/{run}/table").status_code == 404


def test_a_score_table_tells_what_linked_questions_do(
    client: Client, lucky: Make, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Every metric as `scores --by twins` tells it; of too many questions it says that it tells none."""
    run, asking = lucky("openai/new", 0.7), client("viewer")
    told = asking.get(f"/api/v1/evaluations/{run}/table").json()["twins"]
    assert [one["name"] for one in told] == list(METRICS)
    assert all(one["about"] and "low" in one["value"] for one in told)
    monkeypatch.setattr(scoring, "LARGEST_TWINS", 1)
    assert asking.get(f"/api/v1/evaluations/{run}/table").json()["twins"] is None
