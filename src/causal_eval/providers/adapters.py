"""From the parts of a name to the bare adapter behind it: address, key, weights.

Cheap to import: an adapter and its libraries are loaded when one is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from causal_eval.errors import UsageError
from causal_eval.providers.batch import BatchProvider
from causal_eval.providers.catalog import (
    LOCAL,
    Entry,
    Route,
    Site,
    base_url,
    is_loopback,
    read_catalog,
    route,
    set_variable,
)
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.keys import key_variable, read_keys
from causal_eval.providers.processors import processors
from causal_eval.providers.provider import Provider

DEFAULT_WEIGHTS = "gemma-3-270m"
_SMALL_WEIGHTS = 2**30
"""Bytes; weights up to this size leave memory to keep several prefixes evaluated."""
_PREFIXES = 12
_MOST_THREADS = 8


def adapter(model: str, way: Route, config: ProviderConfig) -> Provider:
    """The bare adapter of *way*, one call a prompt; UsageError says what is missing and what to type next."""
    from causal_eval.providers.dialects import speaking

    return speaking(model, way, site=site_of(way, config), config=config)


def batches(model: str, config: ProviderConfig) -> BatchProvider:
    """The batch API behind *model*, called with the first key at the first address; UsageError says why there is none.

    Other than :func:`adapter` it may wait long: a large file takes its time.
    """
    way = route(model)
    if way.api == LOCAL or not way.entry.batches:
        known = ", ".join(f"{name}/" for name, entry in read_catalog().items() if entry.batches)
        raise UsageError(
            f"--batch: {way.provider}/ has no batch API that we know of (those that have: {known}); leave it out"
        )
    from causal_eval.providers.dialects import batching

    key, address = key_variable(way.key_variables, config.env), set_variable(way.address_variables, config.env)
    first = {key: next(iter(read_keys(key, config.env)), ""), address: config.env.get(address, "").split(",")[0]}
    config = replace(config, env={**config.env, **first})
    return batching(model, way, site=site_of(way, config), config=config)


def site_of(way: Route, config: ProviderConfig) -> Site:
    """Where *way* leads, with the first key of the comma list; UsageError says what is missing."""
    site = _site(way, way.entry, config=config)
    variable = set_variable(way.key_variables, config.env)
    key = _key(way, site.address, variable=variable, env=config.env)
    return replace(site, key=key, key_variable=variable)


def refuses_temperature(model: str) -> bool:
    """Whether the API takes no temperature but 1 for *model*, as far as the catalogue knows."""
    way = route(model)
    return way.api != LOCAL and way.matches(way.entry.fixed_temperature)


def _site(way: Route, entry: Entry, *, config: ProviderConfig) -> Site:
    variable = set_variable(way.address_variables, config.env)
    given = way.own_address(config.env) or entry.base_url
    if not given:
        example = "https://<resource>.openai.azure.com" if entry.adapter == "azure" else "http://localhost:8000/v1"
        raise UsageError(f"{variable} is not set: it says where {way.provider} is; type export {variable}={example}")
    if entry.adapter == "azure":
        from causal_eval.providers.azure import resource

        site = resource(given, variable, deployment=way.model, env=config.env)
    else:
        site = Site(base_url(given, variable), entry.auth)
    if config.offline and not is_loopback(site.address):
        raise UsageError(f"--offline: {way.provider} is not on this machine; use local/{DEFAULT_WEIGHTS} or drop it")
    return site


def _key(way: Route, address: str, *, variable: str, env: Mapping[str, str]) -> str:
    """The first key of the comma list; servers of one's own may do without."""
    key = env.get(variable, "").split(",")[0].strip()
    own = address == way.entry.base_url or not way.entry.base_url
    if not key and way.entry.needs_key and own:
        raise UsageError(f"{variable} is not set: {way.provider} needs a key; type export {variable}=<your key>")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise UsageError(f"{variable} holds a character that no key has (a space, a line break ...): copy it again")
    return key


def local(model: str, way: Route, config: ProviderConfig) -> Provider:
    """The weights that *way* names, loaded at the first call."""
    from causal_eval.providers.local import Local, LocalRule
    from causal_eval.providers.weights import default_weights, weights_at

    if config.arguments:
        raise UsageError(f"-M {next(iter(config.arguments))}: {LOCAL}/ takes no model arguments; leave it out")
    default = way.model == DEFAULT_WEIGHTS
    if not default and not way.model.endswith(".gguf"):
        raise UsageError(f"--model {model!r}: local/ takes {DEFAULT_WEIGHTS} or the path of a .gguf file")
    weights = default_weights(config.cache_dir) if default else weights_at(Path(way.model).expanduser())
    slots = _PREFIXES if weights.stat().st_size <= _SMALL_WEIGHTS else 1
    rule = LocalRule(threads=min(processors(), _MOST_THREADS), slots=slots)
    return Local(model, weights, rule=rule, clock=config.clock)
