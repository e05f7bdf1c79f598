"""One evaluation carried out in this process: what the cache knows, then what is to be asked."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, replace

from causal_eval.cli import budgeting, loops
from causal_eval.cli.batching import refuse_open
from causal_eval.cli.budgeting import Held, Purse
from causal_eval.cli.display import Display
from causal_eval.cli.steering import Here, Ordered, Reins, steered
from causal_eval.errors import ProviderPaused
from causal_eval.evaluation.answerer import Answerer
from causal_eval.evaluation.budget import Reached
from causal_eval.evaluation.elicit import Prompted
from causal_eval.evaluation.ledger import Ledger
from causal_eval.evaluation.recall import recall
from causal_eval.evaluation.run import evaluate
from causal_eval.evaluation.stopping import StopGate
from causal_eval.providers.halt import Halt, HaltWatch
from causal_eval.providers.stack import Stack
from causal_eval.scoring.grade import judge
from causal_eval.service.answering import Candidate, opened
from causal_eval.service.following import Lookout
from causal_eval.store.batches import SqlBook
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.ledger import SqlLedger

FIRST_CALLS_SECONDS = 0.1
"""By then the first calls are open, and the processor waits with us."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run needs in this process."""

    store: Store
    evaluation: Evaluation
    shown: Display
    purse: Purse | None = None
    """What may be spent; None: there is no cap."""
    lookout: Lookout | None = None
    """Says when enough is known; None: everything is asked."""

    @property
    def here(self) -> Here:
        """Where others see it."""
        return Here(self.store, self.evaluation.id, self.evaluation.spec.answerer)


def conduct(run: Run, one: Candidate) -> None:
    """Ask all that the evaluation misses; returns when everything that arrived is stored.

    Raises:
        ProviderRefused, ProviderDown, ProviderPaused: the run ended by itself.
        BudgetReached: a cap ended it.
    """
    if one.batches is None:
        refuse_open(run.store, run.evaluation)
    loops.run(_conduct(run, one))


async def _conduct(run: Run, one: Candidate) -> None:
    async with (
        opened(one, run.store, run.shown, trouble=run.shown.warn) as answerer,
        SqlLedger(run.store, run.evaluation) as ledger,
    ):
        preparing = threading.Thread(target=_prepare_report, args=(run.evaluation,), name="prepare-report", daemon=True)
        asyncio.get_running_loop().call_later(FIRST_CALLS_SECONDS, preparing.start)
        if one.cache is not None and isinstance(answerer, Prompted):
            await recall(answerer, ledger=ledger, judge=judge)
        progress = await ledger.progress()
        if (off := one.paused()) and progress.kept < progress.planned:
            raise ProviderPaused(f"switched off ({off}): nothing was asked; switch it on to go on")
        watch = one.watch()
        if one.batches is not None:
            await _order(run, one, answerer, ledger=ledger)
        elif run.lookout is None:
            await _ask_all(run, one, answerer, ledger=ledger, watch=watch)
        else:
            gate = StopGate(run.lookout.look)
            async with gate.watching():
                await _ask_all(run, one, answerer, ledger=ledger, watch=watch, stop=gate)
        progress = await ledger.progress()
    if progress.kept == 0 and watch.last is not None:  # too few questions for a streak, and nothing but failures
        raise Halt(watch.last.kind, f"no call was answered, the last: {watch.last.message}").error()


async def _ask_all(
    run: Run, one: Candidate, answerer: Answerer, *, ledger: Ledger, watch: HaltWatch, stop: StopGate | None = None
) -> None:
    if run.purse is None:
        await _ask(run, one, answerer, ledger=ledger, watch=watch, stop=stop)
    else:
        await _ask_within(run, one, answerer, ledger=ledger, watch=watch, purse=run.purse, stop=stop)


async def _ask(
    run: Run, one: Candidate, answerer: Answerer, *, ledger: Ledger, watch: HaltWatch, held: Held | None = None,
    stop: StopGate | None = None,
) -> None:  # fmt: skip
    shown = run.shown
    reins = Reins(one.name, answerer, shown, width=one.width, held=held, stop=stop)
    async with steered(run.here, reins, shown):
        await evaluate(answerer, ledger=ledger, width=reins.flow, judge=judge, watch=watch, listener=shown.on_run)


async def _ask_within(
    run: Run, one: Candidate, answerer: Answerer, *, ledger: Ledger, watch: HaltWatch, purse: Purse,
    stop: StopGate | None = None,
) -> None:  # fmt: skip
    gate = budgeting.gate(purse, answerer, run.evaluation.spec)
    left = purse.budget.seconds_left
    try:
        async with asyncio.timeout(None if left is None else max(0.0, left) + budgeting.GRACE) as cap:
            await _ask(run, one, answerer, ledger=ledger, watch=watch, held=Held(purse, gate), stop=stop)
    except TimeoutError:
        if not cap.expired():  # somebody else's
            raise
        gate.reached = Reached.TIME
    finally:
        gate.close()
    if gate.reached is not None:
        raise budgeting.reached(purse, gate)


async def _order(run: Run, one: Candidate, answerer: Answerer, *, ledger: Ledger) -> None:
    """Have what is missing answered by batches, or, where the user says so, stop those that are open."""
    from causal_eval.evaluation.batched import evaluate_in_batches  # start-up time of runs without

    assert one.batches is not None
    purse, spec, shown = run.purse, run.evaluation.spec, run.shown
    gate = None if purse is None else budgeting.gate(purse, answerer, spec, patient=False)
    provider = answerer.provider if isinstance(answerer, Prompted) else None
    remember = provider.remember if isinstance(provider, Stack) else None
    way = replace(one.batches(SqlBook(run.store, run.evaluation), shown), remember=remember)
    try:
        ordered = Ordered(one.name, shown, way.barrier, None if purse is None or gate is None else Held(purse, gate))
        left = None if purse is None else purse.budget.seconds_left
        async with asyncio.timeout(left) as cap, steered(run.here, ordered, shown):
            await evaluate_in_batches(
                way, ledger=ledger, judge=judge, listener=shown.on_run, gate=gate, cancel=one.cancel
            )
    except TimeoutError:
        if gate is None or not cap.expired():  # somebody else's
            raise
        gate.reached = Reached.TIME
    finally:
        await way.provider.close()
        if gate is not None:
            gate.close()
    if purse is not None and gate is not None and gate.reached is not None:
        raise budgeting.reached(purse, gate)


def _prepare_report(evaluation: Evaluation) -> None:
    """Load what the end of a run needs while its first calls are open."""
    from causal_eval.cli import reporting

    reporting.prepare(evaluation)
