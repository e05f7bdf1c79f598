"""Caps on money that all workers keep together: a call begins only once what it may cost is set aside.

Set aside is, in the database and for every open call, the most that a call of the evaluation has cost so far; before
the first, the price of a reply of full length. One transaction at a time compares what is spent and set aside with the
cap, so that it is passed only where open calls cost more than was set aside for them, by no more than that. Calls that
come together share a transaction.
"""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection

from causal_eval.errors import UsageError
from causal_eval.evaluation.answerer import Answerer
from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.budget import Price
from causal_eval.evaluation.elicit import Prompted
from causal_eval.evaluation.estimate import dearest
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.prices import FREE, read_prices
from causal_eval.providers.provider import Usage
from causal_eval.service.pricing import pricer
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation, find_evaluation
from causal_eval.store.spending import (
    Bill,
    Holder,
    Scope,
    aside_by_others,
    bills_after,
    lock_money,
    lost_calls,
    money_caps,
    set_aside,
)

_T = TypeVar("_T")

_DOLLARS = re.compile(r"\d{1,9}(?:\.\d{1,6})?", re.ASCII)
PATIENCE_SECONDS = 0.1
"""Until it is looked anew what open calls leave."""
ASIDE_SECONDS = 60.0
RENEW_SECONDS = 15.0
"""What a worker that dies has set aside is given free so long after it last said so."""
_AGAIN = 200
"""Outcomes that are looked at again: one with a lower number may be committed after one with a higher."""


@dataclass(slots=True)
class _Account:
    """What was spent within a scope."""

    scope: Scope
    after: int = 0
    known: Fraction = Fraction(0)
    dearest: Fraction = Fraction(0)
    uncounted: int = 0
    seen: set[int] = field(default_factory=set)

    def add(self, bill: Bill, cost: Fraction | None) -> None:
        """Take note of an outcome, once."""
        if bill.id in self.seen:
            return
        self.seen.add(bill.id)
        if cost is None:
            self.uncounted += 1
        else:
            self.known, self.dearest = self.known + cost, max(self.dearest, cost)

    def turn(self) -> None:
        """Forget numbers below which nothing new can come."""
        self.after = max(self.after, max(self.seen, default=0) - _AGAIN)
        self.seen = {one for one in self.seen if one > self.after}


def check_budget(budget: str) -> None:
    """Take no cap but one that is exact, above nothing and below a billion dollars.

    Raises:
        UsageError: it is none.
    """
    if _DOLLARS.fullmatch(budget) is None or not Fraction(budget):
        raise UsageError(
            f"budget is {budget[:40]!r}: give dollars above 0 and below 1000000000 with at most six decimals, such as "
            "12.50, or leave it out"
        )


def check_price(service: Service, spec: RunSpec) -> None:
    """Say that a cap on money means nothing where nobody knows what a reply costs.

    Raises:
        UsageError: nobody does.
    """
    price = pricer(spec, read_prices(service.settings.prices))
    at = datetime.fromtimestamp(service.clock(), UTC).isoformat()
    if not spec.answerer.startswith(FREE) and (price is None or price(Usage(1000, 1000), "", at) is None):
        raise UsageError(
            f"budget: what {spec.answerer} costs is not known: name a table of prices by CEB_PRICES, or leave it out"
        )


class Decision(NamedTuple):
    """What is set aside for the first of those that ask; the others wait, unless a cap is reached."""

    granted: Sequence[Fraction]
    said: str


class Do(Protocol):
    """Lets a function that blocks run elsewhere."""

    def __call__(self, work: Callable[[], _T], /) -> Awaitable[_T]:
        """What *work* returns."""


@dataclass(slots=True, eq=False)
class _Wanted:
    """A call that may or may not begin."""

    ask: Ask
    most: Fraction
    said: str | None = None
    """Empty: it may; None: that is not decided."""


class _Left(NamedTuple):
    """What a cap leaves, what of it is set aside, and what to say when it is reached."""

    room: Fraction
    aside: Fraction
    said: str


class Purse:
    """What one evaluation may still spend, of its own cap and of its project's for the month."""

    def __init__(self, service: Service, evaluation: Evaluation) -> None:
        self._service = service
        self._evaluation = evaluation
        self._prices = read_prices(service.settings.prices)
        self._pricers = {evaluation.id: pricer(evaluation.spec, self._prices)}
        self._own = _Account(Scope(evaluation=evaluation.id))
        self._month = _Account(Scope(project=evaluation.project))
        self._holder = Holder(service.token(), evaluation.project, evaluation.id)
        self._open: dict[tuple[str, int], Fraction] = {}
        """What is set aside for each call."""
        self._written = Fraction(0)
        """What the database says is set aside."""
        self._waiting: list[_Wanted] = []
        self._turn = asyncio.Lock()
        self._begun = 0
        """Decisions; calls that come together share one."""

    def most(self, answerer: Answerer, ask: Ask) -> Fraction:
        """What *ask* costs with a reply of full length; nothing where that is not known."""
        price = self._pricer(self._evaluation.id)
        if price is None or not isinstance(answerer, Prompted):
            return Fraction(0)
        at = datetime.fromtimestamp(self._service.clock(), UTC).isoformat()
        return dearest(answerer.prompt(ask), lambda usage: price(usage, "", at)) or Fraction(0)

    @property
    def is_free(self) -> bool:
        """Whether nothing that it asks costs anything."""
        return self._evaluation.spec.answerer.startswith(FREE)

    async def reserve(self, ask: Ask, most: Fraction, *, do: Do, closed: Callable[[], bool]) -> str:
        """Wait until *ask* may be asked, or which cap is reached, one line; empty: what it may cost is set aside.

        *most* is what it costs with a reply of full length, *do* lets a function that blocks run elsewhere. Once
        *closed*, nothing is set aside, nor waited for.

        Raises:
            StoreError: the database is away.
        """
        wanted = _Wanted(ask, most)
        self._waiting.append(wanted)
        try:
            while wanted.said is None and not closed():
                if not await self._is_decided(wanted, do):
                    await asyncio.sleep(PATIENCE_SECONDS)  # for what open calls really cost
        finally:
            if wanted in self._waiting:
                self._waiting.remove(wanted)
        return wanted.said or ""

    def settle(self, ask: Ask) -> None:
        """*ask* was kept, and what it cost with it, or it is not asked after all."""
        self._open.pop((ask.question.id, ask.sample), None)

    @property
    def has_more_aside(self) -> bool:
        """Whether calls have ended for which others still see money set aside."""
        return self._written > sum(self._open.values(), Fraction(0))

    async def renew(self, do: Do) -> None:
        """Set aside what open calls may cost, no more, and for a while from now."""
        async with self._turn:
            await do(functools.partial(self.decide, sum(self._open.values(), Fraction(0)), []))

    def close(self) -> None:
        """Set nothing aside any more; idempotent."""
        self._open.clear()
        with self._service.store.writing() as connection:
            set_aside(connection, self._holder, seconds=0)

    async def _is_decided(self, wanted: _Wanted, do: Do) -> bool:
        number = self._begun + 1  # one that is under way does not know of it
        async with self._turn:
            if wanted.said is None and self._begun < number:
                self._begun += 1
                await self._decide(do)
        return wanted.said is not None

    async def _decide(self, do: Do) -> None:
        asked = list(self._waiting)
        held = sum(self._open.values(), Fraction(0))
        decision = await do(functools.partial(self.decide, held, [one.most for one in asked]))
        for one, aside in zip(asked, decision.granted, strict=False):
            if one in self._waiting:  # still
                one.said = ""
                self._open[one.ask.question.id, one.ask.sample] = aside
                self._waiting.remove(one)
        if decision.said:
            for one in asked:
                one.said = decision.said

    def decide(self, held: Fraction, asked: Sequence[Fraction]) -> Decision:
        """How many of *asked*, each the price of a full reply, fit beside what is spent and set aside by whomever."""
        with self._service.store.writing() as connection:
            lock_money(connection, self._evaluation.project)
            left = self._left(connection, held)
            granted: list[Fraction] = []
            for most in asked:
                estimate = self._own.dearest or most
                if any(one.room < estimate for one in left):
                    break
                left = [one._replace(room=one.room - estimate) for one in left]
                granted.append(estimate)
            total = held + sum(granted, Fraction(0))
            set_aside(connection, self._holder, dollars=str(total), seconds=ASIDE_SECONDS if total else 0)
        self._written = total
        said = ""
        if asked and not granted:
            said = next((one.said for one in left if one.room < (self._own.dearest or asked[0]) and not one.aside), "")
        return Decision(granted, said)

    def _left(self, connection: Connection, held: Fraction) -> list[_Left]:
        """What each cap leaves."""
        now = datetime.fromtimestamp(self._service.clock(), UTC)
        month = Scope(project=self._evaluation.project, since=now.strftime("%Y-%m-01"))
        if self._month.scope != month:
            self._month = _Account(month)
        caps = money_caps(connection, self._evaluation.id)
        found, spent = [], self._spent(connection, self._own)
        if caps.own is not None:
            aside = held + self._aside(connection, evaluation=self._evaluation.id)
            said = f"the budget of ${caps.own} is used up: try again with a larger one"
            found.append(_Left(Fraction(caps.own) - spent - aside, aside, said))
        if caps.monthly is not None:
            aside = held + self._aside(connection)
            said = (
                f"project {self._evaluation.project} has used up ${caps.monthly}, its cap for the month: raise "
                "monthly_cap, or wait for the next month, then try again"
            )
            found.append(_Left(Fraction(caps.monthly) - self._spent(connection, self._month) - aside, aside, said))
        return found

    def _aside(self, connection: Connection, *, evaluation: str | None = None) -> Fraction:
        others = aside_by_others(connection, self._holder, evaluation=evaluation)
        return sum(map(Fraction, others), Fraction(0))

    def _spent(self, connection: Connection, account: _Account) -> Fraction:
        for bill in bills_after(connection, account.scope, after=account.after):
            account.add(bill, self._cost(bill))
        account.turn()
        uncounted = account.uncounted + lost_calls(connection, account.scope)
        return account.known + uncounted * account.dearest

    def _cost(self, bill: Bill) -> Fraction | None:
        price = self._pricer(bill.evaluation)
        usage = Usage(bill.input, bill.output, bill.cached, written=bill.written)
        return None if price is None else price(usage, bill.served, bill.at, batch=bill.batch)

    def _pricer(self, evaluation: str) -> Price | None:
        if evaluation not in self._pricers:
            self._pricers[evaluation] = pricer(find_evaluation(self._service.store, evaluation).spec, self._prices)
        return self._pricers[evaluation]
