"""Who can be asked: the catalogue of providers, and what of it is set up here; keys are counted, never shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causal_eval.errors import UnknownName
from causal_eval.providers.catalog import Route, read_catalog, set_variable
from causal_eval.providers.switch import switched_off
from causal_eval.service.access import Permission, require
from causal_eval.service.endpoints import concerns, count_keys
from causal_eval.service.live import variables
from causal_eval.service.wiring import Visit
from causal_eval.store.key_states import KeyState, known_keys, owner


@dataclass(frozen=True, slots=True)
class Offer:
    """A provider as somebody sees it who wants to ask one of its models."""

    name: str
    dialect: str
    """The wire format that it speaks."""
    configured: bool
    """It can be asked: a key is set, or an address where none is needed."""
    keys: int
    switched_off: str
    """The setting that does it; empty: it is on."""
    batches: bool
    form: str
    """How a model of it is written."""
    states: tuple[KeyState, ...]
    """What the workers have met with its keys; empty: nothing."""


def offers(visit: Visit) -> list[Offer]:
    """Every provider of the catalogue, those that are set up first."""
    require(visit.caller, Permission.READ)
    with visit.service.store.reading() as connection:
        known = known_keys(connection)
    found = [_offer(visit, name, known=known) for name in read_catalog()]
    return sorted(found, key=lambda one: (not one.configured, one.name))


def offer(visit: Visit, name: str) -> Offer:
    """One provider.

    Raises:
        UnknownName: the catalogue has none of that name.
    """
    if name not in read_catalog():
        raise UnknownName("provider", name, read_catalog())
    return next(one for one in offers(visit) if one.name == name)


def _offer(visit: Visit, name: str, *, known: Sequence[KeyState]) -> Offer:
    entry, way, env = read_catalog()[name], Route(name, name, ""), variables(visit.service.now)
    keys = count_keys(way, env).keys
    address = bool(env.get(set_variable(way.address_variables, env)))
    return Offer(
        name, entry.adapter, configured=keys > 0 or (address and not entry.needs_key), keys=keys,
        switched_off=switched_off(name, prefix=way.variables, env=env), batches=entry.batches, form=f"{name}/<model>",
        states=tuple(state for state in known if concerns(state, name) and _is_shown(visit, state)),
    )  # fmt: skip


def _is_shown(visit: Visit, state: KeyState) -> bool:
    """Whose key it is may see how it is."""
    project = owner(state)
    return project is None or visit.caller.enters(project)
