"""What happens to calls, as frozen values; displays, logs and metrics listen, the wrappers only tell."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Waiting:
    """A wait begins: a retry, or a pause that the provider asked for."""

    provider: str
    seconds: float
    reason: str
    """One line, e.g. ``"429 from api.openai.com: slow down"``."""


@dataclass(frozen=True, slots=True)
class LimitChanged:
    """The adaptive limit on open calls has another value."""

    provider: str
    limit: int


Event = CallStarted | CallEnded | Waiting | LimitChanged


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
