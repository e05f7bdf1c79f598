"""From the parts of a name to the bare adapter behind it: address, key, quirks.

Cheap to import: an adapter and its libraries are loaded when one is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from causal_eval.errors import UsageError
from causal_eval.providers.catalog import NAMED_SERVER, Entry, Route, base_url, is_loopback, read_catalog
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.processors import processors
from causal_eval.providers.provider import Provider

DEFAULT_WEIGHTS = "gemma-3-270m"
_SMALL_WEIGHTS = 2**30
"""Bytes; weights up to this size leave memory to keep several prefixes evaluated."""
_PREFIXES = 12
_MOST_THREADS = 8


def adapter(model: str, way: Route, config: ProviderConfig) -> Provider:
    """The bare adapter of *way*, one call a prompt; UsageError says what is missing and what to type next."""
    from causal_eval.providers.http import Endpoint, Http, Timeouts

    entry = read_catalog()[way.api]
    address = _address(way, entry, config=config)
    key = _key(way, address, entry=entry, env=config.env)
    http = Http(
        Endpoint(address, key, f"{way.variables}_API_KEY", tuple(entry.headers.items())),
        timeouts=Timeouts(total=config.timeout, read=config.timeout),
        connections=config.max_concurrent,
        clock=config.clock,
    )
    if entry.adapter == "anthropic":
        from causal_eval.providers.anthropic import Anthropic

        return Anthropic(model, way.model, http)
    from causal_eval.providers.openai import ChatQuirks, OpenAI

    quirks = ChatQuirks(completion_limit=address == entry.base_url and entry.reply_cap == "max_completion_tokens")
    return OpenAI(model, way.model, http, quirks=quirks)


def _address(way: Route, entry: Entry, *, config: ProviderConfig) -> str:
    variable = f"{way.variables}_BASE_URL"
    given = config.env.get(variable, "").strip() or entry.base_url
    if not given:
        raise UsageError(
            f"{variable} is not set: it says where {way.provider} is; type export {variable}=http://localhost:8000/v1"
        )
    address = base_url(given, variable)
    if config.offline and not is_loopback(address):
        raise UsageError(f"--offline: {way.provider} is not on this machine; use local/{DEFAULT_WEIGHTS} or drop it")
    return address


def _key(way: Route, address: str, *, entry: Entry, env: Mapping[str, str]) -> str:
    """The first key of the comma list; servers of one's own may do without."""
    variable = f"{way.variables}_API_KEY"
    key = env.get(variable, "").split(",")[0].strip()
    if not key and way.api != NAMED_SERVER and address == entry.base_url:
        raise UsageError(f"{variable} is not set: {way.provider} needs a key; type export {variable}=<your key>")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise UsageError(f"{variable} holds a character that no key has (a space, a line break ...): copy it again")
    return key


def local(model: str, way: Route, config: ProviderConfig) -> Provider:
    """The weights that *way* names, loaded at the first call."""
    from causal_eval.providers.local import Local, LocalRule
    from causal_eval.providers.weights import default_weights, weights_at

    default = way.model == DEFAULT_WEIGHTS
    if not default and not way.model.endswith(".gguf"):
        raise UsageError(f"--model {model!r}: local/ takes {DEFAULT_WEIGHTS} or the path of a .gguf file")
    weights = default_weights(config.cache_dir) if default else weights_at(Path(way.model).expanduser())
    slots = _PREFIXES if weights.stat().st_size <= _SMALL_WEIGHTS else 1
    rule = LocalRule(threads=min(processors(), _MOST_THREADS), slots=slots)
    return Local(model, weights, rule=rule, clock=config.clock)
