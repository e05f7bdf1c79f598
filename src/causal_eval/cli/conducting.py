"""One evaluation carried out in this process: what the cache knows, then what is to be asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from causal_eval.cli.answering import Candidate
from causal_eval.cli.display import Display
from causal_eval.errors import ProviderPaused
from causal_eval.evaluation.answerer import Answerer
from causal_eval.evaluation.elicit import Prompted
from causal_eval.evaluation.recall import recall
from causal_eval.evaluation.run import evaluate
from causal_eval.providers.halt import Halt
from causal_eval.scoring.grade import judge
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.replies import SqlReplies


def conduct(store: Store, one: Candidate, evaluation: Evaluation, shown: Display) -> None:
    """Ask all that *evaluation* misses; returns when everything that arrived is stored.

    Raises:
        ProviderRefused, ProviderDown, ProviderPaused: the run ended by itself.
    """
    _loop()(_conduct(store, one, evaluation, shown))


def _loop() -> Callable[[Coroutine[None, None, None]], None]:
    """Uvloop where the extra is installed: the same results, faster when calls are short."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run


async def _conduct(store: Store, one: Candidate, evaluation: Evaluation, shown: Display) -> None:
    async with _opened(store, one, shown) as answerer, SqlLedger(store, evaluation) as ledger:
        threading.Thread(target=_prepare_report, args=(evaluation,), name="prepare-report", daemon=True).start()
        if one.cache is not None and isinstance(answerer, Prompted):
            await recall(answerer, ledger=ledger, judge=judge)
        await _ask(one, answerer, ledger, shown)


async def _ask(one: Candidate, answerer: Answerer, ledger: SqlLedger, shown: Display) -> None:
    progress = await ledger.progress()
    if (off := one.paused()) and progress.kept < progress.planned:
        raise ProviderPaused(f"switched off ({off}): nothing was asked; switch it on to go on")
    watch = one.watch()
    await evaluate(answerer, ledger=ledger, width=one.width, judge=judge, watch=watch, listener=shown.on_run)
    progress = await ledger.progress()
    if progress.kept == 0 and watch.last is not None:  # too few questions for a streak, and nothing but failures
        raise Halt(watch.last.kind, f"no call was answered, the last: {watch.last.message}").error()


@asynccontextmanager
async def _opened(store: Store, one: Candidate, shown: Display) -> AsyncIterator[Answerer]:
    """The answerer with its cache, if it has one; what was to be cached is written at the end."""
    replies, rule = None, None
    if one.cache is not None:
        replies = SqlReplies(store, trouble=lambda problem: shown.say(f"the response cache is out of order: {problem}"))
        rule = one.cache(replies)
    answerer = one.open(shown, rule)
    try:
        yield answerer
    finally:
        await answerer.close()
        if replies is not None:
            await replies.close()


def _prepare_report(evaluation: Evaluation) -> None:
    """Load what the end of a run needs while its first calls are open."""
    from causal_eval.cli import reporting

    reporting.prepare(evaluation)
