"""What one worker has met with a key holds for all: refusals, cooldowns, breakers, rates, and a project's own keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from causal_eval.errors import UsageError
from causal_eval.mock.answers import Fixed
from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.performing.keyring import Asking, Keyring, usual_variables
from causal_eval.providers.assemble import assemble, resilient
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.events import BreakerState, KeyStatus
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt, Reply
from causal_eval.providers.stack import Stack
from causal_eval.providers.state import KeyState
from causal_eval.service import accounts, catalog, projects, vault
from causal_eval.service.vault import live_for
from causal_eval.service.wiring import Service, Visit
from causal_eval.store import key_states
from causal_eval.store.workers import Worker, sign_in

pytestmark = pytest.mark.anyio
NAME = "openai/gpt-x"
PROMPT = Prompt(text="?", messages=(), max_tokens=5)
SECRET = "sk-live-0123456789abcdef"


class Script:
    """Gives one outcome to every call."""

    name = NAME

    def __init__(self) -> None:
        self.outcome: Outcome = Reply("ANSWER: yes")
        self.calls = 0
        self._news = asyncio.Event()

    async def asked(self, times: int) -> None:
        """Return once so many calls were made."""
        while self.calls < times:
            self._news.clear()
            await self._news.wait()

    async def complete(self, prompt: Prompt) -> Outcome:
        """What was set last."""
        del prompt
        self.calls += 1
        self._news.set()
        return self.outcome

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class Process:
    """A worker as far as its keys go."""

    script: Script
    asking: Asking
    keyring: Keyring

    async def fails(self, failure: Failure, times: int = 1) -> None:
        """Meet *failure* so often, and tell; who waits for the end of an outage is let go."""
        self.script.outcome = failure
        calls = [asyncio.create_task(self.asking.stack.complete(PROMPT)) for _ in range(times)]
        async with asyncio.timeout(20):
            await self.script.asked(times)
        await self.beat()
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)

    async def beat(self) -> None:
        """Tell and hear."""
        await self.keyring.beat([self.asking])

    @property
    def key(self) -> KeyState:
        """How its only key is."""
        return self.asking.stack.state().routes[0].keys[0]


@asynccontextmanager
async def working(service: Service, name: str, *, rpm: float | None = None) -> AsyncIterator[Process]:
    """A worker of that name that asks for an evaluation."""
    with service.store.writing() as connection:
        sign_in(connection, Worker(name, "host", 1, "0", 0.0))
    script, live = Script(), live_for(service, "local", answerer=NAME)
    config = ProviderConfig(env=live.env, cache_dir=service.settings.cache_dir, live=live, attempts=1, rpm=rpm)
    asking = Asking("e" * 32, "local", NAME, resilient(script, config), live)
    keyring = Keyring(service, name, asking=lambda: [asking], usual=usual_variables(service))
    yield Process(script, asking, keyring)
    keyring.close()


@pytest.mark.parametrize(("kind", "status"), [("auth", KeyStatus.REVOKED), ("quota", KeyStatus.EXHAUSTED)])
async def test_a_key_that_one_was_refused_with_is_not_tried_by_another(
    service: Service, kind: str, status: KeyStatus
) -> None:
    """The second worker makes no call, and says why."""
    async with working(service, "a") as a, working(service, "b") as b:
        await a.fails(Failure(FailureKind(kind), "HTTP 401 from host: no", status=401))
        await b.beat()
        outcome = await b.asking.stack.complete(PROMPT)
    assert (b.script.calls, b.key.status) == (0, status)
    assert isinstance(outcome, Failure)
    assert "HTTP 401 from host" in outcome.message


async def test_all_wait_when_one_is_asked_to(service: Service) -> None:
    """A cooldown holds in every process until the same moment, and is no news that goes back and forth."""
    async with working(service, "a") as a, working(service, "b") as b:
        await a.fails(Failure(FailureKind.RATE_LIMIT, "HTTP 429 from host: slow down", status=429, retry_after=30.0))
        await b.beat()
        assert 28 < b.key.wait <= a.key.wait + 0.5
        assert (a.key.heard, b.key.heard) == (False, True)
        (before,) = _states(service)
        await b.beat()
        await a.beat()
        assert _states(service) == (before,)
    assert before.cooldown_until is not None
    assert "slow down" in before.note


async def test_a_breaker_opens_everywhere_and_each_probes_for_itself(service: Service) -> None:
    """An outage that one has met is not met again by all."""
    async with working(service, "a") as a, working(service, "b") as b:
        await a.fails(Failure(FailureKind.SERVER_ERROR, "HTTP 500 from host: broken", status=500), times=10)
        await b.beat()
        assert (a.key.breaker, b.key.breaker) == (BreakerState.OPEN, BreakerState.OPEN)
        assert b.script.calls == 0
        assert b.key.heard


async def test_requests_per_minute_are_shared(service: Service) -> None:
    """Two workers on one evaluation keep to half each, and one alone has all of it again."""
    async with working(service, "a", rpm=60.0) as a:
        async with working(service, "b", rpm=60.0) as b:
            for one in (a, b, a):
                await one.beat()
            waits = []
            for one in (a, b):
                await one.asking.stack.complete(PROMPT)
                waits.append(one.asking.stack.state().pace_wait)
            assert [round(wait) for wait in waits] == [2, 2]
        with service.store.writing() as connection:
            connection.exec_driver_sql("UPDATE call_leases SET until = 0 WHERE worker = 'b'")
        await a.beat()
        assert a.asking.stack.state().pace_wait == pytest.approx(waits[0], abs=0.5)  # what was begun stays as it was


async def test_calls_are_made_with_the_projects_own_keys(service: Service, tmp_path: Path) -> None:
    """A running worker takes over the key that replaces another, and once the last is revoked makes no call."""
    async with MockServer(MockConfig(answers=Fixed("ANSWER: yes"))) as mock:
        admin = _keeper(service, tmp_path, {"OPENAI_API_KEY": "sk-of-the-service-0000", "OPENAI_BASE_URL": mock.url})
        brought = vault.NewCredential("openai", mock.url, SECRET)
        first = vault.keep(admin, "local", brought=brought)
        live = live_for(admin.service, "local", answerer=NAME)
        config = ProviderConfig(env=live.env, cache_dir=tmp_path, live=live, attempts=1)
        stack = assemble(NAME, config)
        assert isinstance(stack, Stack)
        asking = Asking("e" * 32, "local", NAME, stack, live)
        usual = usual_variables(admin.service)
        keyring = Keyring(admin.service, "a", asking=lambda: [asking], usual=usual)
        await stack.complete(PROMPT)
        second = vault.keep(admin, "local", brought=replace(brought, key="sk-live-fedcba9876543210"))
        vault.revoke(admin, "local", credential=first.id)
        await keyring.beat([asking])
        await stack.complete(PROMPT)
        vault.revoke(admin, "local", credential=second.id)
        await keyring.beat([asking])
        refused = await stack.complete(PROMPT)
        await keyring.beat([asking])
        await stack.close()
        keyring.close()
        asked = [item.key for item in mock.accounts.items]
    assert asked == ["...cdef", "...3210"]
    assert isinstance(refused, Failure)
    assert (refused.kind, refused.calls) == (FailureKind.AUTH, 0)
    assert "was revoked" in refused.message
    assert _states(admin.service) == ()


async def test_a_refused_key_of_a_project_is_shown_to_it_alone(service: Service, tmp_path: Path) -> None:
    """By its last characters, whatever the provider says."""
    fault = Fault(Mode.UNAUTHORIZED)
    async with MockServer(MockConfig(answers=Fixed("ANSWER: yes"), faults=(fault,))) as mock:
        admin = _keeper(service, tmp_path, {"OPENAI_API_KEY": "sk-of-the-service-0000", "OPENAI_BASE_URL": mock.url})
        vault.keep(admin, "local", brought=vault.NewCredential("openai", mock.url, SECRET))
        live = live_for(admin.service, "local", answerer=NAME)
        stack = assemble(NAME, ProviderConfig(env=live.env, cache_dir=tmp_path, live=live, attempts=1))
        assert isinstance(stack, Stack)
        asking = Asking("e" * 32, "local", NAME, stack, live)
        keyring = Keyring(admin.service, "a", asking=lambda: [asking], usual=usual_variables(admin.service))
        assert isinstance(await stack.complete(PROMPT), Failure)
        await keyring.beat([asking])
        await stack.close()
        keyring.close()
    (state,) = catalog.offer(_seen_from(admin, "local"), "openai").states
    assert state.key == f"...{SECRET[-4:]} of local"
    assert SECRET not in repr(state)
    assert catalog.offer(_seen_from(admin, "other"), "openai").states == ()


async def test_another_project_is_asked_for_with_the_services_key(service: Service, tmp_path: Path) -> None:
    """Only who has brought keys is asked for with them; a provider that needs no address is not asked for one."""
    admin = _keeper(service, tmp_path, {"OPENAI_API_KEY": "sk-of-the-service-0000"})
    vault.keep(admin, "local", brought=vault.NewCredential("openai", "https://api.openai.com", SECRET))
    assert live_for(admin.service, "local", answerer=NAME).env["OPENAI_API_KEY"] == SECRET
    for project, answerer in (("other", NAME), ("local", "azure/deployment"), ("local", "baseline/oracle")):
        assert live_for(admin.service, project, answerer=answerer).env["OPENAI_API_KEY"] == "sk-of-the-service-0000"


@pytest.mark.parametrize("address", ["https://api.openai.com,https://elsewhere.example", "https://elsewhere.example"])
async def test_a_sealed_key_goes_to_its_origin_alone(service: Service, tmp_path: Path, address: str) -> None:
    """Neither a second address nor another one gets it: nothing is asked."""
    admin = _keeper(service, tmp_path, {"OPENAI_API_KEY": "sk-of-the-service-0000", "OPENAI_BASE_URL": address})
    vault.keep(admin, "local", brought=vault.NewCredential("openai", "https://api.openai.com", SECRET))
    with pytest.raises(UsageError, match=r"several addresses|store it again for that origin"):
        live_for(admin.service, "local", answerer=NAME)


async def test_a_refusal_is_told_once_and_ends(service: Service) -> None:
    """Who is out is not told of again and again, and whoever tries again later asks the provider itself."""
    async with working(service, "a") as a:
        await a.fails(Failure(FailureKind.AUTH, "HTTP 401 from host: no", status=401))
        with service.store.writing() as connection:
            key_states.forget_refusals(connection, "openai")
        await a.beat()
        assert _states(service) == ()
        async with working(service, "b") as b:
            await b.beat()
            assert b.key.status is KeyStatus.NEW


def _keeper(service: Service, folder: Path, credentials: Mapping[str, str]) -> Visit:
    """Who may keep keys, where there is a master key, and the service has *credentials* of its own."""
    path = folder / "keys" / "master"
    vault.make_master(path)
    settings = replace(service.settings, master_key_file=path, credentials=credentials)
    admin = Visit(replace(service, settings=settings), accounts.local_caller("127.0.0.1"))
    projects.add(admin, "other", name="Other")
    return admin


def _seen_from(admin: Visit, project: str) -> Visit:
    return replace(admin, caller=replace(admin.caller, projects=frozenset({project})))


def _states(service: Service) -> tuple[key_states.KeyState, ...]:
    visit = Visit(service, accounts.local_caller(""))
    return catalog.offer(visit, "openai").states
