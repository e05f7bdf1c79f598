"""What happens to calls, as frozen values; displays, logs and metrics listen, the wrappers only tell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from causal_eval.providers.provider import FailureKind


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A call got its slot and is being made."""

    provider: str
    """``provider/model`` as the user wrote it."""
    open_calls: int
    """Calls of this provider that are open now, this one included."""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A call came back."""

    provider: str
    kind: FailureKind | None
    """None: a reply or a refusal."""
    status: int | None
    """HTTP status of a failure, where there was one."""
    latency_ms: float
    refused: bool = False
    """True: the model answered that it will not."""


@dataclass(frozen=True, slots=True)
class CallDropped:
    """A call was given up before it came back: its run ended, or somebody interrupted it."""

    provider: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A wait begins: a retry, or a pause that the provider asked for."""

    provider: str
    seconds: float
    reason: str
    """One line, e.g. ``"HTTP 429 from api.openai.com: slow down"``."""
    key: str = ""
    """Name of the key that the wait is for."""
    items: int = 1
    """Prompts that wait now, this one included."""

    def __str__(self) -> str:
        key = f" (key {self.key})" if self.key else ""
        return f"waiting {self.seconds:.0f} s: {self.reason}{key}, {_items(self.items)}"


@dataclass(frozen=True, slots=True)
class LimitChanged:
    """The adaptive limit on open calls has another value."""

    provider: str
    limit: int


class BreakerState(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    """No call is made."""
    HALF_OPEN = "half-open"
    """One call is made; it decides."""


@dataclass(frozen=True, slots=True)
class BreakerChanged:
    """A breaker opened, tries again, or closed."""

    provider: str
    key: str
    state: BreakerState
    reason: str
    """The failure that opened it; empty once it closed."""


class KeyStatus(StrEnum):
    """What a key is good for."""

    NEW = "new"
    """Not yet tried."""
    READY = "ready"
    RETIRING = "retiring"
    """No longer listed: used until another key has proved itself."""
    REVOKED = "revoked"
    """The provider refused it."""
    EXHAUSTED = "exhausted"
    """Out of credit."""


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """A key came, proved itself, was refused, or went."""

    provider: str
    key: str
    status: KeyStatus | None
    """None: it is gone."""
    reason: str = ""

    def __str__(self) -> str:
        status = self.status.value if self.status is not None else "gone"
        return f"key {self.key} is {status}" + (f": {self.reason}" if self.reason else "")


@dataclass(frozen=True, slots=True)
class Paused:
    """The provider is switched off: its items wait."""

    provider: str
    reason: str
    """Which setting says so."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The provider is switched on again."""

    provider: str


@dataclass(frozen=True, slots=True)
class Reread:
    """Settings were read again while running."""

    problem: str = ""
    """What cannot be read; what held before goes on to hold."""

    def __str__(self) -> str:
        return f"settings not taken over: {self.problem}" if self.problem else "settings were read again"


Event = (
    CallStarted
    | CallEnded
    | CallDropped
    | Waiting
    | LimitChanged
    | BreakerChanged
    | KeyChanged
    | Paused
    | Resumed
    | Reread
)


class Listener(Protocol):
    """Hears every event, in order, on the event loop's thread; must return at once and never raise."""

    def on_event(self, event: Event) -> None:
        """Take note of *event*."""


class Recorder:
    """A listener that keeps everything it hears: the in-memory twin, for tests and notebooks."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def on_event(self, event: Event) -> None:
        """Append *event*."""
        self.events.append(event)


def _items(count: int) -> str:
    return f"{count} item{'s' if count != 1 else ''}"
