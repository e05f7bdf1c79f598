"""From ``provider/model`` to a provider with everything resilient wrapped around it: the one place of the stack.

Outermost first: other models (only where the run allows it) - cache (where it is on) - switch - retry - hosts of the
same model - keys - and for each key: limits - breaker - events - served - adapter. The hard cap and the pace are
shared by all.
Cheap to import: adapters and their libraries are loaded when one is assembled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from causal_eval.errors import UsageError
from causal_eval.providers.adapters import adapter, batches, local
from causal_eval.providers.batch import BatchProvider
from causal_eval.providers.batch_live import LiveBatches
from causal_eval.providers.breaker import Breaker
from causal_eval.providers.cache import Cached, Scope
from causal_eval.providers.catalog import LOCAL, Route, route, set_variable
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.fallback import Fallback, Way
from causal_eval.providers.keys import key_label, key_variable, read_keys
from causal_eval.providers.limits import LimitRule, Limits, Outer
from causal_eval.providers.live import Live, Variables
from causal_eval.providers.pace import Pace, PaceRule
from causal_eval.providers.pool import KeyPool, Lane
from causal_eval.providers.provider import Provider
from causal_eval.providers.retry import Retry, RetryRule
from causal_eval.providers.served import Served
from causal_eval.providers.stack import Line, Stack
from causal_eval.providers.switch import Latch, Switch, switched_off
from causal_eval.providers.told import Told
from causal_eval.providers.waiting import WaitingRoom
from causal_eval.providers.window import Window
from causal_eval.seeds import Stream


def assemble(model: str, config: ProviderConfig) -> Provider:
    """The provider that *model* names, wrapped; UsageError says what is missing and what to type next.

    Names: ``<api>/<name>`` for every API of the catalogue (``openai``, ``google``, ``ollama`` ...),
    ``openai-api/<server>/<name>``, ``local/gemma-3-270m``, ``local/<path of a .gguf file>``. All but ``local/``
    give a :class:`Stack`.
    """
    way = route(model)
    if way.api == LOCAL:
        return local(model, way, config)
    shared = _shared(config)
    lines = [_line(names, shared) for names in _by_model(model, config)]
    return Stack(lines, cap=shared.cap, pace=shared.pace, live=shared.live, room=shared.room)


def resilient(inner: Provider, config: ProviderConfig) -> Stack:
    """*inner*, whatever it is, as the only route with the only key, in the same stack."""
    shared = _shared(config)
    keys = KeyPool(inner.name, lambda key: _lane(inner, key=key, shared=shared), live=shared.live, keys=lambda _: ())
    provider, _, model = inner.name.partition("/")
    line = _wrapped(inner.name, [_Host("", keys)], shared=shared, who=_Who(provider, model))
    return Stack([line], cap=shared.cap, pace=shared.pace, live=shared.live, room=shared.room)


def paused(model: str, config: ProviderConfig) -> str:
    """The setting that switches the provider of *model* off now; empty while it is on."""
    way = route(model)
    return "" if way.api == LOCAL else switched_off(way.provider, prefix=way.variables, env=_live(config).env)


def by_batch(model: str, config: ProviderConfig) -> BatchProvider:
    """The batch API behind *model*, at the first address: switch and first key are what ``config.live`` says.

    Raises:
        UsageError: it has none, or a key is missing.
    """
    way, live = route(model), _live(config)
    address = set_variable(way.address_variables, live.env)
    pinned = {address: live.env.get(address, "")}

    def build() -> BatchProvider:
        return batches(model, replace(config, env={**live.env, **pinned}))

    def key() -> str:
        return next(iter(read_keys(key_variable(way.key_variables, live.env), live.env)), "")

    latch = Latch(model, way.provider, prefix=way.variables, live=live, clock=config.clock, listener=config.listener)
    return LiveBatches(build, latch, live=live, key=key, listener=config.listener)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all parts of a stack have in common."""

    config: ProviderConfig
    cap: Window
    pace: Pace | None
    live: Live
    room: WaitingRoom
    """Where all waits but those for a reply take place."""


@dataclass(frozen=True, slots=True)
class _Host:
    """One address with its keys."""

    label: str
    pool: KeyPool


@dataclass(frozen=True, slots=True)
class _Who:
    """Whose switch and whose replies stand around a model."""

    provider: str
    model: str
    prefix: str = ""
    """Of the provider's environment variables."""
    address: str = ""


def _shared(config: ProviderConfig) -> _Shared:
    pace, room = None, WaitingRoom(config.clock)
    if config.rpm is not None or config.tpm is not None:
        pace = Pace(PaceRule(config.rpm, config.tpm), clock=room)
    return _Shared(config, config.cap or Window(config.max_concurrent), pace, _live(config), room)


def _live(config: ProviderConfig) -> Live:
    return config.live or Variables(config.env)


def _by_model(model: str, config: ProviderConfig) -> list[list[str]]:
    """The names of a run, those of the same model together, the asked model first.

    Raises:
        UsageError: a fallback is another model, and the run does not allow that.
    """
    found: dict[str, list[str]] = {route(model).model: [model]}
    for name in config.fallbacks:
        found.setdefault(route(name).model, []).append(name)
    if len(found) > 1 and not config.allow_other_model:
        other = next(names[0] for names in list(found.values())[1:])
        raise UsageError(
            f"fallback {other!r} is another model than {model!r}: its answers would count for the wrong one; "
            f"name a host that serves {route(model).model!r}"
        )
    return list(found.values())


def _line(names: Sequence[str], shared: _Shared) -> Line:
    """One model with all its hosts."""
    hosts = [host for name in names for host in _hosts(name, shared)]
    way = route(names[0])
    address = way.own_address(shared.live.env) or way.entry.base_url
    return _wrapped(names[0], hosts, shared=shared, who=_Who(way.provider, way.model, way.variables, address))


def _hosts(name: str, shared: _Shared) -> list[_Host]:
    """Every address of *name*; its address variable (``<SERVER>_BASE_URL``) may be a comma list."""
    way = route(name)
    if way.api == LOCAL:
        raise UsageError(f"fallback {name!r}: local weights are nobody's fallback; leave it out")
    if way.matches(way.entry.routers):
        raise UsageError(f"{name} answers by whichever model it likes: name one, {way.provider}/<org>/<name>")
    given = way.own_address(shared.live.env).split(",")
    addresses = [address for part in given if (address := part.strip())] or [""]
    return [_Host(address or name, _pool(name, way, address=address, shared=shared)) for address in addresses]


def _pool(name: str, way: Route, *, address: str, shared: _Shared) -> KeyPool:
    def build(key: str) -> Lane:
        env = shared.live.env
        one = {key_variable(way.key_variables, env): key, set_variable(way.address_variables, env): address}
        bare = adapter(name, way, replace(shared.config, env={**env, **one}))
        # where names are the user's own (Azure's deployments), the served name tells nothing
        checked = bare if way.entry.own_names else Served(bare, way.model)
        return _lane(checked, key=key, shared=shared)

    def keys(live: Live) -> tuple[str, ...]:
        return read_keys(key_variable(way.key_variables, live.env), live.env)

    return KeyPool(name, build, live=shared.live, keys=keys, listener=shared.config.listener)


def _lane(inner: Provider, *, key: str, shared: _Shared) -> Lane:
    """What stands behind one key."""
    config, label = shared.config, key_label(key)
    if config.listener is not None:
        inner = Told(inner, config.listener)
    breaker = Breaker(inner, key=label, clock=config.clock, listener=config.listener)
    rule = LimitRule(most=config.max_connections or config.max_concurrent, fixed=config.max_connections is not None)
    limits = Limits(
        breaker,
        rule,
        outer=Outer(shared.cap, shared.pace, shared.room),
        key=label,
        clock=config.clock,
        listener=config.listener,
    )
    return Lane(limits, breaker)


def _wrapped(name: str, hosts: Sequence[_Host], *, shared: _Shared, who: _Who) -> Line:
    """The hosts of one model inside retries inside the switch inside the cache."""
    config = shared.config
    several = Fallback(name, [Way(host.label, host.pool) for host in hosts]) if len(hosts) > 1 else None
    retry = Retry(
        several or hosts[0].pool,
        RetryRule(attempts=config.attempts),
        jitter=Stream("retry", config.seed, name),
        clock=shared.room,
        listener=config.listener,
    )
    latch = Latch(name, who.provider, prefix=who.prefix, live=shared.live, clock=shared.room, listener=config.listener)
    switch = Switch(retry, latch)
    cached = None
    if config.cache is not None:
        scope = Scope(config.cache.project, who.provider, who.address.rstrip("/"), who.model, config.arguments)
        cached = Cached(switch, config.cache, scope, clock=config.clock)
    routes = tuple((host.label or name, host.pool) for host in hosts)
    return Line(name, switch, retry, routes=routes, hosts=several, cached=cached)
