"""What an assembled provider is doing at this moment, as frozen values for displays and ``ctl status``."""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.providers.events import BreakerState, KeyStatus


@dataclass(frozen=True, slots=True)
class KeyState:
    """One key of one route."""

    key: str
    """Its name (``...3f2a``); empty for a server without keys."""
    status: KeyStatus
    breaker: BreakerState
    open_calls: int
    queued: int
    """Prompts that wait for a slot of this key."""
    limit: int
    """Calls that may be open now."""
    requests_left: float | None
    """As the provider last said; None where it does not."""
    tokens_left: float | None
    wait: float
    """Seconds until it may be used again; 0: now, or never if it is out."""
    reason: str
    """Why it waits or is out; one line."""

    heard: bool = False
    """It waits for what another process has met, not for what this one has."""


@dataclass(frozen=True, slots=True)
class KeyNote:
    """What another process has met with a key, to be heeded here too."""

    key: str
    """Its name."""
    status: KeyStatus | None = None
    """``REVOKED`` or ``EXHAUSTED``: it is out; None: it is not."""
    cooldown: float = 0.0
    """Seconds until the provider wants calls with it again."""
    breaker: float = 0.0
    """Seconds for which a breaker is open."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RouteState:
    """One way to the model."""

    name: str
    """The address, or ``provider/model``."""
    keys: tuple[KeyState, ...]
    out: str = ""
    """Why it is asked no longer; empty while it is."""


@dataclass(frozen=True, slots=True)
class Wait:
    """What some prompts wait for."""

    reason: str
    key: str
    seconds: float
    """Until the last of them goes on."""
    items: int

    def __str__(self) -> str:
        key = f" (key {self.key})" if self.key else ""
        items = f"{self.items} item{'s' if self.items != 1 else ''}"
        return f"waiting {self.seconds:.0f} s: {self.reason}{key}, {items}"


@dataclass(frozen=True, slots=True)
class StackState:
    """Everything about one provider."""

    provider: str
    """``provider/model`` as the user wrote it."""
    paused: str
    """Which setting switched it off; empty while it is on."""
    paused_items: int
    open_calls: int
    """Over everything that shares the hard cap."""
    cap: int
    pace_wait: float
    """Seconds that ``--rpm`` or ``--tpm`` would make the next call wait."""
    waits: tuple[Wait, ...]
    """Longest first."""
    routes: tuple[RouteState, ...]

    def __str__(self) -> str:
        """One line: what is being waited for; empty if nothing is."""
        if self.paused:
            return f"paused: {self.paused}, {self.paused_items} items wait"
        return str(self.waits[0]) if self.waits else ""
