"""Probes from outside: every process asked at its own address, each within two seconds, whatever else is down."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from causal_eval.errors import CausalEvalError
from causal_eval.operations.health import Part, Status, parts
from causal_eval.operations.stack.plan import Plan
from causal_eval.operations.watch import Watch
from causal_eval.settings import Settings
from causal_eval.store.database import open_store

SECONDS = 2.0
DATABASE_SECONDS = 8.0
"""For all that the database is asked."""
_OK = 400


@dataclass(frozen=True, slots=True)
class Address:
    """Where something is asked."""

    name: str
    url: str
    critical: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def addresses(plan: Plan | None, url: str) -> list[Address]:
    """What can be asked over HTTP: the API at *url*, and the processes of the stack, if there is one."""
    found = [Address("api", f"{url}/health/ready", critical=True)]
    if plan is None:
        return found
    found += [Address(name, f"{plan.url(name)}/health/ready") for name in plan.replicas("app")]
    token = bearing(plan.secret("metrics-token"))
    found += [Address(name, f"{plan.url(name)}/metrics", headers=token) for name in plan.replicas("worker")]
    watching = [name for name in ("sentinel", *plan.programs.monitoring) if plan.monitoring and name in plan.ports]
    paths = {name: "/" if name.endswith("-exporter") else "/-/healthy" for name in watching}
    if "sentinel" in paths:
        paths["sentinel"] = "/health"
    return found + [Address(name, f"{plan.url(name)}{path}") for name, path in paths.items()]


def bearing(token_file: Path | None) -> dict[str, str]:
    """What is sent along where metrics are told to whoever has the token of *token_file*; without one, nothing."""
    try:
        return {} if token_file is None else {"Authorization": f"Bearer {token_file.read_text('utf-8').strip()}"}
    except OSError:
        return {}


async def probe(asked: Sequence[Address], settings: Settings, *, clock: Callable[[], float]) -> list[Part]:
    """How everything is: *asked* over HTTP, the rest directly."""
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
        answers = [_ask(session, one) for one in asked]
        *found, inner = await asyncio.gather(*answers, _inside(settings, clock))
    named = {one.name for one in asked}
    missing = [Part(name, Status.NONE) for name in ("prometheus", "alertmanager", "sentinel") if name not in named]
    return [one for group in (*found, inner, missing) for one in group]


async def _ask(session: aiohttp.ClientSession, where: Address) -> list[Part]:
    began = time.monotonic()
    try:
        async with session.get(where.url, headers=where.headers) as answer:
            status, said = (Status.OK if answer.status < _OK else Status.DOWN), f"HTTP {answer.status}"
    except TimeoutError:
        status, said = Status.DOWN, f"no answer within {SECONDS:g} s"
    except aiohttp.ClientError as error:
        status, said = Status.DOWN, f"{type(error).__name__}: nobody answers at {where.url}"
    return [Part(where.name, status, where.critical, said, round(time.monotonic() - began, 4))]


async def _inside(settings: Settings, clock: Callable[[], float]) -> list[Part]:
    """What the database, Redis and the disks say, asked by this process itself."""
    asking = asyncio.get_running_loop().run_in_executor(None, _look, settings, clock)
    done, _ = await asyncio.wait({asking}, timeout=DATABASE_SECONDS)
    if done:
        return asking.result()
    return [Part("database", Status.DOWN, critical=True, said=f"no answer within {DATABASE_SECONDS:g} s")]


def _look(settings: Settings, clock: Callable[[], float]) -> list[Part]:
    path = settings.database_url.removeprefix("sqlite:///")
    if path != settings.database_url and not Path(path).exists():
        return [Part("database", Status.NONE, said=f"no file {path}")]
    try:
        store = open_store(settings.database_url)
    except CausalEvalError as error:
        return [Part("database", Status.DOWN, critical=True, said=str(error))]
    watch = Watch(store, settings, clock=clock)
    try:
        return parts(watch)
    finally:
        watch.stop()
        store.close()
