"""Callers by their keys, remembered for so short a time that a revoked key is soon shut out everywhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from causal_eval.service.access import Caller

SECONDS = 2.0
MOST = 4096


@dataclass(frozen=True, slots=True)
class Remembered:
    """A caller, and for how long that may be believed."""

    caller: Caller
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class KeyMemory:
    """SHA-256 of a key -> whose it is; shared by the threads of a process."""

    entries: dict[str, Remembered] = field(default_factory=dict)

    def find(self, digest: str, *, now: float) -> Caller | None:
        """The caller, if it was asked for within the last seconds; a clock that was set back forgets."""
        found = self.entries.get(digest)
        return found.caller if found is not None and found.since <= now < found.until else None

    def keep(self, digest: str, caller: Caller, *, now: float, expires_at: float | None) -> None:
        """Remember *caller* until its time is over, or its key's."""
        until = now + SECONDS if expires_at is None else min(now + SECONDS, expires_at)
        if len(self.entries) >= MOST:
            self.entries.clear()
        self.entries[digest] = Remembered(caller, now, until)

    def forget(self) -> None:
        """Look everybody up anew: a key, user or project has changed."""
        self.entries.clear()
