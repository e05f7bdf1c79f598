"""Caps on money that all workers keep together: a call begins only while what everybody has spent is below the cap.

Before a call the database is asked what has been spent, so that a cap is passed by no more than the calls that were
open, over all workers, when it was reached. Calls that come together share one look.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction

from sqlalchemy import Connection

from causal_eval.errors import UsageError
from causal_eval.evaluation.budget import Price
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.prices import FREE, read_prices
from causal_eval.providers.provider import Usage
from causal_eval.service.pricing import pricer
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation, find_evaluation
from causal_eval.store.spending import Bill, MoneyCaps, Scope, bills_after, lost_calls, money_caps

_DOLLARS = re.compile(r"\d{1,9}(?:\.\d{1,6})?", re.ASCII)
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


class Purse:
    """What one evaluation may still spend, of its own cap and of its project's for the month."""

    def __init__(self, service: Service, evaluation: Evaluation) -> None:
        self._service = service
        self._evaluation = evaluation
        self._prices = read_prices(service.settings.prices)
        self._pricers: dict[str, Price | None] = {}
        self._own = _Account(Scope(evaluation=evaluation.id))
        self._month = _Account(Scope(project=evaluation.project))
        self._turn = asyncio.Lock()
        self._begun = 0
        self._said = ""

    @property
    def is_free(self) -> bool:
        """Whether nothing that it asks costs anything."""
        return self._evaluation.spec.answerer.startswith(FREE)

    async def reached(self, do: Callable[[Callable[[], str]], Awaitable[str]]) -> str:
        """Which cap is reached, one line; empty: none. *do* lets a function that blocks run elsewhere.

        Raises:
            StoreError: the database is away.
        """
        wanted = self._begun + 1  # a look that is under way does not count
        async with self._turn:
            if self._begun < wanted:
                self._said = await do(self.look)
                self._begun += 1
        return self._said

    def look(self) -> str:
        """The same, at once."""
        now = datetime.fromtimestamp(self._service.clock(), UTC)
        month = Scope(project=self._evaluation.project, since=now.strftime("%Y-%m-01"))
        if self._month.scope != month:
            self._month = _Account(month)
        with self._service.store.reading() as connection:
            caps = money_caps(connection, self._evaluation.id)
            return self._beyond(connection, caps)

    def _beyond(self, connection: Connection, caps: MoneyCaps) -> str:
        if caps.own is not None and self._spent(connection, self._own) >= Fraction(caps.own):
            return f"the budget of ${caps.own} is used up: try again with a larger one"
        if caps.monthly is not None and self._spent(connection, self._month) >= Fraction(caps.monthly):
            return (
                f"project {self._evaluation.project} has used up ${caps.monthly}, its cap for the month: raise "
                "monthly_cap, or wait for the next month, then try again"
            )
        return ""

    def _spent(self, connection: Connection, account: _Account) -> Fraction:
        for bill in bills_after(connection, account.scope, after=account.after):
            account.add(bill, self._cost(bill))
        account.turn()
        uncounted = account.uncounted + lost_calls(connection, account.scope)
        return account.known + uncounted * account.dearest

    def _cost(self, bill: Bill) -> Fraction | None:
        if bill.evaluation not in self._pricers:
            spec = find_evaluation(self._service.store, bill.evaluation).spec
            self._pricers[bill.evaluation] = pricer(spec, self._prices)
        price = self._pricers[bill.evaluation]
        usage = Usage(bill.input, bill.output, bill.cached, written=bill.written)
        return None if price is None else price(usage, bill.served, bill.at, batch=bill.batch)
