"""A run whose questions are answered by batches: order what is missing, wait, keep what comes back, then judge it.

The same asks, ledger and judge as :mod:`causal_eval.evaluation.run`; only the way to the provider is another. An order
is written down before it is made, and looked for before it is made again: a crash at any moment pays for nothing twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace

from causal_eval.errors import Interrupted
from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.book import Order
from causal_eval.evaluation.budget import BudgetGate
from causal_eval.evaluation.commit import GroupCommit
from causal_eval.evaluation.desk import Batching, Desk, Waits, name_in
from causal_eval.evaluation.events import Listener, RunEnded, RunStarted, silent
from causal_eval.evaluation.judging import Judge
from causal_eval.evaluation.ledger import Ledger
from causal_eval.evaluation.run import judge_backlog, supervise
from causal_eval.providers.batch import Request, Row, Standing
from causal_eval.providers.halt import Halt
from causal_eval.providers.provider import FATAL, RETRYABLE, Failure, FailureKind, Outcome

_Place = tuple[str, int]
"""Question id and sample."""
_AROUND = 200
"""Bytes of a row beside its body, at most."""


async def evaluate_in_batches(
    way: Batching,
    *,
    ledger: Ledger,
    judge: Judge,
    listener: Listener = silent,
    gate: BudgetGate | None = None,
    cancel: bool = False,
) -> None:
    """Order every question that *ledger* has no outcome for, wait for the batches, keep and judge what they bring.

    Batches of an earlier process are taken up first. With *cancel* they are stopped, what they had done is kept, and
    nothing is ordered. What *gate* (one that is not patient) does not admit is ordered when earlier batches have ended
    and left room, else not at all. Cancelling the call (Ctrl-C) leaves batches at the provider and in the book.

    Raises:
        ProviderRefused, ProviderDown: the provider takes no order, or cannot be asked any more.
        Interrupted: somebody cancelled a batch at the provider; what it had done is kept.
        StoreError: outcomes or orders cannot be kept.
    """
    name = way.provider.name
    await judge_backlog(ledger, judge)
    listener(RunStarted(name, await ledger.progress()))
    commit = GroupCommit(name, ledger=ledger, judge=judge, listener=listener)
    work = _Work(way, ledger=ledger, commit=commit, desk=Desk(way, listener), gate=gate)
    complete = False
    try:
        await supervise(asyncio.create_task(work.cancel() if cancel else work.all()), commit)
        complete = not cancel
    finally:
        listener(RunEnded(name, complete))


@dataclass(slots=True)
class _Tally:
    """What became of the rows of a batch so far."""

    kept: int = 0
    failed: list[Failure] = field(default_factory=list)

    @property
    def halt(self) -> Halt | None:
        """Why going on is hopeless: a row says it for all, or every row failed for good."""
        fatal = next((failure for failure in self.failed if failure.kind in FATAL), None)
        if fatal is None and self.failed and not self.kept:
            fatal = self.failed[-1] if all(failure.kind not in RETRYABLE for failure in self.failed) else None
        return (
            None if fatal is None else Halt(fatal.kind, f"{len(self.failed)} rows of a batch failed: {fatal.message}")
        )


class _Work:
    """One run: the orders that are open, and what has failed so far."""

    def __init__(
        self, way: Batching, *, ledger: Ledger, commit: GroupCommit, desk: Desk, gate: BudgetGate | None
    ) -> None:
        self._way = way
        self._ledger = ledger
        self._commit = commit
        self._desk = desk
        self._gate = gate
        self._open: dict[int, Order] = {}
        self._held = set[_Place]()
        """Asked in a batch that has not ended, of an earlier process or of before a pause."""
        self._cut_short = False
        """Orders were held back by the barrier."""
        self._tries = Counter[_Place]()
        """Failures of this run by who failed; nothing else is remembered of a question."""
        self._again = False
        self._refusals = 0
        """Batches in a row that were not taken."""

    async def all(self) -> None:
        """Order, wait, and order what failed for a passing reason again, as often as the rule says."""
        for order in await self._way.book.open():
            asks = await self._way.book.asks(order)
            self._take_on(asks)
            self._open[order.key] = order if order.handle else await self._desk.place_again(order, asks)
        self._again = True
        waits = Waits(self._way.rule)
        while self._again:
            self._again = self._cut_short = False
            await self._order_missing()
            await self._await_all()
            if self._cut_short:
                await self._way.barrier.passed()
            if self._refusals:
                await self._desk.wait(waits.next(), "the provider's queue for batches is full", items=1)

    def _take_on(self, asks: Sequence[Ask]) -> None:
        self._held.update(map(_place, asks))
        if self._gate is not None:
            for ask in asks:
                self._gate.take_on(ask)

    async def cancel(self) -> None:
        """Stop every open batch, and keep what was done."""
        for order in await self._way.book.open():
            handle = order.handle or await self._desk.found(order)
            if handle and await self._desk.cancel(handle):
                self._open[order.key] = replace(order, handle=handle)
            else:
                await self._way.book.close(order)
        await self._await_all(cancelled_by_us=True)

    async def _order_missing(self) -> None:
        """Order page after page until nothing is missing, the gate lets nothing through, or the barrier is closed."""
        async with contextlib.aclosing(self._pages()) as pages:
            async for page in pages:
                if self._way.barrier.closed:
                    self._hold_back(page)
                    return
                await self._order(page)

    def _hold_back(self, page: Sequence[tuple[Ask, bytes]]) -> None:
        self._again = self._cut_short = True
        if self._gate is not None:
            for ask, _ in page:
                self._gate.forgo(ask)

    async def _pages(self) -> AsyncGenerator[list[tuple[Ask, bytes]]]:
        """What is missing and nobody was asked for, with the bodies of its rows, a batch at a time."""
        limits = self._way.provider.limits
        most = min(self._way.rule.page, limits.requests)
        page: list[tuple[Ask, bytes]] = []
        size = 0
        async for ask in self._ledger.missing():
            if _place(ask) in self._held or self._tries[_place(ask)] >= self._way.rule.attempts:
                continue
            body = self._way.provider.encode(self._way.phrasing.prompt(ask))
            if page and (len(page) == most or size + len(body) + _AROUND > limits.bytes):
                yield page
                page, size = [], 0
            if self._gate is not None and not await self._gate.admit(ask):
                break
            page.append((ask, body))
            size += len(body) + _AROUND
        if page:
            yield page

    async def _order(self, page: Sequence[tuple[Ask, bytes]]) -> None:
        order = await self._way.book.intend([ask for ask, _ in page])
        requests = [Request(name_in(order, ask), body) for ask, body in page]
        self._open[order.key] = await self._desk.place(order, requests)

    async def _await_all(self, *, cancelled_by_us: bool = False) -> None:
        """Collect batches until none is open, or orders that were held back may be made."""
        waits, began = Waits(self._way.rule), self._way.clock.now()
        while self._open and not (self._cut_short and not self._way.barrier.closed):
            standings = [await self._looked_at(order, by_us=cancelled_by_us) for order in list(self._open.values())]
            if waiting := [standing for standing in standings if not standing.ended]:
                spent = self._way.clock.now() - began
                wait = self._desk.wait_or_open if self._cut_short else self._desk.wait
                await wait(waits.next(), _progress(waiting, spent), items=_left(waiting))
        for order in self._open.values():
            self._held.update(map(_place, await self._way.book.asks(order)))

    async def _looked_at(self, order: Order, *, by_us: bool) -> Standing:
        """How far the batch of *order* is; what one that has ended brought is kept."""
        standing = await self._desk.standing(order)
        if standing.ended:
            await self._collect(order, standing)
            if standing.cancelled and not by_us:
                raise Interrupted(_cancelled(standing))
        return standing

    async def _collect(self, order: Order, standing: Standing) -> None:
        """Keep every outcome of an ended batch, and close its order."""
        if standing.refused is not None:
            await self._refused(order, standing.refused)
            return
        self._refusals = 0
        asks = {name_in(order, ask): ask for ask in await self._way.book.asks(order)}
        tally = _Tally()
        await self._desk.calmly(lambda: self._fetched(order, asks, tally=tally))
        if not standing.cancelled:
            lost = Failure(FailureKind.BAD_REPLY, f"batch {order.handle} has ended, and no result of it is this one's")
            await self._keep(order, [(ask, lost) for ask in asks.values()], tally=tally)
        self._held.difference_update(map(_place, await self._way.book.asks(order)))
        await self._way.book.close(order)
        del self._open[order.key]
        if tally.halt is not None:
            raise self._desk.halting(tally.halt)

    async def _refused(self, order: Order, why: Failure) -> None:
        """Nothing of the batch was made; where its queue is full, it is ordered again once others have ended."""
        self._held.difference_update(map(_place, await self._way.book.asks(order)))
        await self._way.book.close(order)
        del self._open[order.key]
        self._refusals += 1
        if self._refusals > self._way.rule.attempts or why.kind not in RETRYABLE:
            raise self._desk.halting(Halt(why.kind, why.message))
        self._again = True

    async def _fetched(self, order: Order, asks: dict[str, Ask], *, tally: _Tally) -> bool | Failure:
        """Keep what is read and take it out of *asks*; a download that broke off may be repeated."""

        async def take(rows: Sequence[Row]) -> None:
            known = [(ask, row.outcome) for row in rows if (ask := asks.pop(row.name, None)) is not None]
            told = [(ask, outcome) for ask, outcome in known if outcome is not None]
            await self._keep(order, told, tally=tally)

        return await self._way.provider.fetch(order.handle, take) or True

    async def _keep(self, order: Order, told: Sequence[tuple[Ask, Outcome]], *, tally: _Tally) -> None:
        attempts = [Attempt(ask, self._heard(order, ask, outcome=outcome), order.made_at) for ask, outcome in told]
        for attempt in attempts:
            if isinstance(attempt.outcome, Failure):
                self._note(attempt.ask, attempt.outcome)
                tally.failed.append(attempt.outcome)
            else:
                tally.kept += 1
        await asyncio.gather(*map(self._commit.keep, attempts))
        if self._gate is not None:
            self._gate.kept(attempts)
            self._again = True  # there may be room again

    def _heard(self, order: Order, ask: Ask, *, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Failure):
            return outcome
        prompt, said = self._way.phrasing.prompt(ask), replace(outcome, batch=order.handle)
        if self._way.remember is not None:
            said = self._way.remember(prompt, said, order.made_at)
        return self._way.phrasing.heard(prompt, said)

    def _note(self, ask: Ask, failure: Failure) -> None:
        passing = failure.kind in RETRYABLE
        self._tries[_place(ask)] += 1 if passing else self._way.rule.attempts
        self._again |= self._tries[_place(ask)] < self._way.rule.attempts


def _place(ask: Ask) -> _Place:
    return ask.question.id, ask.sample


def _left(standings: Sequence[Standing]) -> int:
    return sum(standing.total - standing.done for standing in standings)


def _progress(standings: Sequence[Standing], seconds: float) -> str:
    """``batch b_1: 412 of 1000 done, 3 min``."""
    what = f"batch {standings[0].handle}" if len(standings) == 1 else f"{len(standings)} batches"
    done, total = sum(one.done for one in standings), sum(one.total for one in standings)
    return f"{what}: {done} of {total} done, {seconds / 60:.0f} min"


def _cancelled(standing: Standing) -> str:
    return (
        f"batch {standing.handle} was cancelled at the provider; what it had done is kept, "
        "and the same command orders the rest again"
    )
