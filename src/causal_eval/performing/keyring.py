"""What all workers know of providers' keys: refused, cooling down, behind an open breaker; and projects' sealed keys.

Beside the calls of a worker, once a second while any are made: what this process has met is written, what others have
met is heeded, so that everybody knows within seconds. Without the database each goes by what it has met itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import Connection

from causal_eval.errors import CausalEvalError, StoreError
from causal_eval.providers.catalog import LOCAL, route
from causal_eval.providers.events import BreakerState, KeyStatus
from causal_eval.providers.live import Variables, Watched
from causal_eval.providers.stack import Stack
from causal_eval.providers.state import KeyNote, StackState
from causal_eval.providers.state import KeyState as Seen
from causal_eval.service.live import variables
from causal_eval.service.vault import OWN_KEYS, good_names, of_calls, variables_for
from causal_eval.service.wiring import Service
from causal_eval.store.key_states import CLOSED, OPEN, REFUSED_SECONDS, KeyState, known_keys, note_keys, owned
from causal_eval.store.leases import sharers
from causal_eval.store.moment import read_moment

BEAT_SECONDS = 1.0
SHARE_SECONDS = 5.0
"""For which a worker that has gone silent still counts as one that shares requests and tokens per minute."""
SLACK = 0.5
"""Seconds by which a wait must differ to be news."""
_OUT = {KeyStatus.REVOKED, KeyStatus.EXHAUSTED}

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asking:
    """An evaluation that this process asks for."""

    evaluation: str
    project: str
    answerer: str
    stack: Stack
    live: Variables
    """Its keys, addresses and switches, which may change."""


@dataclass(frozen=True, slots=True)
class _View:
    """What is sent to the thread that talks to the database."""

    one: Asking
    state: StackState
    sealed: bool
    """Its keys are its project's."""
    paced: bool


@dataclass(frozen=True, slots=True)
class _News:
    """What comes back."""

    notes: tuple[KeyNote, ...]
    sharers: int
    env: Mapping[str, str] | None
    """None: as it was."""


class Keyring:
    """Keeps the keys of a worker in step with those of all; :meth:`run` goes on beside its calls."""

    def __init__(
        self, service: Service, worker: str, *, asking: Callable[[], Sequence[Asking]], usual: Watched
    ) -> None:
        self._service = service
        self._worker = worker
        self._asking = asking
        self._usual = usual
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="keyring")
        self._told: dict[tuple[str, str], KeyState] = {}
        """What this process has written last: no news to itself."""
        self._refused: set[tuple[str, str]] = set()
        """Evaluation and key: refused, and known to be. What is refused is told once, not for as long as it is out."""

    async def run(self) -> None:
        """Tell and hear once a second while anything is asked, until cancelled."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            asking = self._asking()
            if asking:
                await self.beat(asking)

    async def beat(self, asking: Sequence[Asking]) -> None:
        """Tell what was met, heed what others have met."""
        views = [_View(one, one.stack.state(), OWN_KEYS in one.live.env, one.stack.is_paced) for one in asking]
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._threads, self._exchange, views)
        except StoreError as problem:
            _LOG.warning("%s", problem)
            return
        for one, news in zip(asking, found, strict=True):
            one.stack.heed(news.notes)
            one.stack.share(news.sharers)
            if news.env is not None:
                one.live.set(news.env)

    def close(self) -> None:
        """Release the thread."""
        self._threads.shutdown()

    def _exchange(self, views: Sequence[_View]) -> list[_News]:
        self._usual.look()
        with self._service.store.reading() as connection:
            now = read_moment(connection)
            known = {(one.provider, one.key): one for one in known_keys(connection, _scopes(views))}
        told = [one for view in views for one in _met(view, now) if self._is_news(view, one, known=known)]
        if told or any(view.paced for view in views):
            with self._service.store.writing() as connection:
                note_keys(connection, told)
                among = {view.one.evaluation: self._share(connection, view) for view in views}
            self._told.update({(one.provider, one.key): one for one in told})
        else:
            among = {}
        return [self._news(view, known, now=now, among=among.get(view.one.evaluation, 1)) for view in views]

    def _share(self, connection: Connection, view: _View) -> int:
        if not view.paced:
            return 1
        return sharers(connection, view.one.evaluation, self._worker, seconds=SHARE_SECONDS)

    def _news(self, view: _View, known: Mapping[tuple[str, str], KeyState], *, now: float, among: int) -> _News:
        notes = tuple(
            note
            for scope in _scopes([view])
            for seen in _keys(view.state)
            if (row := known.get((scope, _named(view, seen.key)))) is not None
            and row != self._told.get((scope, row.key))
            for note in _notes(seen.key, row, now=now)
        )
        revoked = tuple(self._revoked(view))
        self._refused |= {(view.one.evaluation, _named(view, note.key)) for note in (*notes, *revoked) if note.status}
        return _News((*notes, *revoked), among, self._changed(view))

    def _is_news(self, view: _View, met: KeyState, *, known: Mapping[tuple[str, str], KeyState]) -> bool:
        if met.revoked_at is not None:
            place = (view.one.evaluation, met.key)
            is_new = place not in self._refused
            self._refused.add(place)
            return is_new
        there = known.get((met.provider, met.key))
        return there is None or _end(met) > _end(there) + SLACK

    def _revoked(self, view: _View) -> Iterator[KeyNote]:
        """Sealed keys in use that their project has revoked: no call is made with them any more."""
        if not view.sealed:
            return
        good = good_names(self._service, view.one.project, answerer=view.one.answerer)
        for seen in _keys(view.state):
            if seen.key not in good and seen.status not in _OUT:
                reason = f"key {seen.key} of project {view.one.project} was revoked"
                yield KeyNote(seen.key, status=KeyStatus.REVOKED, reason=reason)

    def _changed(self, view: _View) -> Mapping[str, str] | None:
        one = view.one
        try:
            env = variables_for(self._service, one.project, answerer=one.answerer, usual=of_calls(self._usual.env))
        except CausalEvalError as problem:  # keys that cannot be opened: those that are in use stay so
            _LOG.warning("keys of project %s: %s", one.project, problem)
            return None
        if view.sealed and OWN_KEYS not in env:
            return None  # its project has no key any more: the service's own is not put in its place while it is asked
        return None if env == one.live.env else env


def usual_variables(service: Service) -> Watched:
    """The service's own variables, which change with its settings."""
    return service.live.variables if service.live is not None else Watched(lambda: variables(service.settings))


def _scopes(views: Sequence[_View]) -> list[str]:
    """The names under which what concerns them is known: the provider's, and that of what is asked of it."""
    names = {view.one.answerer for view in views}
    return sorted(names | {route(name).provider for name in names})


def _keys(state: StackState) -> Iterator[Seen]:
    for way in state.routes:
        yield from way.keys


def _named(view: _View, key: str) -> str:
    return owned(key, view.one.project) if view.sealed else key


def _met(view: _View, now: float) -> Iterator[KeyState]:
    """What this process has met itself and what holds still."""
    name = view.one.answerer
    if route(name).api == LOCAL:
        return
    for seen in _keys(view.state):
        key = _named(view, seen.key)
        if seen.status in _OUT:
            provider = route(name).provider
            yield KeyState(provider, key, None, now, CLOSED, f"{seen.status.value}: {seen.reason}", now)
        elif seen.wait > SLACK and not seen.heard:
            is_open = seen.breaker is not BreakerState.CLOSED
            until = now + seen.wait
            cooling, opened = (None, until) if is_open else (until, None)
            yield KeyState(name, key, cooling, None, OPEN if is_open else CLOSED, seen.reason, now, opened)


def _end(state: KeyState) -> float:
    return max(state.cooldown_until or 0.0, state.breaker_until or 0.0)


def _notes(key: str, row: KeyState, *, now: float) -> Iterator[KeyNote]:
    """What *row* means for *key* here and now."""
    if row.revoked_at is not None and now - row.revoked_at < REFUSED_SECONDS:
        said, _, reason = row.note.partition(": ")
        yield KeyNote(key, status=KeyStatus(said), reason=reason)
    cooldown, breaker = (row.cooldown_until or 0.0) - now, (row.breaker_until or 0.0) - now
    if cooldown > 0 or breaker > 0:
        yield KeyNote(key, cooldown=max(0.0, cooldown), breaker=max(0.0, breaker), reason=row.note)
