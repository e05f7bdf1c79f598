"""Caps on money and time: what may still be asked, by what open calls may cost and what kept outcomes did cost.

Pure accounting in exact dollars. For every open call the most that a call has cost so far is set aside (before the
first reply: the price of a reply of full length), and a call is made only if it fits. So the cap is passed only where
open calls cost more than every call before them, by no more than those calls.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Protocol

from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.provider import Failure, FailureKind, Refusal, Reply, Usage


class Price(Protocol):
    """What kept replies cost."""

    def __call__(self, usage: Usage, served: str, at: str, /, *, batch: bool = False) -> Fraction | None:
        """US dollars for a reply: its tokens, served model, time (ISO 8601), and whether it came in a batch.

        None = unknown.
        """


PERHAPS_BILLED = frozenset(
    {FailureKind.TIMEOUT, FailureKind.CONNECTION, FailureKind.BAD_REPLY, FailureKind.OTHER_MODEL}
)
"""Failures after which a provider may have made a reply, and bill it: each counts as one call of the usual price."""


class Reached(StrEnum):
    """Which cap ended a run."""

    MONEY = "money"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Caps:
    """What the runs of one command may take together; None: no cap."""

    money: Fraction | None = None
    """US dollars, those of earlier tries of the same runs included."""
    seconds: float | None = None
    """From the beginning of the command; calls that are open then end."""


class Tariff:
    """What the calls of one answerer cost: known for outcomes, estimated for calls that are open or got lost."""

    def __init__(self, price: Price, most: Callable[[Ask], Fraction]) -> None:
        self._price = price
        self._most = most
        self._dearest: Fraction | None = None

    def estimate(self, ask: Ask) -> Fraction:
        """The most that a call has cost so far; before the first, what *ask* costs with a reply of full length."""
        return self._most(ask) if self._dearest is None else self._dearest

    def cost(self, attempt: Attempt) -> Fraction:
        """What *attempt* cost, as far as anybody can tell."""
        outcome = attempt.outcome
        if isinstance(outcome, Failure):
            return self.estimate(attempt.ask) * lost_calls(outcome.kind, outcome.calls)
        if outcome.asked_at:
            return Fraction(0)
        before = self._before(outcome, attempt.started_at)
        cost = self._price(outcome.usage, outcome.served, attempt.started_at, batch=bool(outcome.batch))
        if cost is None:  # nobody counted its tokens
            return self.estimate(attempt.ask) + before
        self._dearest = cost if self._dearest is None else max(self._dearest, cost)
        return cost + before

    def _before(self, outcome: Reply | Refusal, at: str) -> Fraction:
        """What calls cost that gave no reply before this one, as far as the provider counted them."""
        return sum((self._price(usage, outcome.served, at) or Fraction(0) for usage in outcome.lost), Fraction(0))


def lost_calls(kind: FailureKind, calls: int) -> int:
    """How many of the *calls* that ended in a failure of *kind* are counted as billed."""
    return calls if kind in PERHAPS_BILLED else 0


class Budget:
    """What all runs of one command have left; their gates share it."""

    def __init__(self, caps: Caps, *, spent: Fraction = Fraction(0), clock: Clock | None = None) -> None:
        self._caps = caps
        self._clock = clock or SystemClock()
        self._until = None if caps.seconds is None else self._clock.now() + caps.seconds
        self._changed: asyncio.Event | None = None
        self.spent = spent
        self.reserved = Fraction(0)
        self.open_calls = 0

    @property
    def money(self) -> Fraction | None:
        """The cap in US dollars; None: there is none."""
        return self._caps.money

    @property
    def seconds_left(self) -> float | None:
        """Until the time cap; None: there is none."""
        return None if self._until is None else self._until - self._clock.now()

    def fits(self, estimate: Fraction) -> bool:
        """Whether a further call of that price may be made now; what costs nothing always may."""
        money = self._caps.money
        return money is None or not estimate or self.spent + self.reserved + estimate <= money

    def reserve(self, estimate: Fraction) -> None:
        """Set *estimate* aside for a call that begins."""
        self.reserved += estimate
        self.open_calls += 1

    def settle(self, estimate: Fraction, cost: Fraction) -> None:
        """A call for which *estimate* was set aside has ended and cost *cost*."""
        self.reserved -= estimate
        self.open_calls -= 1
        self.spent += cost
        self.wake()

    def wake(self) -> None:
        """Let all who wait for room look again."""
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    async def room(self, estimate: Callable[[], Fraction], *, patient: bool = True) -> Fraction | Reached:
        """Set *estimate* aside as soon as it fits, and return it; else the cap that is reached.

        While calls are open it waits, if it is *patient*, for what they really cost, often less than was set aside.
        """
        while True:
            left = self.seconds_left
            if left is not None and left <= 0:
                return Reached.TIME
            wanted = estimate()
            if self.fits(wanted):
                self.reserve(wanted)
                return wanted
            if not self.open_calls or not patient:
                return Reached.MONEY
            await self._wait(left)

    async def _wait(self, seconds: float | None) -> None:
        if self._changed is None:
            self._changed = asyncio.Event()
        changed = self._changed
        with contextlib.suppress(TimeoutError):  # whoever waits looks at the time himself
            async with asyncio.timeout(seconds):
                await changed.wait()


class BudgetGate:
    """Lets an answerer's asks through as long as the budget has room; a gate of ``evaluation/flow.py``."""

    def __init__(self, budget: Budget, tariff: Tariff, *, patient: bool = True) -> None:
        self._budget = budget
        self._tariff = tariff
        self._patient = patient
        """False: what does not fit now is refused, though open calls may make room (a batch that is being filled)."""
        self._open: dict[tuple[str, int], Fraction] = {}
        self.reached: Reached | None = None
        """The cap that ended the run; None: none did."""
        self.refused = Fraction(0)
        """What the ask that did not fit might have cost."""
        self.waiting = 0
        """Asks that wait now until open calls have ended and left room."""

    @property
    def holding(self) -> Reached | None:
        """The cap that keeps asks back now; None: neither does."""
        return Reached.MONEY if self.waiting and self.reached is None else self.reached

    async def admit(self, ask: Ask) -> bool:
        """Whether *ask* may be asked, once that is known."""
        if self._patient and self.reached is not None:
            return False  # another worker was refused: its ask stays missing, so the run has ended
        self.waiting += 1
        try:
            aside = await self._budget.room(lambda: self._tariff.estimate(ask), patient=self._patient)
        finally:
            self.waiting -= 1
        if isinstance(aside, Reached):
            self.reached, self.refused = aside, self._tariff.estimate(ask)
            return False
        self._open[ask.question.id, ask.sample] = aside
        self.reached = None
        return True

    def take_on(self, ask: Ask) -> None:
        """*ask* is open already, whether it fits or not: an earlier process asked it."""
        aside = self._open[ask.question.id, ask.sample] = self._tariff.estimate(ask)
        self._budget.reserve(aside)

    def kept(self, attempts: Sequence[Attempt]) -> None:
        """Book what outcomes cost."""
        for attempt in attempts:
            aside = self._open.pop((attempt.ask.question.id, attempt.ask.sample), None)
            if aside is not None:
                self._budget.settle(aside, self._tariff.cost(attempt))

    def forgo(self, ask: Ask) -> None:
        """Take back what was set aside."""
        self._budget.settle(self._open.pop((ask.question.id, ask.sample)), Fraction(0))

    def close(self) -> None:
        """Book calls that were abandoned: a provider may bill them."""
        while self._open:
            _, aside = self._open.popitem()
            self._budget.settle(aside, aside)
        self._budget.wake()
