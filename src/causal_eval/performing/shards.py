"""Shards carried out: claimed, asked, kept under the claim's fence, ended; the last one ends its job.

Nothing that a later try may mend leaves here but HandBack: the engine takes an error for the shard's end.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple, ParamSpec, TypeVar

import msgspec

from causal_eval.errors import Fenced, ProviderDown, ProviderRefused, StoreError, UsageError, VerificationMismatch
from causal_eval.evaluation.flow import Flow
from causal_eval.evaluation.recall import recall
from causal_eval.evaluation.run import evaluate
from causal_eval.operations.notices import Recalled, ShardBegun, ShardEnded, WriteFenced
from causal_eval.performing.ending import end_job, stop_job, tell_end
from causal_eval.performing.keyring import Asking, usual_variables
from causal_eval.performing.opened import Opened, ShardGate
from causal_eval.performing.patience import LONGEST_WAIT, waits
from causal_eval.performing.patient_ledger import PatientLedger
from causal_eval.performing.turns import Turns, evaluation_of
from causal_eval.providers.halt import Halt
from causal_eval.providers.live import Variables
from causal_eval.providers.switch import DISABLED
from causal_eval.providers.window import Window
from causal_eval.scoring.grade import judge
from causal_eval.service import switches
from causal_eval.service.answering import Call, Candidate, candidate
from causal_eval.service.engine import HandBack
from causal_eval.service.purse import RENEW_SECONDS, Purse
from causal_eval.service.readonly import READ_ONLY
from causal_eval.service.switches import is_caching
from causal_eval.service.vault import live_for
from causal_eval.service.wiring import Service
from causal_eval.store import shards
from causal_eval.store.evaluations import Evaluation, read_evaluation
from causal_eval.store.jobs import JobStatus, find_job
from causal_eval.store.ledger import Part, SqlLedger
from causal_eval.store.results import counts
from causal_eval.store.shards import Claim, JobState

LOOK_SECONDS = 0.2
"""Between two looks at jobs that are under way: a cancelled one is quiet soon after."""
TELL_SECONDS = 1.0
LINGER_SECONDS = 2.0
"""For which connections of an evaluation stay open for its next shard, and what its keys have met can be told."""
GRACE_SECONDS = 12.0
"""For which open calls of a shard that is handed back may end; less than the engine waits."""

_LOG = logging.getLogger(__name__)
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Performing:
    """A :class:`~causal_eval.service.engine.Perform` for one process; :meth:`watch` runs beside it."""

    def __init__(self, service: Service, *, stop: Callable[[], bool], cap: Window) -> None:
        self._service = service
        self._stop = stop
        self._cap = cap
        self.usual = usual_variables(service)
        """The service's own variables, which may change."""
        self.in_hand = set[str]()
        """Shards under way here."""
        self._turns = Turns(lambda: max(service.now.max_concurrent_api_calls, cap.limit))
        self._opened: dict[str, Opened] = {}
        self._leaving: list[Opened] = []
        """Stopped, and opened anew before its last shard had ended."""
        self._opening = asyncio.Lock()
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="performing")
        self._told_at = 0.0
        self._renewed_at = 0.0
        self._busy = asyncio.Event()
        """Something is under way; without it, nobody looks."""

    async def __call__(self, shard: str) -> None:
        """Carry out *shard*, if it is still to be done.

        Raises:
            HandBack: this process ends first.
        """
        self.in_hand.add(shard)
        try:
            async with self._turns.turn(evaluation_of(shard)):
                await self._told(shard)
        finally:
            self.in_hand.discard(shard)

    async def _told(self, shard: str) -> None:
        evaluation, outcome = evaluation_of(shard), "failed"
        self._service.listener(ShardBegun(shard, evaluation))
        try:
            await self._perform(shard)
            outcome = "ended"
        except HandBack:
            outcome = "handed back"
            raise
        finally:
            self._service.listener(ShardEnded(shard, evaluation, outcome))

    async def _perform(self, shard: str) -> None:
        if self._stop():  # it may have waited for its turn
            raise HandBack(shard)
        claim = await self._calmly(self._claim, shard)
        if claim is None:
            return
        try:
            await self._carry_out(claim)
        except Fenced as error:
            _LOG.warning("%s", error)
            self._service.listener(WriteFenced())
            await self._calmly(self._note_fenced, claim)
        except (ProviderRefused, ProviderDown, UsageError, VerificationMismatch) as error:
            await self._halt(claim.evaluation, str(error))

    async def give_up(self, shard: str, reason: str) -> None:
        """End the job of *shard* for a reason that trying again does not mend."""
        await self._halt(evaluation_of(shard), reason)

    async def watch(self) -> None:
        """Heed what is wanted of the jobs under way, and tell how far they are, until cancelled."""
        while True:
            await self._busy.wait()
            await asyncio.sleep(LOOK_SECONDS)
            if self._opened or self._leaving:
                await self._look()
            else:
                self._busy.clear()

    def asking(self) -> list[Asking]:
        """What this process asks for now, of providers with keys and limits."""
        opened = (*self._opened.values(), *self._leaving)
        return [asking for one in opened if (asking := one.asking) is not None]

    async def close(self) -> None:
        """Release everything."""
        for opened in (*self._opened.values(), *self._leaving):
            await opened.close()
        self._opened.clear()
        self._leaving.clear()
        self._threads.shutdown()

    async def _carry_out(self, claim: Claim) -> None:
        """Ask what is missing until nothing is, however often the database goes away meanwhile."""
        tries = waits()
        while True:
            opened = await self._enter(claim.evaluation)
            try:
                await self._ask(claim, opened)
                break
            except StoreError as error:
                await self._bear(error, next(tries))
                await self._calmly(self._hold, claim)  # nothing is paid for a shard that became somebody else's
            finally:
                self._leave(opened)
        if not opened.closed:
            await self._calmly(self._finish, claim)
            return
        if opened.over:
            await self._calmly(self._note_halt, claim.evaluation, opened.over, status=JobStatus.OVER_BUDGET)
        if opened.is_met:
            await self._calmly(stop_job, self._service, claim.evaluation)
        await self._calmly(self._let_go, claim)
        if self._stop():
            raise HandBack(claim.shard)

    async def _ask(self, claim: Claim, opened: Opened) -> None:
        """Ask what the shard misses, or until the evaluation is stopped."""
        part = Part(claim.start, claim.stop, functools.partial(shards.hold, claim=claim))
        gate = ShardGate(opened)
        async with PatientLedger(self._service.store, opened.evaluation, part=part, bear=self._bear) as ledger:
            asking = asyncio.create_task(self._asking(opened, ledger, gate=gate))
            opened.follow(asking)
            try:
                await asyncio.wait({asking})
            finally:
                asking.cancel()
                await asyncio.wait({asking})
                gate.close()
            if not asking.cancelled():
                asking.result()

    async def _asking(self, opened: Opened, ledger: SqlLedger, *, gate: ShardGate) -> None:
        if opened.prompted is not None:
            count = await recall(opened.prompted, ledger=ledger, judge=judge)
            self._service.listener(Recalled(opened.evaluation.spec.answerer, count))
        flow = Flow(opened.width, gate)
        await evaluate(
            opened.answerer, ledger=ledger, width=flow, judge=judge, watch=opened.watch, listener=opened.on_run
        )
        last = opened.watch.last
        if last is not None and (await ledger.progress()).kept == 0 and not opened.closed:
            raise Halt(last.kind, f"no call was answered, the last: {last.message}").error()

    async def _enter(self, evaluation: str) -> Opened:
        self._busy.set()
        async with self._opening:
            opened = self._opened.get(evaluation)
            if opened is None or opened.closed:
                fresh = await self._open(evaluation)
                if opened is not None:
                    self._leaving.append(opened)
                opened = self._opened[evaluation] = fresh
            opened.shards += 1
            return opened

    def _leave(self, opened: Opened) -> None:
        opened.shards -= 1
        opened.idle_since = asyncio.get_running_loop().time()

    async def _open(self, evaluation: str) -> Opened:
        order = await self._calmly(self._read_order, evaluation)
        opened = Opened(self._service.store, order.evaluation, order.one, live=order.live)
        opened.follows_cap, opened.follows_caching = order.follows_cap, order.follows_caching
        opened.caching = order.caching
        opened.do = self._calmly  # what fails there ends calls that are paid for
        opened.listener = self._service.listener
        opened.purse = Purse(self._service, order.evaluation) if order.capped else None
        await opened.heed_rule()
        return opened

    def _read_order(self, evaluation: str) -> _Order:
        store = self._service.store
        with store.reading() as connection:
            found, job = read_evaluation(connection, evaluation, projects=None), find_job(connection, evaluation)
            state = shards.job_states(connection, [evaluation])
            caching = is_caching(connection, self._service.now)
        assert job is not None, "a shard is part of a job"
        call = msgspec.json.decode(job.call, type=Call)
        live = live_for(self._service, found.project, answerer=found.spec.answerer, usual=self.usual)
        most = (settings := self._service.now).max_concurrent_api_calls
        settings = replace(settings, response_cache=caching)
        one = candidate(found.spec.answerer, call, settings, cap=self._cap, live=live)
        capped = state[found.id].capped
        return _Order(
            found, one, live=live, capped=capped, follows_cap=call.max_connections is None and one.width == most,
            caching=caching, follows_caching=call.cache is None,
        )  # fmt: skip

    async def _look(self) -> None:
        try:
            seen = await self._do(self._see, list(self._opened))
        except StoreError:
            return  # what is under way goes on; every write looks for itself
        for name, opened in self._opened.items():
            self._heed(opened, seen.states.get(name))
            if opened.follows_caching and opened.caching != seen.caching:
                opened.stop()  # its shards are begun again, by the switch
        await asyncio.gather(*(opened.look(self._do) for opened in self._opened.values()))
        now = asyncio.get_running_loop().time()
        if now - self._told_at >= TELL_SECONDS:
            self._told_at = now
            await self._tell()
        await self._renew(now)
        await self._close_idle(now)

    def _heed(self, opened: Opened, state: JobState | None) -> None:
        if opened.purse is None and state is not None and state.capped:
            opened.purse = Purse(self._service, opened.evaluation)
        if state is None or state.status is not JobStatus.OPEN:
            opened.abandon()
        elif (state.paused or state.off or self._stop()) and not opened.closed:
            if state.off:
                why = f"its provider is switched off ({DISABLED}), or the service only reads ({READ_ONLY})"
                opened.hear(f"{opened.evaluation.spec.answerer} waits: {why}")
            opened.stop()
            asyncio.get_running_loop().call_later(GRACE_SECONDS, opened.abandon)
        elif opened.follows_cap and not opened.closed and opened.room.limit != max(1, self._cap.limit):
            opened.room.resize(max(1, self._cap.limit))

    async def _tell(self) -> None:
        for opened in [opened for opened in self._opened.values() if opened.news]:
            opened.news = False
            try:
                await self._do(self._tell_progress, opened, opened.waiting)
            except StoreError:
                opened.news = True

    async def _renew(self, now: float) -> None:
        """Keep aside what open calls may cost, however long they take, and free what they did not at once."""
        is_time = now - self._renewed_at >= RENEW_SECONDS
        if is_time:
            self._renewed_at = now
        for opened in (*self._opened.values(), *self._leaving):
            if opened.purse is not None and (is_time or opened.purse.has_more_aside):
                with contextlib.suppress(StoreError):  # it is good for longer than until the next time
                    await opened.purse.renew(self._do)

    async def _close_idle(self, now: float) -> None:
        for name, opened in list(self._opened.items()):
            if not opened.shards and now - opened.idle_since > LINGER_SECONDS:
                del self._opened[name]
                await opened.close()
        for opened in [opened for opened in self._leaving if not opened.shards]:
            self._leaving.remove(opened)
            await opened.close()

    async def _halt(self, evaluation: str, reason: str) -> None:
        if evaluation in self._opened:
            self._opened[evaluation].stop()
        await self._calmly(self._note_halt, evaluation, reason)

    async def _calmly(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What *work*, which may be repeated, returns in the end; the database may be away for a while."""
        tries = waits()
        while True:
            try:
                return await self._do(work, *args, **kwargs)
            except StoreError as error:
                await self._bear(error, next(tries))

    async def _bear(self, error: StoreError, wait: float = LONGEST_WAIT) -> None:
        _LOG.warning("%s; trying again in %g s", error, wait)
        if self._stop():
            raise HandBack(str(error)) from error
        await asyncio.sleep(wait)

    async def _do(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What *work*, which blocks, returns."""
        call = functools.partial(contextvars.copy_context().run, work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def _claim(self, shard: str) -> Claim | None:
        with self._service.store.writing() as connection:
            owner, off = self._service.token(), switches.paused(connection)
            return shards.claim(connection, shard, owner=owner, at=self._service.clock(), off=off)

    def _hold(self, claim: Claim) -> None:
        with self._service.store.writing() as connection:
            shards.hold(connection, claim)

    def _let_go(self, claim: Claim) -> None:
        with self._service.store.writing() as connection:
            shards.let_go(connection, claim)

    def _note_fenced(self, claim: Claim) -> None:
        with self._service.store.writing() as connection:
            shards.note_fenced(connection, claim)

    def _note_halt(self, evaluation: str, reason: str, *, status: JobStatus = JobStatus.HALTED) -> None:
        at = self._service.clock()
        with self._service.store.writing() as connection:
            halted = shards.halt(connection, evaluation, note=reason, at=at, status=status)
            found = read_evaluation(connection, evaluation, projects=None)
        if halted:
            tell_end(self._service, found, status=status, at=at)

    def _finish(self, claim: Claim) -> None:
        with self._service.store.writing() as connection:
            shards.finish(connection, claim, at=self._service.clock())
        with self._service.store.reading() as connection:
            ready = shards.is_ready(connection, claim.evaluation)
        if ready:
            end_job(self._service, claim.evaluation)

    def _see(self, evaluations: list[str]) -> _Seen:
        with self._service.store.reading() as connection:
            states = shards.job_states(connection, evaluations, off=switches.paused(connection))
            return _Seen(states, is_caching(connection, self._service.now))

    def _tell_progress(self, opened: Opened, waiting: str) -> None:
        with self._service.store.reading() as connection:
            found = counts(connection, opened.evaluation)
        body = {"kept": found.kept, "wanted": found.wanted, "failed": found.failed_calls, "waiting": waiting}
        with self._service.store.writing() as connection:
            shards.tell_progress(connection, opened.evaluation.id, body=body, at=self._service.clock())


class _Seen(NamedTuple):
    """What is wanted of the jobs under way."""

    states: dict[str, JobState]
    caching: bool


class _Order(NamedTuple):
    """What is to be asked, and of whom."""

    evaluation: Evaluation
    one: Candidate
    live: Variables
    capped: bool
    follows_cap: bool
    caching: bool
    """What the switch of the response cache says."""
    follows_caching: bool
