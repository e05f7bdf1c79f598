"""The API over a fresh service: somebody of each role by a key, and a client that asks in their name."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.asked import asked
from tests.sentinel.running import answering

from causal_eval.api.app import make_app
from causal_eval.errors import NotLoggedIn
from causal_eval.evaluation.attempt import Attempt
from causal_eval.evaluation.ledger import Judged
from causal_eval.providers.provider import Reply
from causal_eval.scoring.grade import judge
from causal_eval.service.access import Caller, Role
from causal_eval.service.engine_memory import MemoryEngine
from causal_eval.service.wiring import Service
from causal_eval.settings import read_settings
from causal_eval.store.database import Store
from causal_eval.store.evaluations import find_evaluation
from causal_eval.store.ledger import SqlLedger
from causal_eval.store.suites import StoredSet, keep_set

NOW = 1_790_000_000.0
CSRF = "token-of-the-form"
WHEN = "2026-11-25T00:00:00.000+00:00"


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody with a session."""

    caller: Caller
    csrf: str


class Callers:
    """Knows whoever is put in by key; a cookie is the same word, with one token for all."""

    def __init__(self) -> None:
        self.known: dict[str, Caller] = {}

    def by_key(self, service: Service, key: str, *, address: str) -> Caller:
        """The caller of that key."""
        del service
        if key not in self.known:
            raise NotLoggedIn("this API key is unknown or revoked")
        return replace(self.known[key], address=address)

    def remembered(self, service: Service, key: str, *, address: str) -> Caller | None:
        """The same: who is known is known at once."""
        return self.by_key(service, key, address=address) if key in self.known else None

    def by_cookie(self, service: Service, cookie: str, *, address: str) -> Known:
        """The caller of that cookie."""
        return Known(self.by_key(service, cookie, address=address), CSRF)


@pytest.fixture
def callers() -> Callers:
    """A caller of each role in the project ``local``, by a key that is called like the role, and a ``stranger``."""
    found = Callers()
    for role in Role:
        found.known[role.value] = Caller(f"user:{role}", role.value, role, frozenset({"local"}))
    found.known["stranger"] = Caller("user:stranger", "stranger", Role.ADMIN, frozenset({"theirs"}))
    return found


@pytest.fixture
def service(tmp_path: Path, fresh_store: Callable[..., Store]) -> Iterator[Service]:
    """A service with nothing in it."""
    settings = read_settings({"CEB_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}, cwd=tmp_path)
    tokens = itertools.count(1)
    store = fresh_store(settings.database_url)
    yield Service(store, settings, MemoryEngine(), lambda: NOW, lambda: f"{next(tokens):032x}")
    store.close()


@pytest.fixture(scope="session")
def sentinel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one for all tests that need one to be there, whatever it keeps."""
    with answering(tmp_path_factory.mktemp("sentinel")) as address:
        yield address


@pytest.fixture
def watched(service: Service, sentinel: str) -> Service:
    """The same service, which knows a sentinel."""
    return replace(service, settings=replace(service.settings, sentinel_url=sentinel))


@pytest.fixture
def client(service: Service, callers: Callers) -> Callable[..., TestClient]:
    """Makes clients of one application, by key; without one nobody asks."""
    app = make_app(service, identify=callers)

    def make(key: str = "") -> TestClient:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return TestClient(app, headers=headers, raise_server_exceptions=False)

    return make


@pytest.fixture
def question_set(service: Service) -> StoredSet:
    """A stored set of 30 questions."""
    return keep_set(service.store, (asked(f"q-{number}", prompt=f"<b>{number}</b>?") for number in range(30)), name="q")


@pytest.fixture
def answered(service: Service) -> Callable[[str], None]:
    """Answers every question of an evaluation with the reply ``ANSWER: yes``."""

    async def answer(evaluation: str) -> None:
        async with SqlLedger(service.store, find_evaluation(service.store, evaluation)) as ledger:
            asks = [ask async for ask in ledger.missing()]
            replies = [Reply("<script>alert(1)</script>\nANSWER: yes") for _ in asks]
            pairs = zip(asks, replies, strict=True)
            keys = await ledger.keep([Attempt(ask, reply, WHEN) for ask, reply in pairs])
            judged = zip(keys, asks, replies, strict=True)
            await ledger.judge(
                [Judged(k, judge(r.text, r.finish, question=a.question)) for k, a, r in judged if k is not None]
            )

    return lambda evaluation: asyncio.run(answer(evaluation))
