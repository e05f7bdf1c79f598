"""Dealings with a batch API that may be down, slow or silent: calm, visible, and sure of what was ordered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

from causal_eval.errors import CausalEvalError, ProviderRefused
from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.book import BatchBook, Order
from causal_eval.evaluation.elicit import Phrasing
from causal_eval.evaluation.events import Listener, RunHalting
from causal_eval.evaluation.flow import Barrier
from causal_eval.providers import events as calls
from causal_eval.providers.batch import BatchProvider, Request, Sought, Standing, row_name
from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.halt import Halt
from causal_eval.providers.provider import RETRYABLE, Failure, FailureKind, Prompt, Refusal, Reply

_T = TypeVar("_T")
_LOOK = 0.5
"""Seconds between two looks whether the barrier is open again."""


@dataclass(frozen=True, slots=True)
class BatchRule:
    """How batches are cut and waited for; times in seconds."""

    page: int = 1000
    """Questions of one batch at most."""
    attempts: int = 5
    """How often a question is ordered whose row expired, got lost or failed for a passing reason."""
    first: float = 1.0
    """The first wait between two looks; it grows by half each time ..."""
    longest: float = 60.0
    """... up to this."""
    patience: float = 600.0
    """So long the provider may be down before the run ends; its batches go on meanwhile."""
    settle: float = 20.0
    """An order that cannot be found for so long has not arrived."""


Remember = Callable[[Prompt, Reply | Refusal, str], Reply | Refusal]
"""Keeps what was said to a prompt that was asked at a time (ISO 8601); returns it with the name of its observation."""


@dataclass(frozen=True, slots=True)
class Batching:
    """Who answers, in which words, and where orders are written down."""

    provider: BatchProvider
    phrasing: Phrasing
    book: BatchBook
    rule: BatchRule = field(default_factory=BatchRule)
    clock: Clock = field(default_factory=SystemClock)
    listener: calls.Listener | None = None
    """Hears what is waited for."""
    barrier: Barrier = field(default_factory=Barrier)
    """While it is closed no new batch is ordered; those that are open are collected."""
    remember: Remember | None = None
    """Keeps replies for other runs; None: nobody does."""


class Waits:
    """Waits between two looks: each half as long again as the one before, up to a bound."""

    def __init__(self, rule: BatchRule) -> None:
        self._next = rule.first
        self._longest = rule.longest

    def next(self) -> float:
        """Seconds."""
        wait, self._next = self._next, min(self._longest, self._next * 1.5)
        return wait


class _Trouble(NamedTuple):
    """Failures one after the other."""

    since: float
    waits: Waits


class Desk:
    """Orders, finds, looks at and stops batches; a provider that is down for a while is waited for.

    Raises (every method):
        ProviderRefused: it says no, which waiting will not change.
        ProviderDown: it has been down for as long as the rule bears it; batches go on, and are in the book.
    """

    def __init__(self, way: Batching, listener: Listener) -> None:
        self._way = way
        self._listener = listener
        self._trouble: _Trouble | None = None
        """Since the last call that went well."""

    async def place(self, order: Order, requests: Sequence[Request]) -> Order:
        """Order; where the answer is lost, the order is looked for before it is made again."""
        trouble = _Trouble(self._way.clock.now(), Waits(self._way.rule))
        while True:
            told = await self._way.provider.submit(order.tag, requests)
            if not isinstance(told, Failure):
                return await self._placed(order, told)
            if told.kind not in RETRYABLE:
                await self._way.book.close(order)  # it did not arrive
            await self._bear(told, trouble)
            if told.kind is FailureKind.RATE_LIMIT:
                continue  # it did not arrive
            if handle := await self.found(order):
                return await self._placed(order, handle)

    async def place_again(self, order: Order, asks: Sequence[Ask]) -> Order:
        """The order of an earlier process that may have arrived: find it, else make it."""
        if handle := await self.found(order):
            return await self._placed(order, handle)
        encode, prompt = self._way.provider.encode, self._way.phrasing.prompt
        return await self.place(order, [Request(name_in(order, ask), encode(prompt(ask))) for ask in asks])

    async def found(self, order: Order) -> str:
        """The handle of an order that may have arrived; empty: it has not."""
        since = datetime.fromisoformat(order.made_at).timestamp()
        sought = Sought(order.tag, order.count, since, await self._way.book.handles())
        settled = self._way.clock.now() + self._way.rule.settle
        waits = Waits(self._way.rule)
        while True:
            found = await self.calmly(lambda: self._way.provider.find(sought))
            left = settled - self._way.clock.now()
            if found.handle or (left <= 0 and not found.undecided):
                return found.handle
            reason = f"does batch {found.undecided[0]} hold this run's order?" if found.undecided else _SETTLING
            wait = waits.next() if left <= 0 else min(left, self._way.rule.longest)
            await self.wait(wait, reason, items=order.count)

    async def standing(self, order: Order) -> Standing:
        """How far the batch of *order* is."""

        async def look() -> Standing | Failure:
            told = await self._way.provider.poll(order.handle)
            if isinstance(told, Failure) and told.kind is FailureKind.NOT_FOUND:
                raise ProviderRefused(_gone(order.handle, told.message))
            return told

        return await self.calmly(look)

    async def cancel(self, handle: str) -> bool:
        """Stop a batch; False: there is none of that name any more."""

        async def stop() -> bool | Failure:
            told = await self._way.provider.cancel(handle)
            if told is None or told.kind is FailureKind.BAD_REQUEST:  # it has ended already
                return True
            return False if told.kind is FailureKind.NOT_FOUND else told

        return await self.calmly(stop)

    async def calmly(self, call: Callable[[], Awaitable[_T | Failure]]) -> _T:
        """What *call* returns in the end; failures are waited out as long as the rule bears them."""
        while isinstance(told := await call(), Failure):
            self._trouble = self._trouble or _Trouble(self._way.clock.now(), Waits(self._way.rule))
            await self._bear(told, self._trouble)
        self._trouble = None
        return told

    async def wait(self, seconds: float, reason: str, *, items: int) -> None:
        """Wait, and say what for."""
        self._tell(seconds, reason, items=items)
        await self._way.clock.sleep(seconds)

    async def wait_or_open(self, seconds: float, reason: str, *, items: int) -> None:
        """The same, but no longer than the barrier is closed."""
        self._tell(seconds, reason, items=items)
        end = self._way.clock.now() + seconds
        while self._way.barrier.closed and (left := end - self._way.clock.now()) > 0:
            await self._way.clock.sleep(min(left, _LOOK))

    def _tell(self, seconds: float, reason: str, *, items: int) -> None:
        if self._way.listener is not None:
            self._way.listener.on_event(calls.Waiting(self._way.provider.name, seconds, reason, items=items))

    def halting(self, halt: Halt) -> CausalEvalError:
        """The error that ends the run, told to the listener."""
        self._listener(RunHalting(self._way.provider.name, halt.reason))
        return halt.error()

    async def _bear(self, failure: Failure, trouble: _Trouble) -> None:
        """Wait after *failure*, or raise what ends the run."""
        if failure.kind not in RETRYABLE:
            raise self.halting(Halt(failure.kind, failure.message))
        lasted = self._way.clock.now() - trouble.since
        if lasted > self._way.rule.patience:
            told = f"for {lasted / 60:.0f} min nothing but failures, the last: {failure.message}"
            raise self.halting(Halt(failure.kind, f"{told}; open batches go on there"))
        await self.wait(failure.retry_after or trouble.waits.next(), failure.message, items=1)

    async def _placed(self, order: Order, handle: str) -> Order:
        return await self._way.book.placed(order, handle)


def name_in(order: Order, ask: Ask) -> str:
    """The name of the row that carries *ask* in the batch of *order*."""
    return row_name(order.tag, ask.question.id, sample=ask.sample)


_SETTLING = "an order may still be on its way: looking for it before it is made again"


def _gone(handle: str, words: str) -> str:
    return (
        f"batch {handle} is not there ({words}): it was deleted, or the key is another account's; use that account's "
        "key, or `causal-eval resume RUN --cancel-batches` to give it up"
    )
