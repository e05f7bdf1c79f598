"""Before anybody is called: every missing outcome that is known already is kept, so an outage cannot keep it away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.judging import Judge
from causal_eval.evaluation.ledger import Ledger
from causal_eval.evaluation.run import judge_backlog
from causal_eval.providers.provider import Outcome

PAGE = 200
"""Asks looked up at once."""


class Recaller(Protocol):
    """Knows outcomes without a call."""

    async def recall(self, ask: Ask) -> Outcome | None:
        """The outcome that is known for *ask*; None: it would have to be asked for."""


async def recall(recaller: Recaller, *, ledger: Ledger, judge: Judge) -> int:
    """Keep and judge what *recaller* knows of what *ledger* misses; returns how many outcomes that were."""
    count = 0
    asks: list[Ask] = []
    async for ask in ledger.missing():
        asks.append(ask)
        if len(asks) == PAGE:
            count += await _keep(recaller, asks, ledger=ledger)
            asks = []
    count += await _keep(recaller, asks, ledger=ledger)
    if count:
        await judge_backlog(ledger, judge)
    return count


async def unknown(recaller: Recaller, asks: Sequence[Ask]) -> list[Ask]:
    """Those of *asks* that would have to be asked for."""
    left: list[Ask] = []
    for start in range(0, len(asks), PAGE):
        page = asks[start : start + PAGE]
        known = await asyncio.gather(*map(recaller.recall, page))
        left += [ask for ask, outcome in zip(page, known, strict=True) if outcome is None]
    return left


async def _keep(recaller: Recaller, asks: list[Ask], *, ledger: Ledger) -> int:
    now = ledger.now()
    known = await asyncio.gather(*(recaller.recall(ask) for ask in asks))
    attempts = [Attempt(ask, outcome, now) for ask, outcome in zip(asks, known, strict=True) if outcome is not None]
    if attempts:
        await ledger.keep(attempts)
    return len(attempts)
