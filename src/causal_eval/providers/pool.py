"""Several keys of one provider: load goes where quota is left, and a prompt leaves a bad key at once.

A key that is told 429 cools, one that is refused is out; the prompt moves to another key without using up an attempt.
Keys come and go while running: a new one is tried, and only once it has proved itself does the one it replaces go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from causal_eval.errors import UsageError
from causal_eval.providers.breaker import Breaker
from causal_eval.providers.events import KeyChanged, KeyStatus, Listener, Reread
from causal_eval.providers.keys import key_label
from causal_eval.providers.limits import Limits
from causal_eval.providers.live import Live
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt, Usage
from causal_eval.providers.state import KeyNote, KeyState

_SOON = 0.01
_OUT = {FailureKind.AUTH: KeyStatus.REVOKED, FailureKind.QUOTA: KeyStatus.EXHAUSTED}


@dataclass(frozen=True, slots=True)
class Lane:
    """What stands behind one key."""

    limits: Limits
    """Outermost."""
    breaker: Breaker
    """Inside the limits, so that nobody who queued before it opened gets through."""


class _Member:
    """One key with what is known of it."""

    __slots__ = ("asked", "key", "label", "lane", "limits", "refusal", "status")

    def __init__(self, key: str, lane: Lane) -> None:
        self.key = key
        self.label = key_label(key)
        self.lane = lane
        self.limits = lane.limits
        self.status = KeyStatus.NEW
        self.refusal: Failure | None = None
        self.asked = 0

    @property
    def out(self) -> bool:
        return self.refusal is not None

    @property
    def wait(self) -> float:
        return max(self.limits.wait, self.lane.breaker.wait)

    @property
    def load(self) -> float:
        """How far its window is used; above 1 somebody queues."""
        window = self.limits.window
        return (window.open + window.waiting) / window.limit

    @property
    def rank(self) -> tuple[bool, bool, float, float, int]:
        """The least is asked: one still listed, with a free slot, most requests left, least load, fewest calls."""
        quota, load = self.limits.quota, self.load
        left = quota.requests.remaining - self.limits.window.open if quota and quota.requests else float("inf")
        return (self.status is KeyStatus.RETIRING, load >= 1, -left, load, self.asked)


class KeyPool:
    """One provider with all its keys; each has limits and a breaker of its own."""

    def __init__(
        self,
        name: str,
        build: Callable[[str], Lane],
        *,
        live: Live,
        keys: Callable[[Live], tuple[str, ...]],
        listener: Listener | None = None,
    ) -> None:
        self._name = name
        self._build = build
        self._live = live
        self._keys = keys
        self._listener = listener
        self._version = live.version
        self._members = [_Member(key, build(key)) for key in keys(live) or ("",)]
        self._first = frozenset(self._members)
        self._closing: set[asyncio.Task[None]] = set()
        self._fixed: int | None = None

    @property
    def name(self) -> str:
        """``provider/model`` as the user wrote it."""
        return self._name

    async def complete(self, prompt: Prompt) -> Outcome:
        """The outcome of the first key whose answer another key would not change."""
        if self._live.version != self._version:
            self._reread()
        members = self._members
        member = members[0] if len(members) == 1 else self._best(())
        if member is None or member.out:
            return self._none(None)
        member.asked += 1
        outcome = await member.limits.complete(prompt)
        if isinstance(outcome, Failure):
            return await self._elsewhere(prompt, member, failure=outcome)
        if member.status is KeyStatus.NEW:
            self._prove(member)
        return outcome

    async def close(self) -> None:
        """Close every key's connections; idempotent."""
        for member in self._members:
            await member.limits.close()
        if self._closing:
            await asyncio.wait(self._closing)

    def fix(self, limit: int) -> None:
        """Let a fixed number of open calls be *limit*, for every key, those that come later too."""
        self._fixed = limit
        for member in self._members:
            member.limits.fix(limit)

    def states(self) -> tuple[KeyState, ...]:
        """What each key is good for now."""
        return tuple(_state(member) for member in self._members)

    def heed(self, note: KeyNote) -> None:
        """Take over what another process has met with one of these keys."""
        for member in [member for member in self._members if member.label == note.key and not member.out]:
            if note.status is not None:
                kind = next(kind for kind, status in _OUT.items() if status is note.status)
                member.status, member.refusal = note.status, Failure(kind, note.reason, calls=0, key=member.label)
                member.limits.shut(member.refusal)
                self._tell(member, note.status, reason=note.reason)
            if note.cooldown > 0:
                member.limits.cool(note.cooldown, note.reason)
            member.lane.breaker.trip(note.breaker, note.reason)

    async def _elsewhere(self, prompt: Prompt, member: _Member, *, failure: Failure) -> Outcome:
        """Go from key to key until an outcome is not the key's fault; calls and times are summed."""
        tried, calls, spent = [member], 0, 0.0
        lost: tuple[Usage, ...] = ()
        outcome: Outcome = failure
        while isinstance(outcome, Failure):
            self._learn(member, outcome)
            calls, spent, lost = calls + outcome.calls, spent + outcome.latency_ms, lost + outcome.lost
            failure = replace(outcome, calls=calls, latency_ms=spent, lost=lost, key=outcome.key or member.label)
            if not (failure.held or failure.kind is FailureKind.RATE_LIMIT or failure.kind in _OUT):
                return failure
            following = self._best(tried)
            if following is None:
                return self._none(failure)
            member = following
            tried.append(member)
            outcome = await member.limits.complete(prompt)
        if member.status is KeyStatus.NEW:
            self._prove(member)
        return replace(outcome, calls=outcome.calls + calls, lost=lost + outcome.lost)

    def _learn(self, member: _Member, failure: Failure) -> None:
        status = _OUT.get(failure.kind)
        if status is None or member.out or not failure.calls:
            return
        member.status, member.refusal = status, failure
        member.limits.shut(failure)
        self._tell(member, status, reason=failure.message)
        if self._live.look(now=True) != self._version:  # its successor may be listed already
            self._reread()

    def _best(self, tried: list[_Member] | tuple[()]) -> _Member | None:
        ready = [m for m in self._members if not m.out and m not in tried and not m.wait]
        return min(ready, key=lambda member: member.rank, default=None)

    def _none(self, failure: Failure | None) -> Failure:
        """Why no key can be asked: the one free soonest, else the last refusal; *failure* is that of the last call."""
        waiting = [member for member in self._members if not member.out]
        calls, spent = (failure.calls, failure.latency_ms) if failure else (0, 0.0)
        lost = failure.lost if failure else ()
        if not waiting:
            return replace(self._refusal(), calls=calls, latency_ms=spent, lost=lost)
        soonest = min(waiting, key=lambda member: member.wait)
        told = soonest.limits.closed_for or soonest.lane.breaker.last or failure or self._busy()
        wait, held = max(soonest.wait, _SOON), not calls
        if failure is not None and calls:
            held = failure.held
            if failure.key == soonest.label and failure.retry_after is not None:
                wait = failure.retry_after  # it may be longer than the pause of the key
        return replace(told, calls=calls, latency_ms=spent, key=soonest.label, held=held, retry_after=wait, lost=lost)

    def _refusal(self) -> Failure:
        refusals = [member.refusal for member in self._members if member.refusal is not None]
        told = refusals[-1]
        return replace(told, message=f"no key is left: {told.message}") if len(refusals) > 1 else told

    def _busy(self) -> Failure:
        """Every key was busy, and one is free again in this very moment."""
        return Failure(FailureKind.RATE_LIMIT, f"{self._name}: every key was busy", calls=0)

    def _reread(self) -> None:
        """Take the keys that are listed now; a list that cannot be read or is empty changes nothing."""
        self._version = self._live.version
        try:
            keys = self._keys(self._live)
        except UsageError as error:
            if self._listener is not None:
                self._listener.on_event(Reread(str(error)))
            return
        if not keys:
            return
        known = {member.key: member for member in self._members}
        for key in keys:
            if key not in known:
                member = _Member(key, self._build(key))
                if self._fixed is not None:
                    member.limits.fix(self._fixed)
                self._members.append(member)
                self._tell(member, KeyStatus.NEW)
            elif known[key].status is KeyStatus.RETIRING:
                known[key].status = KeyStatus.NEW
        for key, member in known.items():
            if key not in keys and member.status is not KeyStatus.RETIRING:
                self._retire(member)

    def _retire(self, member: _Member) -> None:
        if not member.out:
            member.status = KeyStatus.RETIRING
            self._tell(member, KeyStatus.RETIRING)
        if member.out or any(other.status is KeyStatus.READY for other in self._members):
            self._drop(member)

    def _prove(self, member: _Member) -> None:
        """A new key answered: what it replaces goes, once its open calls have ended."""
        member.status = KeyStatus.READY
        if member not in self._first:
            self._tell(member, KeyStatus.READY)
        for other in [other for other in self._members if other.status is KeyStatus.RETIRING]:
            self._drop(other)

    def _drop(self, member: _Member) -> None:
        self._members.remove(member)
        self._tell(member, None)
        task = asyncio.get_running_loop().create_task(_drained(member.limits))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _tell(self, member: _Member, status: KeyStatus | None, *, reason: str = "") -> None:
        if self._listener is not None:
            self._listener.on_event(KeyChanged(self._name, member.label, status, reason))


async def _drained(limits: Limits) -> None:
    """Close once nobody is inside and nobody queues."""
    await limits.window.empty()
    await limits.close()


def _state(member: _Member) -> KeyState:
    limits, breaker, window = member.limits, member.lane.breaker, member.limits.window
    told = member.refusal or limits.closed_for or breaker.last
    quota = limits.quota
    return KeyState(
        key=member.label,
        status=member.status,
        breaker=breaker.state,
        open_calls=window.open,
        queued=window.waiting,
        limit=window.limit,
        requests_left=quota.requests.remaining if quota and quota.requests else None,
        tokens_left=quota.tokens.remaining if quota and quota.tokens else None,
        wait=0.0 if member.out else member.wait,
        reason=told.message if told else "",
        heard=told is not None and told.held,
    )
