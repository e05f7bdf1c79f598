"""An assembled provider: answers prompts, says at any moment what it is doing, and takes new settings while running."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causal_eval.providers.cache import Cached
from causal_eval.providers.fallback import Fallback, Way
from causal_eval.providers.live import Live
from causal_eval.providers.pace import Pace
from causal_eval.providers.pool import KeyPool
from causal_eval.providers.provider import Outcome, Prompt, Provider, Refusal, Reply
from causal_eval.providers.retry import Retry
from causal_eval.providers.state import KeyNote, RouteState, StackState
from causal_eval.providers.switch import Switch
from causal_eval.providers.waiting import WaitingRoom
from causal_eval.providers.window import Window

CAP = "MAX_CONCURRENT_API_CALLS"


@dataclass(frozen=True, slots=True)
class Line:
    """One model: its wrappers, outermost first."""

    name: str
    switch: Switch
    retry: Retry
    routes: tuple[tuple[str, KeyPool], ...]
    """Label and keys of each host."""
    hosts: Fallback | None = None
    """None: there is one host."""
    cached: Cached | None = None
    """Around the switch, where replies are cached."""

    @property
    def outermost(self) -> Provider:
        """All of it."""
        return self.cached or self.switch


class Stack:
    """One name with everything around it; several lines only where other models may answer."""

    def __init__(self, lines: Sequence[Line], *, cap: Window, pace: Pace | None, live: Live, room: WaitingRoom) -> None:
        self._lines = tuple(lines)
        self._cap = cap
        self._pace = pace
        self._live = live
        self.room = room
        """Where prompts wait that have no call open."""
        self._seen = live.version
        self._hard = cap.limit
        self._wanted: int | None = None
        first = self._lines[0].outermost
        others = [Way(line.name, line.outermost) for line in self._lines]
        self._outermost: Provider = Fallback(first.name, others) if len(others) > 1 else first

    @property
    def name(self) -> str:
        """``provider/model`` as the user wrote it."""
        return self._outermost.name

    async def complete(self, prompt: Prompt) -> Outcome:
        """The outcome after everything that can be done for it."""
        outcome = await self._outermost.complete(prompt)
        if self._live.version != self._seen:
            self._follow()
        return outcome

    async def recall(self, prompt: Prompt) -> Outcome | None:
        """What the asked model has said to *prompt* before, without a call; None: nothing that is cached."""
        cached = self._lines[0].cached
        return None if cached is None else await cached.recall(prompt)

    def remember(self, prompt: Prompt, outcome: Reply | Refusal, asked_at: str) -> Reply | Refusal:
        """Keep what the asked model has said by another way, where replies are cached."""
        cached = self._lines[0].cached
        return outcome if cached is None else cached.remember(prompt, outcome, asked_at)

    async def close(self) -> None:
        """Release every connection; idempotent."""
        await self._outermost.close()

    def reload(self) -> None:
        """Read keys, switches and the hard cap again (SIGHUP); what cannot be read leaves everything as it was."""
        self._live.reload()
        self._follow()

    @property
    def most(self) -> int:
        """``MAX_CONCURRENT_API_CALLS`` as it is now."""
        return self._hard

    def resize(self, limit: int) -> None:
        """Let *limit* calls be open at once from now on (at most that, where their number is adaptive).

        It holds up to ``MAX_CONCURRENT_API_CALLS``, and when that changes.
        """
        self._wanted = limit
        self._apply()
        for line in self._lines:
            for _, pool in line.routes:
                pool.fix(limit)

    def pause(self) -> None:
        """Let no call begin until :meth:`go_on`, retries and items in queues included; open ones end."""
        self._cap.hold()

    def go_on(self) -> None:
        """Let calls begin again."""
        for line in self._lines:
            line.retry.forgive()
        self._cap.release()

    def heed(self, notes: Sequence[KeyNote]) -> None:
        """Take over what other processes have met with these keys."""
        for line in self._lines:
            for _, pool in line.routes:
                for note in notes:
                    pool.heed(note)

    def share(self, among: int) -> None:
        """Keep to an equal part of the requests and tokens per minute: so many processes ask for this run."""
        if self._pace is not None:
            self._pace.share(among)

    @property
    def is_paced(self) -> bool:
        """Whether requests or tokens per minute are limited."""
        return self._pace is not None

    def state(self) -> StackState:
        """What it is doing now."""
        off = [line.switch.latch for line in self._lines if line.switch.latch.off]
        waits = [wait for line in self._lines for wait in line.retry.waits()]
        return StackState(
            provider=self.name,
            paused=off[0].off if off else "",
            paused_items=sum(latch.waiting for latch in off),
            open_calls=self._cap.open,
            cap=self._cap.limit,
            pace_wait=self._pace.wait if self._pace is not None else 0.0,
            waits=tuple(sorted(waits, key=lambda wait: -wait.seconds)),
            routes=tuple(state for line in self._lines for state in _routes(line)),
        )

    def _follow(self) -> None:
        """The hard cap may have changed with the rest."""
        self._seen = self._live.version
        said = self._live.env.get(CAP, "")
        if said.isdecimal() and int(said) >= 1:
            self._hard = int(said)
            self._apply()

    def _apply(self) -> None:
        self._cap.resize(self._hard if self._wanted is None else min(self._hard, self._wanted))


def _routes(line: Line) -> list[RouteState]:
    out = line.hosts.out if line.hosts is not None else {}
    return [RouteState(label, pool.states(), out[label].message if label in out else "") for label, pool in line.routes]
