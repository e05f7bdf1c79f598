"""What the service notices of itself, as frozen values: it only tells, metrics and logs listen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from causal_eval.evaluation import events as run_events
from causal_eval.providers import events as call_events


class Entrance(StrEnum):
    """How it went when somebody showed who he is."""

    OK = "ok"
    DENIED = "denied"
    """A key, cookie or password that is no good: his fault, not ours."""
    ERROR = "error"
    """Nobody could look it up."""


@dataclass(frozen=True, slots=True)
class Identified:
    """Somebody showed a key, a cookie or a password."""

    outcome: Entrance


@dataclass(frozen=True, slots=True)
class Recalled:
    """Answers of *answerer* came from the response cache before anything was asked."""

    answerer: str
    count: int


@dataclass(frozen=True, slots=True)
class WriteFenced:
    """A worker that had lost its shard was kept from writing."""


@dataclass(frozen=True, slots=True)
class ShardBegun:
    """A worker took up a shard; what it causes happens in this task and in those that this one starts."""

    shard: str
    evaluation: str


@dataclass(frozen=True, slots=True)
class ShardEnded:
    """It was left, in the task that took it up."""

    shard: str
    evaluation: str
    outcome: str
    """``ended``, ``handed back`` or ``failed``."""


@dataclass(frozen=True, slots=True)
class EvaluationEnded:
    """The last shard of an evaluation was, or it cannot go on; whoever saw to that tells it, once."""

    evaluation: str
    answerer: str
    status: str
    """Of its job."""
    began: float
    """When it was ordered; seconds since 1970."""
    ended: float


@dataclass(frozen=True, slots=True)
class SecretSeen:
    """A key stood where none may stand; it was hidden there, and is to be taken for known."""

    where: str
    """One of :data:`PLACES`."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything that is kept was gone through."""

    at: float
    """Seconds since 1970."""
    found: Mapping[str, int]
    """Violations by invariant; 0 of those that hold."""
    changed: int
    """Rows whose content has another hash than when it was written."""


PLACES = ("log", "reply", "export", "file")
"""Where keys are looked for."""

Notice = Identified | Recalled | WriteFenced | SecretSeen | Checked | ShardBegun | ShardEnded | EvaluationEnded
Event = Notice | run_events.Event | call_events.Event

Listener = Callable[[Event], None]
"""Hears every event, from whichever thread; must return at once and never raise."""


def silent(event: Event) -> None:
    """Hear and do nothing."""
    del event
