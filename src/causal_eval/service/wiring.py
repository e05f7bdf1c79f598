"""The service put together: what every function of the room is handed, made once at a door."""

from __future__ import annotations

import functools
import os
import secrets
import time
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field

from causal_eval.operations.notices import Listener, silent
from causal_eval.service.access import Caller
from causal_eval.service.engine import Engine
from causal_eval.service.live_settings import LiveSettings
from causal_eval.service.placing import BoardMemory
from causal_eval.service.remembered import KeyMemory
from causal_eval.settings import Settings
from causal_eval.store.database import Store, open_store

KEPT_CONNECTIONS = 8
"""To a database in a file, kept open between requests."""


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
    boards: BoardMemory = field(default_factory=BoardMemory, repr=False)
    """Leaderboards of the last seconds."""
    listener: Listener = field(default=silent, repr=False)
    """Hears what happens: metrics of this process."""
    live: LiveSettings | None = field(default=None, repr=False)
    """Where settings may change while the process runs."""

    @property
    def now(self) -> Settings:
        """The settings as they hold now; ``settings`` are those it began with."""
        return self.settings if self.live is None else self.live.now

    def hide(self, values: Iterable[str]) -> None:
        """Have *values*, secrets, hidden in what this process writes."""
        if self.live is not None:
            self.live.hide(values)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at the service: what every function that a door calls is handed first."""

    service: Service
    caller: Caller


def open_service(
    settings: Settings, *, clock: Callable[[], float] = time.time, token: Callable[[], str] | None = None,
    listener: Listener = silent, live: LiveSettings | None = None,
) -> Service:  # fmt: skip
    """The service over the database of *settings*, created and migrated where it is a file; to be closed at the end.

    Raises:
        UsageError, StoreError: the database cannot be used; the message says what to do.
    """
    scrub(os.environ)
    from causal_eval.service.engine_dbos import DbosEngine  # start-up time of all that needs no engine

    store = open_store(settings.database_url, kept=KEPT_CONNECTIONS, most=settings.database_connections)
    engine = DbosEngine(store.engine.url, store.more_connections())
    if store.engine.dialect.name == "sqlite":  # elsewhere `causal-eval migrate` does, with the rights for it
        engine.prepare()
    names = token or functools.partial(secrets.token_hex, 16)
    return Service(store, settings, engine, clock, names, listener=listener, live=live)


def close_service(service: Service) -> None:
    """Release every connection."""
    service.engine.close()
    service.store.close()


def scrub(environment: MutableMapping[str, str]) -> None:
    """Take out the variables by which the engine's makers would turn it into a client of theirs."""
    for name in [name for name in environment if name.startswith("DBOS")]:
        del environment[name]
