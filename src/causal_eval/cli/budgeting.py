"""``--budget``, ``--max-time`` and ``--dry-run``: what runs may take, what they have taken, what they would take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from causal_eval.analysis.numbers import duration, money
from causal_eval.cli import output
from causal_eval.cli.display import Display
from causal_eval.errors import BudgetReached, UnknownName, UsageError
from causal_eval.evaluation.answerer import Answerer
from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.budget import Budget, BudgetGate, Caps, Price, Reached, Tariff
from causal_eval.evaluation.elicit import Prompted
from causal_eval.evaluation.estimate import Estimate, Speed, dearest, estimate
from causal_eval.evaluation.order import fair_order
from causal_eval.evaluation.recall import unknown
from causal_eval.evaluation.spec import RunSpec, identity
from causal_eval.providers.events import Recorder
from causal_eval.providers.prices import FREE, Prices
from causal_eval.providers.provider import Prompt, Usage
from causal_eval.service.answering import Call, Candidate, Trouble, opened
from causal_eval.service.caching import duration as seconds_of
from causal_eval.service.pricing import batch_price, pricer
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, find_evaluation
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.spending import spent, usual
from causal_eval.store.suites import set_questions

FLAGS = {Reached.MONEY: "--budget", Reached.TIME: "--max-time"}
GRACE = 60.0
"""Seconds that calls which are open when the time is up have to end; then they are abandoned."""


@dataclass(frozen=True, slots=True)
class Purse:
    """The budget of a command with the prices that it is kept by."""

    budget: Budget
    prices: Prices


def caps(dollars: str | None, time: str | None) -> Caps:
    """What the flags ``--budget`` and ``--max-time`` say.

    Raises:
        UsageError: no amount, or no time.
    """
    seconds = None if time is None else seconds_of(time, "--max-time", "a time such as 90s, 30m or 2h")
    return Caps(None if dollars is None else _dollars(dollars), seconds)


def _dollars(text: str) -> Fraction:
    try:
        amount = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0:
        raise UsageError(f"--budget is {text!r}: give US dollars, e.g. --budget 2.50")
    return Fraction(amount)


def open_purse(
    store: Store, candidates: Sequence[Candidate], specs: Sequence[RunSpec], *, caps: Caps, prices: Prices
) -> Purse | None:
    """The budget of runs that are to begin, with what earlier tries of them have spent; None: there is no cap.

    Raises:
        UsageError: there is a cap on money, and the price of an answerer is not known.
    """
    if caps == Caps():
        return None
    total = Fraction(0)
    if caps.money is not None:
        for one, spec in zip(candidates, specs, strict=True):
            total += _spent(store, one, spec, prices)
    return Purse(Budget(caps, spent=total), prices)


def check_prices(candidates: Iterable[Candidate], prices: Prices) -> None:
    """Say which answerer's price is not known, before anything is asked.

    Raises:
        UsageError: there is one.
    """
    for one in candidates:
        if _now(one.spec, prices)(Usage(1000, 1000)) is None:
            raise UsageError(
                f"--budget: what {one.name} costs is not known (prices: {prices.version}): give a table of prices by "
                f'--price-table FILE (["{one.name}"] with input and output in dollars per million tokens), or leave '
                "--budget out"
            )


def gate(purse: Purse, answerer: Answerer, spec: RunSpec, *, patient: bool = True) -> BudgetGate:
    """What keeps the runs of *answerer* within the budget."""
    now = _now(spec, purse.prices)

    def most(ask: Ask) -> Fraction:
        if spec.answerer.startswith(FREE) or not isinstance(answerer, Prompted):
            return Fraction(0)
        return dearest(answerer.prompt(ask), now) or Fraction(0)

    return BudgetGate(purse.budget, Tariff(_price(spec, purse.prices), most), patient=patient)


@dataclass(frozen=True, slots=True)
class Held:
    """What the caps keep a run from asking at this moment."""

    purse: Purse
    gate: BudgetGate

    @property
    def cap(self) -> str:
        """The flag of the cap that does; empty: none does."""
        return "" if self.gate.holding is None else FLAGS[self.gate.holding]

    def __str__(self) -> str:
        """One line; empty: they keep nothing back."""
        budget = self.purse.budget
        match self.gate.holding:
            case None:
                return ""
            case Reached.TIME:
                return f"the time of {self.cap} is over: what is open ends, and nothing more is asked"
        return (
            f"waiting for room in the budget of {money(budget.money)} ({self.cap}): {money(budget.spent)} spent, "
            f"{money(budget.reserved)} set aside for {budget.open_calls} open calls"
        )


def reached(purse: Purse, gate: BudgetGate) -> BudgetReached:
    """The error of a run that a cap has ended: what was spent, and what to do."""
    budget = purse.budget
    if gate.reached is Reached.TIME:
        return BudgetReached(f"the time of --max-time is over{_bill(purse)}", cap=FLAGS[Reached.TIME])
    return BudgetReached(
        f"the budget of {money(budget.money)} is used up{_bill(purse)}; the next call may cost {money(gate.refused)}: "
        "give a larger --budget to go on",
        cap=FLAGS[Reached.MONEY],
    )


def _bill(purse: Purse) -> str:
    return "" if purse.budget.money is None else f": {money(purse.budget.spent)} spent, earlier tries included"


def _spent(store: Store, one: Candidate, spec: RunSpec, prices: Prices) -> Fraction:
    if one.name.startswith(FREE):
        return Fraction(0)
    found = spent(store, identity(spec), price=_price(spec, prices))
    typical = found.dearest or _now(spec, prices)(Usage(0, spec.max_tokens or 0)) or Fraction(0)
    return found.known + found.uncounted * typical


def _price(spec: RunSpec, prices: Prices) -> Price:
    return pricer(spec, prices) or (lambda *_, batch=False: None)  # noqa: ARG005 - the shape of a price


def _now(spec: RunSpec, prices: Prices) -> Callable[[Usage], Fraction | None]:
    price, moment = _price(spec, prices), datetime.now(UTC).isoformat()
    return lambda usage: price(usage, "", moment)


def dry_run(
    store: Store, candidates: Sequence[Candidate], specs: Sequence[RunSpec], *, call: Call, prices: Prices, json: bool
) -> int:
    """Say for every answerer what its run would take; nobody is asked, no run begins."""
    for one, spec in zip(candidates, specs, strict=True):
        shown = Display("none" if json else "plain", json=json)
        found = asyncio.run(_estimate(store, one, spec, call=call, prices=prices, trouble=shown.warn))
        _say(one, found, json=json, version=prices.version)
    return 0


@dataclass(frozen=True, slots=True)
class _Foreseen:
    """What a run would take."""

    estimate: Estimate
    cached: int
    """Items that the response cache answers; none of the estimate."""
    basis: str
    """Which price that of a batch is; empty: nothing goes into batches."""


async def _estimate(
    store: Store, one: Candidate, spec: RunSpec, *, call: Call, prices: Prices, trouble: Trouble
) -> _Foreseen:
    quotes = _Quotes(_price(spec, prices), batch=one.batches is not None)
    async with opened(one, store, Recorder(), trouble=trouble) as answerer:
        asks = await _asks(store, spec)
        left = asks
        if one.cache is not None and isinstance(answerer, Prompted):
            left = await unknown(answerer, asks)
        prompts = (answerer.prompt(ask) if isinstance(answerer, Prompted) else Prompt(()) for ask in left)
        found = estimate(
            prompts,
            usual=usual(store, spec.answerer, spec.elicitation),
            price=quotes.price,
            speed=Speed(one.width, call.rpm, call.tpm),
        )
    if one.batches is not None:
        found = replace(found, seconds=None)  # up to the provider, whatever single calls took
    return _Foreseen(found, len(asks) - len(left), quotes.basis)


class _Quotes:
    """Prices of now, and which those were that were asked for."""

    def __init__(self, price: Price, *, batch: bool) -> None:
        self._price = price
        self._batch = batch
        self._moment = datetime.now(UTC).isoformat()
        self.basis = ""

    def price(self, usage: Usage) -> Fraction | None:
        """US dollars; None: unknown."""
        if not self._batch:
            return self._price(usage, "", self._moment)
        quote = batch_price(self._price, usage, at=self._moment)
        self.basis = quote.basis
        return quote.dollars


async def _asks(store: Store, spec: RunSpec) -> list[Ask]:
    """What a run of *spec* would ask: everything, or what an earlier try has left."""
    evaluation = _begun(store, spec)
    if evaluation is None:
        questions = fair_order(set_questions(store, spec.question_set), spec.seed, limit=spec.limit)
        return [Ask(question, sample) for question in questions for sample in range(spec.epochs)]
    async with SqlLedger(store, evaluation) as ledger:
        return [ask async for ask in ledger.missing()]


def _begun(store: Store, spec: RunSpec) -> Evaluation | None:
    try:
        return find_evaluation(store, identity(spec))
    except UnknownName:
        return None


def _say(one: Candidate, foreseen: _Foreseen, *, json: bool, version: str) -> None:
    free, found = one.name.startswith(FREE), foreseen.estimate
    if json:
        output.emit(
            {
                "event": "estimate", "answerer": one.name, "items": found.items, "calls": found.items,
                "cached": foreseen.cached, "basis": foreseen.basis,
                "input_tokens": found.input_tokens, "output_tokens": found.output_tokens, "is_bound": found.is_bound,
                "source": found.source, "cost": None if found.cost is None else float(found.cost),
                "prices": "" if free else version, "seconds": found.seconds,
            }
        )  # fmt: skip
        return
    most = "at most " if found.is_bound and not free else ""
    time = "unknown" if found.seconds is None else duration(1000 * found.seconds)
    how = "as many calls" if one.batches is None else "in batches"
    output.say(f"{one.name}: {found.items} items to ask, {how}")
    if foreseen.cached:
        output.say(f"  cache   answers {foreseen.cached} more without a call")
    if not free:
        output.say(f"  tokens  about {found.input_tokens:,} in, {most or 'about '}{found.output_tokens:,} out")
        output.say(f"          ({found.source})")
    cost = "unknown: no price" if found.cost is None else f"{most}{money(found.cost)}"
    output.say(f"  cost    {cost}" + ("" if free else f" ({foreseen.basis and foreseen.basis + '; '}prices {version})"))
    output.say(f"  time    {time}")
