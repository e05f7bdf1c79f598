"""A run by batches with everything in memory, and what it kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from causal_eval.evaluation.batched import evaluate_in_batches
from causal_eval.evaluation.book import MemoryBook
from causal_eval.evaluation.budget import BudgetGate
from causal_eval.evaluation.desk import Batching, BatchRule
from causal_eval.evaluation.elicit import Direct, Phrasing
from causal_eval.evaluation.flow import Barrier
from causal_eval.evaluation.memory import MemoryLedger
from causal_eval.providers.batch_memory import MemoryBatches
from causal_eval.providers.clock import SimulatedClock
from causal_eval.providers.events import Event, Recorder
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt, Refusal, Reply
from causal_eval.questions.question import Question

RULE = BatchRule(page=4, attempts=3, settle=0.0)
DOWN = Failure(FailureKind.SERVER_ERROR, "HTTP 500 from x", status=500)
LOST = Failure(FailureKind.TIMEOUT, "no data for 9 s")


def said(text: str) -> Outcome:
    """By the number in the question: some wrong, one refused."""
    number = int(text.rpartition("number ")[2].partition("?")[0])
    if number == 6:
        return Refusal("not this one")
    return Reply(
        "ANSWER: no" if number % 4 == 1 else "ANSWER: yes", served="m", finish="length" if number == 3 else "stop"
    )


class Single:
    """The same answers, by calls of their own."""

    name = "memory/batch"

    async def complete(self, prompt: Prompt) -> Outcome:
        return said(prompt.messages[-1].content)

    async def close(self) -> None: ...


class Listening(Recorder):
    """Says when something is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.something = asyncio.Event()

    def on_event(self, event: Event) -> None:
        """Note it."""
        super().on_event(event)
        self.something.set()


class Run:
    """A run by batches with everything in memory."""

    def __init__(self, questions: Sequence[Question], judge: Any, *, rule: BatchRule = RULE, epochs: int = 1) -> None:
        self.provider = MemoryBatches(said)
        self.ledger = MemoryLedger(questions, epochs=epochs)
        self.book = MemoryBook()
        self.clock = SimulatedClock(wall=4e9)
        self.barrier = Barrier()
        self.heard = Listening()
        self.phrasing = Phrasing(Direct())
        self.rule = rule
        self.judge = judge

    async def go(self, *, cancel: bool = False, gate: BudgetGate | None = None) -> None:
        way = Batching(self.provider, self.phrasing, self.book, self.rule, self.clock, self.heard, self.barrier)
        await evaluate_in_batches(way, ledger=self.ledger, judge=self.judge, cancel=cancel, gate=gate)

    def rows(self) -> list[Any]:
        """What was kept and how it was judged, by question and sample; the way it came apart."""
        return rows_of(self.ledger)

    @property
    def ordered(self) -> list[int]:
        return [len(held.requests) for held in self.provider.orders.values()]

    def names(self) -> list[str]:
        return [request.name for held in self.provider.orders.values() for request in held.requests]


def rows_of(ledger: MemoryLedger) -> list[Any]:
    found = []
    for key, attempt in enumerate(ledger.attempts):
        outcome, verdicts = attempt.outcome, [v for (k, _), v in ledger.verdicts.items() if k == key]
        what = outcome.text if isinstance(outcome, Reply) else outcome.reason if isinstance(outcome, Refusal) else "?"
        found.append((attempt.ask.question.id, attempt.ask.sample, what, outcome, verdicts))
    return sorted(
        ((i, s, what, getattr(o, "finish", ""), v) for i, s, what, o, v in found), key=lambda row: (row[0], row[1])
    )
