"""Whether providers can be reached with the keys that are set: each is asked for its list of models, which is free."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import urlsplit

from causal_eval.errors import CausalEvalError
from causal_eval.providers.adapters import site_of
from causal_eval.providers.catalog import NAMED_SERVER, Route, Site, read_catalog, route, set_variable
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.http import Answered, Endpoint, Http
from causal_eval.providers.keys import key_label, key_variable, read_keys
from causal_eval.providers.provider import Failure, FailureKind, Refusal
from causal_eval.providers.switch import switched_off
from causal_eval.providers.transport import Call, Timeouts

PATIENCE = 10.0
"""Seconds for one answer."""
_SERVER = re.compile(r"([A-Z][A-Z0-9_]*)_BASE_URL")


class State(StrEnum):
    """What an attempt says of a key."""

    OK = "ok"
    REFUSED = "refused"
    """The provider is there and does not take the key."""
    LIMITED = "limited"
    """It takes the key, and no call now."""
    DOWN = "down"
    """It gave an error, or no answer."""
    UNSET = "not asked"
    """Something is missing, or says that it may not be asked."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One provider, asked with one key."""

    provider: str
    key: str
    """The key's name: its last characters; empty: it was asked without one."""
    host: str
    state: State
    said: str
    seconds: float | None


def configured(env: Mapping[str, str]) -> list[str]:
    """Providers for which a key or an address is set, in the order of the catalogue; then servers of one's own."""
    found, taken = [], set[str]()
    for name in read_catalog():
        way = Route(name, name, "")
        taken.update(way.address_variables)
        variable = key_variable(way.key_variables, env)
        address = set_variable(way.address_variables, env)
        if name != NAMED_SERVER and any(env.get(one, "").strip() for one in (variable, f"{variable}_FILE", address)):
            found.append(name)
    own = (match[1] for name in sorted(env) if name not in taken and (match := _SERVER.fullmatch(name)))
    return [*found, *(f"{NAMED_SERVER}/{name.lower().replace('_', '-')}" for name in own)]


async def reach(providers: Sequence[str], config: ProviderConfig) -> list[Reached]:
    """How each of *providers* answers to each of its keys, all asked at once.

    Raises:
        UnknownName, UsageError: one of them is no provider.
    """
    ways = [route(f"{name}/any") for name in providers]
    found = await asyncio.gather(*(_provider(way, config) for way in ways))
    return [one for group in found for one in group]


async def _provider(way: Route, config: ProviderConfig) -> list[Reached]:
    try:
        variable = key_variable(way.key_variables, config.env)
        keys = read_keys(variable, config.env) or ("",)
        sites = [site_of(way, replace(config, env={**config.env, variable: key})) for key in keys]
    except CausalEvalError as error:
        return [Reached(way.provider, "", "", State.UNSET, str(error), None)]
    return list(await asyncio.gather(*(_asked(way, site, config=config) for site in sites)))


async def _asked(way: Route, site: Site, *, config: ProviderConfig) -> Reached:
    endpoint = Endpoint(site.address, site.key, site.key_variable, tuple(way.entry.headers.items()), site.auth)
    http = Http(endpoint, timeouts=Timeouts(connect=PATIENCE, read=PATIENCE, total=PATIENCE), clock=config.clock)
    query = site.chat.partition("?")[2]
    began = config.clock.now()
    try:
        answer = await http.send(Call("GET", http.url(f"/models{'?' if query else ''}{query}")))
    finally:
        await http.close()
    seconds = config.clock.now() - began
    state, said = _judged(answer)
    if off := switched_off(way.provider, prefix=way.variables, env=config.env):
        said = f"{said} (switched off: {off})"
    host = urlsplit(site.address).netloc
    return Reached(way.provider, key_label(site.key), host, state, said, seconds)


def _judged(answer: Answered | Refusal | Failure) -> tuple[State, str]:
    match answer:
        case Failure(kind=FailureKind.AUTH | FailureKind.QUOTA, message=said):
            return State.REFUSED, said
        case Failure(kind=FailureKind.RATE_LIMIT, message=said):
            return State.LIMITED, said
        case Failure(status=HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED):
            return State.OK, "answers, and has no list of models: whether it takes the key, a call will show"
        case Failure(message=said):
            return State.DOWN, said
        case Refusal(reason=said):
            return State.OK, said
    return State.OK, "answers with its list of models"
