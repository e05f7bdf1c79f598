"""What the shards of one evaluation share in one process: connections, keys, limits, and when to stop."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Sequence
from dataclasses import replace

from causal_eval.errors import StoreError
from causal_eval.evaluation import events as run_events
from causal_eval.evaluation.answerer import Answerer
from causal_eval.evaluation.attempt import Ask, Attempt
from causal_eval.evaluation.elicit import Prompted
from causal_eval.operations import notices
from causal_eval.operations.news import log_event
from causal_eval.performing.keyring import Asking
from causal_eval.providers.events import Event, Waiting
from causal_eval.providers.live import Variables
from causal_eval.providers.stack import Stack
from causal_eval.providers.window import Window
from causal_eval.service.answering import Candidate
from causal_eval.service.following import Lookout
from causal_eval.service.purse import Do, Purse
from causal_eval.service.stop_rules import rule_of
from causal_eval.store.database import Store
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.replies import SqlReplies

_EVERYBODY = 1_000_000


class Opened:
    """An evaluation that this process works on."""

    def __init__(self, store: Store, evaluation: Evaluation, one: Candidate, *, live: Variables) -> None:
        self.evaluation = evaluation
        self.listener: notices.Listener = notices.silent
        """Hears everything that is heard here."""
        self._live = live
        self.width = one.width
        self.purse: Purse | None = None
        """What it may spend, where anything limits that."""
        self.over = ""
        """Which cap on money ended it, one line."""
        self._store = store
        self._lookout: Lookout | None = None
        """Says when enough is known; None: everything is asked."""
        self.is_met = False
        """Enough is known, and nothing more is to be asked."""
        self._unseen = True
        """Something was kept or judged since the lookout has looked."""
        self.do: Do = asyncio.to_thread
        """Runs what blocks."""
        self.follows_cap = False
        """Its width is that of the cap, whatever that becomes."""
        self.caching = False
        """Whether replies were to be cached when it was opened, as far as it says nothing of that itself."""
        self.follows_caching = False
        self.watch = one.watch()
        self.room = Window(one.width)
        """Asks under way, over all shards."""
        self.closed = False
        """No ask may begin any more; those that are open end in their own time."""
        self.shards = 0
        """How many of its shards are under way here."""
        self.idle_since = 0.0
        self.news = False
        """Outcomes were kept since anybody was told."""
        self.waiting = ""
        """What it waits for, as the provider's wrappers say; one line."""
        self._replies = None if one.cache is None else SqlReplies(store, trouble=self._trouble)
        self.answerer = self._open(one)
        self._tasks = set[asyncio.Task[None]]()

    @property
    def prompted(self) -> Prompted | None:
        """The answerer, where its replies are cached."""
        return self.answerer if self._replies is not None and isinstance(self.answerer, Prompted) else None

    @property
    def asking(self) -> Asking | None:
        """What it asks for, where that is a provider with keys and limits."""
        if not isinstance(self.answerer, Prompted) or not isinstance(self.answerer.provider, Stack):
            return None
        found = self.evaluation
        return Asking(found.id, found.project, found.spec.answerer, self.answerer.provider, self._live)

    def hear(self, waiting: str) -> None:
        """Let those who listen know what it waits for."""
        self.waiting, self.news = waiting, True

    def on_event(self, event: Event) -> None:
        """Hear what happens to calls."""
        log_event(event)
        self.listener(event)
        if isinstance(event, Waiting):
            self.hear(str(event))

    def on_run(self, event: run_events.Event) -> None:
        """Hear what happens in a shard."""
        self.listener(event)
        if isinstance(event, run_events.OutcomeKept):
            self.waiting, self.news = "", True
        self._unseen = True

    def _trouble(self, problem: str) -> None:
        self.hear(f"the response cache is out of order: {problem}")

    def _open(self, one: Candidate) -> Answerer:
        rule = None
        if one.cache is not None and self._replies is not None:
            rule = replace(one.cache(self._replies), project=self.evaluation.project)
        return one.open(self, rule)

    def follow(self, task: asyncio.Task[None]) -> None:
        """Take *task* along when the evaluation is abandoned."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def affords(self, ask: Ask) -> bool:
        """Whether *ask* may be paid, as soon as that is known; False ends the evaluation here."""
        if self.purse is None or self.purse.is_free:
            return True
        if not self.over:
            most = self.purse.most(self.answerer, ask)
            self.over = await self.purse.reserve(ask, most, do=self.do, closed=lambda: self.closed) or self.over
        if self.over:
            self.stop()
        return not self.closed

    def settle(self, ask: Ask) -> None:
        """*ask* is open no more."""
        if self.purse is not None:
            self.purse.settle(ask)

    def stop(self) -> None:
        """Let no ask begin any more."""
        if not self.closed:
            self.closed = True
            self.room.resize(_EVERYBODY)  # who waits comes in, sees that it is closed, and goes

    async def heed_rule(self) -> None:
        """Look out for what its rule waits for, if it has one: an earlier process may have asked enough."""
        if self.evaluation.stop_rule:
            make = functools.partial(Lookout, self._store, self.evaluation, rule=rule_of(self.evaluation))
            self._lookout = await self.do(make)
            await self.look(self.do)

    async def look(self, do: Do) -> None:
        """Ask nothing more once the lookout says that enough is known; while the database is away, nobody looks."""
        if self._lookout is None or self.closed or not self._unseen:
            return
        self._unseen = False
        try:
            self.is_met = await do(self._lookout.look)
        except StoreError:
            self._unseen = True
        if self.is_met:
            self.stop()

    def abandon(self) -> None:
        """Drop open calls too."""
        self.stop()
        for task in list(self._tasks):
            task.cancel()

    async def close(self) -> None:
        """Release connections, and what is set aside; idempotent."""
        await self.answerer.close()
        if self.purse is not None:
            with contextlib.suppress(StoreError):  # it is given free in a while
                await asyncio.to_thread(self.purse.close)
        if self._replies is not None:
            await self._replies.close()


class ShardGate:
    """A :class:`~causal_eval.evaluation.flow.Gate` of one shard: as many asks as its evaluation has room for."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._open: dict[tuple[str, int], Ask] = {}

    async def admit(self, ask: Ask) -> bool:
        """True, as soon as there is room and money; False once the evaluation is stopped."""
        await self._opened.room.enter()
        self._open[ask.question.id, ask.sample] = ask
        if self._opened.closed or not await self._opened.affords(ask):
            self._leave(ask)
            return False
        return True

    def kept(self, attempts: Sequence[Attempt]) -> None:
        """Make room."""
        for attempt in attempts:
            self._leave(attempt.ask)

    def forgo(self, ask: Ask) -> None:
        """Make room."""
        self._leave(ask)

    def close(self) -> None:
        """Make room for others in place of what was dropped."""
        for ask in list(self._open.values()):
            self._leave(ask)

    def _leave(self, ask: Ask) -> None:
        self._open.pop((ask.question.id, ask.sample))
        self._opened.settle(ask)
        self._opened.room.leave()
