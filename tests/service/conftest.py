"""A service over a fresh database, with an engine in memory, a clock that a test moves, and tokens that are counted."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from tests.asked import asked

from causal_eval.service.access import Caller, Role
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.jobs import JobOrder
from causal_eval.service.wiring import Service, Visit
from causal_eval.settings import read_settings
from causal_eval.store.database import Store
from causal_eval.store.suites import StoredSet, keep_set


@dataclass
class Hand:
    """A clock that stands until it is moved."""

    now: float = 1_790_000_000.0

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.now


@pytest.fixture
def clock() -> Hand:
    """The service's clock."""
    return Hand()


@pytest.fixture
def engine() -> MemoryEngine:
    """The service's engine."""
    return MemoryEngine()


def _hash_cheaply(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed with next to no work: few tests ask about the work itself."""
    cheap = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)])
    monkeypatch.setattr("causal_eval.service.secret._hasher", lambda: cheap)
    monkeypatch.setattr("causal_eval.service.secret._nobodys", functools.cache(lambda: cheap.hash("nobody")))


@pytest.fixture
def service(
    tmp_path: Path,
    engine: MemoryEngine,
    clock: Hand,
    fresh_store: Callable[..., Store],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Service]:
    """A service with nothing in it."""
    _hash_cheaply(monkeypatch)
    settings = read_settings({"CEB_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}, cwd=tmp_path)
    tokens = itertools.count(1)
    store = fresh_store(settings.database_url)
    yield Service(store, settings, engine, clock, lambda: f"{next(tokens):032x}")
    store.close()


@pytest.fixture
def caller() -> Callable[..., Caller]:
    """Somebody with a role, in the project ``local`` unless others are named."""

    def make(role: Role = Role.ADMIN, *projects: str) -> Caller:
        return Caller(f"user:{role}", str(role), role, frozenset(projects or {"local"}), address="127.0.0.1")

    return make


@pytest.fixture
def visit(service: Service, caller: Callable[..., Caller]) -> Visit:
    """An evaluator at the service."""
    return Visit(service, caller(Role.EVALUATOR))


@pytest.fixture
def question_set(service: Service) -> StoredSet:
    """A stored set of 250 questions."""
    return keep_set(service.store, (asked(f"q-{number}") for number in range(250)), name="q.jsonl")


@pytest.fixture
def wanted(question_set: StoredSet) -> JobOrder:
    """An evaluation of the oracle over the set."""
    return JobOrder("baseline/oracle", question_set.digest)
