"""A stored run of somebody who answers as a test says: what statements about runs are made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.ledger import Judged
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.provider import Reply
from causal_eval.questions.question import Question
from causal_eval.scoring.grade import judge
from causal_eval.store.database import Store
from causal_eval.store.evaluations import LOCAL, Evaluation, Status, begin, end
from causal_eval.store.ledger import SqlLedger


def answered(
    store: Store, spec: RunSpec, *, answer: Callable[[Question], str], project: str = LOCAL
) -> Evaluation:  # fmt: skip
    """The evaluation, complete, with a judged reply to every question."""
    evaluation = begin(store, spec, project=project)

    async def ask() -> None:
        async with SqlLedger(store, evaluation) as ledger:
            asks = [one async for one in ledger.missing()]
            replies = [Reply(answer(one.question)) for one in asks]
            attempts = [Attempt(a, r, "2026-11-25T00:00:00.000+00:00") for a, r in zip(asks, replies, strict=True)]
            kept = await ledger.keep(attempts)
            verdicts = [judge(r.text, "stop", question=a.question) for a, r in zip(asks, replies, strict=True)]
            await ledger.judge([Judged(key, said) for key, said in zip(kept, verdicts, strict=True) if key is not None])

    asyncio.run(ask())
    end(store, evaluation.id, status=Status.COMPLETE)
    return evaluation
