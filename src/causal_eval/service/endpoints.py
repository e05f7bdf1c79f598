"""Where models can be asked: the addresses that are set up here, whether there are keys for them, and how those are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from causal_eval.errors import UsageError
from causal_eval.providers.catalog import NAMED_SERVER, Route, read_catalog, set_variable
from causal_eval.providers.keys import key_variable, read_keys
from causal_eval.providers.switch import switched_off
from causal_eval.service.access import Permission, require
from causal_eval.service.live import variables
from causal_eval.service.vault import origin_of
from causal_eval.service.wiring import Visit
from causal_eval.store.credentials import list_credentials
from causal_eval.store.evaluations import LOCAL
from causal_eval.store.key_states import KeyState, known_keys, owner

_ADDRESS = "_BASE_URL"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of a provider, as somebody sees it who wants to have a model asked there."""

    name: str
    """What stands before the model: ``openai``, ``openai-api/my-server``."""
    origin: str
    """Scheme, host and port; no path, and never a name or password. Empty: see ``fault``."""
    keys: int
    """The service's own."""
    project_keys: int
    """The project's, for this origin; they take the place of the service's."""
    usable: bool
    """It can be asked: it is switched on, and there is a key where one is needed."""
    switched_off: str
    """The setting that does it; empty: it is on."""
    fault: str
    """Why it cannot be asked as it is set up; empty: nothing is known."""
    states: tuple[KeyState, ...]
    """What the workers have met with its keys lately; other projects' are left out."""


class Counted(NamedTuple):
    """How many keys there are, or why nobody can say."""

    keys: int
    fault: str


def endpoints(visit: Visit, project: str = LOCAL) -> list[Endpoint]:
    """What *project* can have asked, by name and address: all that is set up, usable or not."""
    require(visit.caller, Permission.EVALUATE, project=project)
    env = variables(visit.service.now)
    with visit.service.store.reading() as connection:
        states = [one for one in known_keys(connection) if owner(one) in {None, project}]
        held = [kept.line for kept in list_credentials(connection, project) if kept.line.revoked_at is None]
    sealed = [(line.provider, line.origin) for line in held]
    with_keys = {provider for provider, _ in sealed}
    return [
        _endpoint(way, address, env=env, sealed=sealed, states=states)
        for way in _ways(env)
        if way.provider in with_keys or way.own_address(env) or count_keys(way, env) != Counted(0, "")
        for address in (way.own_address(env) or way.entry.base_url).split(",")
    ]


def count_keys(way: Route, env: Mapping[str, str]) -> Counted:
    """The service's keys of a provider; a file that cannot be read is told without its path."""
    variable = key_variable(way.key_variables, env)
    try:
        return Counted(len(read_keys(variable, env)), "")
    except UsageError:
        return Counted(0, f"{variable} or its file holds no usable key: tell an operator")


def concerns(state: KeyState, provider: str) -> bool:
    """Whether it was met with *provider*, or with one of its models."""
    return state.provider == provider or state.provider.startswith(f"{provider}/")


def _ways(env: Mapping[str, str]) -> Iterator[Route]:
    """The APIs of the catalogue, then the servers that the environment names."""
    apis = [Route(name, name, "") for name in read_catalog() if name != NAMED_SERVER]
    yield from apis
    known = {variable for way in apis for variable in way.address_variables}
    for variable in sorted(env):
        if variable.endswith(_ADDRESS) and variable not in known:
            server = variable.removesuffix(_ADDRESS).lower().replace("_", "-")
            yield Route(f"{NAMED_SERVER}/{server}", NAMED_SERVER, "")


def _endpoint(
    way: Route, address: str, *, env: Mapping[str, str], sealed: list[tuple[str, str]], states: list[KeyState]
) -> Endpoint:
    counted = count_keys(way, env)
    try:
        origin, fault = origin_of(address), counted.fault
    except UsageError:
        variable = set_variable(way.address_variables, env)
        origin, fault = "", f"{variable} is no address of a server, or holds a name or password: tell an operator"
    own, others = sealed.count((way.provider, origin)), [where for name, where in sealed if name == way.provider]
    if others and not own:
        fault = f"the project's keys are for {', '.join(sorted(set(others)))}: keep one for {origin or 'this address'}"
    off = switched_off(way.provider, prefix=way.variables, env=env)
    has_key = counted.keys > 0 or own > 0 or not way.entry.needs_key
    return Endpoint(
        way.provider, origin, counted.keys, own, usable=has_key and not off and not fault, switched_off=off,
        fault=fault, states=tuple(one for one in states if concerns(one, way.provider)),
    )  # fmt: skip
