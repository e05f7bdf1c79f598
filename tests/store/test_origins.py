"""Where outcomes came from is stored with each of them, and can be asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Refusal, Reply
from causal_eval.questions.question import Question
from causal_eval.store.database import Store
from causal_eval.store.evaluations import begin
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.origins import Origin, origins
from causal_eval.store.suites import keep_set

OUTCOMES: list[Outcome] = [
    Reply("3/10", key="...1111", route="host:1"),
    Refusal("policy", key="...1111", route="host:1"),
    Failure(FailureKind.TIMEOUT, "late", key="...1111", route="host:1"),
    Failure(FailureKind.AUTH, "HTTP 401", key="#618c9044", route="host:2"),
    Reply("3/10", route="host:2"),
    Reply("3/10"),
    Failure(FailureKind.LOCAL, "no memory"),
]


@pytest.mark.anyio
async def test_outcomes_by_key_and_host(store: Store, make_question: Callable[..., Question]) -> None:
    """Each outcome comes back with its key's name and host; counted by both, failed ones apart, without the rest."""
    stored = keep_set(store, [make_question(number) for number in range(len(OUTCOMES))], name="some")
    evaluation = begin(store, RunSpec("a/b", stored.digest))
    async with SqlLedger(store, evaluation) as ledger:
        asks = [ask async for ask in ledger.missing()]
        await ledger.keep([Attempt(ask, outcome) for ask, outcome in zip(asks, OUTCOMES, strict=True)])
        found = [(attempt.outcome.key, attempt.outcome.route) for _, attempt in await ledger.unjudged()]
    assert found == [("...1111", "host:1")] * 2 + [("", "host:2"), ("", "")]
    assert list(origins(store, evaluation)) == [
        Origin("...1111", "host:1", kept=2, failed=1),
        Origin("", "host:2", kept=1, failed=0),
        Origin("#618c9044", "host:2", kept=0, failed=1),
    ]
    assert [str(origin) for origin in origins(store, evaluation)] == [
        "answered at host:1 with key ...1111: 2, 1 failed calls",
        "answered at host:2: 1",
        "answered at host:2 with key #618c9044: 0, 1 failed calls",
    ]
