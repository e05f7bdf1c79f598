"""The service put together: what every function of the room is handed, made once at a door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from causal_eval.service.access import Caller
from causal_eval.service.engine import Engine
from causal_eval.service.remembered import KeyMemory
from causal_eval.settings import Settings
from causal_eval.store.database import Store


@dataclass(frozen=True, slots=True)
class Service:
    """What the functions of this room work with."""

    store: Store
    settings: Settings
    engine: Engine
    clock: Callable[[], float]
    """Seconds since 1970."""
    token: Callable[[], str]
    """A name that nobody can guess and nobody else has: 32 hex digits."""
    known: KeyMemory = field(default_factory=KeyMemory, repr=False)
    """Who the keys of the last seconds belong to."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at the service: what every function that a door calls is handed first."""

    service: Service
    caller: Caller
