"""``--budget``, ``--max-time`` and ``--dry-run``: what runs may take, what they have taken, what they would take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from causal_eval.analysis.numbers import duration, money
from causal_eval.cli import output
from causal_eval.errors import BudgetReached, UnknownName, UsageError
from causal_eval.evaluation.answerer import Answerer
from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.budget import Budget, BudgetGate, Caps, Price, Reached, Tariff
from causal_eval.evaluation.elicit import Prompted
from causal_eval.evaluation.estimate import Estimate, Speed, dearest, estimate
from causal_eval.evaluation.order import fair_order
from causal_eval.evaluation.spec import RunSpec, identity
from causal_eval.providers.events import Recorder
from causal_eval.providers.prices import FREE, Prices
from causal_eval.providers.provider import Prompt, Usage
from causal_eval.service.answering import Call, Candidate
from causal_eval.service.caching import duration as seconds_of
from causal_eval.service.pricing import pricer
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation, find_evaluation
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.spending import spent, usual
from causal_eval.store.suites import set_questions

GRACE = 60.0
"""Seconds that calls which are open when the time is up have to end; then they are abandoned."""


@dataclass(frozen=True, slots=True)
class Purse:
    """The budget of a command with the prices that it is kept by."""

    budget: Budget
    prices: Prices


def caps(dollars: str | None, time: str | None, until_ci: str | None = None) -> Caps:
    """What the flags ``--budget`` and ``--max-time`` say.

    Raises:
        UsageError: no amount, no time, or ``--until-ci``.
    """
    if until_ci is not None:
        raise UsageError(
            "--until-ci waits for valid sequential inference: to stop as soon as an ordinary interval is narrow makes "
            "it too narrow; give --limit, --budget or --max-time"
        )
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


def reached(purse: Purse, gate: BudgetGate) -> BudgetReached:
    """The error of a run that a cap has ended: what was spent, and what to do."""
    budget = purse.budget
    if gate.reached is Reached.TIME:
        return BudgetReached(f"the time of --max-time is over{_bill(purse)}")
    return BudgetReached(
        f"the budget of {money(budget.money)} is used up{_bill(purse)}; the next call may cost {money(gate.refused)}: "
        "give a larger --budget to go on"
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
        found = asyncio.run(_estimate(store, one, spec, call=call, prices=prices))
        _say(one, found, json=json, version=prices.version)
    return 0


async def _estimate(store: Store, one: Candidate, spec: RunSpec, *, call: Call, prices: Prices) -> Estimate:
    answerer = one.open(Recorder())
    try:
        asks = await _asks(store, spec)
        prompts = (answerer.prompt(ask) if isinstance(answerer, Prompted) else Prompt(()) for ask in asks)
        return estimate(
            prompts,
            usual=usual(store, spec.answerer, spec.elicitation),
            price=_now(spec, prices),
            speed=Speed(one.width, call.rpm, call.tpm),
        )
    finally:
        await answerer.close()


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


def _say(one: Candidate, found: Estimate, *, json: bool, version: str) -> None:
    free = one.name.startswith(FREE)
    if json:
        output.emit(
            {
                "event": "estimate", "answerer": one.name, "items": found.items, "calls": found.items,
                "input_tokens": found.input_tokens, "output_tokens": found.output_tokens, "is_bound": found.is_bound,
                "source": found.source, "cost": None if found.cost is None else float(found.cost),
                "prices": "" if free else version, "seconds": found.seconds,
            }
        )  # fmt: skip
        return
    most = "at most " if found.is_bound and not free else ""
    time = "unknown" if found.seconds is None else duration(1000 * found.seconds)
    output.say(f"{one.name}: {found.items} items to ask, as many calls")
    if not free:
        output.say(f"  tokens  about {found.input_tokens:,} in, {most or 'about '}{found.output_tokens:,} out")
        output.say(f"          ({found.source})")
    cost = "unknown: no price" if found.cost is None else f"{most}{money(found.cost)}"
    output.say(f"  cost    {cost}" + ("" if free else f" (prices {version})"))
    output.say(f"  time    {time}")
