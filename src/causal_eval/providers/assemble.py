"""From ``provider/model`` to a provider with everything resilient wrapped around it: the one place of the stack.

Cheap to import: adapters and their libraries are loaded when one is assembled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from causal_eval.errors import UsageError
from causal_eval.providers.catalog import LOCAL, NAMED_SERVER, Entry, Route, base_url, is_loopback, read_catalog, route
from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.events import Listener
from causal_eval.providers.limits import LimitRule, Limits, Window
from causal_eval.providers.processors import processors
from causal_eval.providers.provider import Provider
from causal_eval.providers.retry import Retry, RetryRule
from causal_eval.seeds import Stream

DEFAULT_WEIGHTS = "gemma-3-270m"
_SMALL_WEIGHTS = 2**30
"""Bytes; weights up to this size leave memory to keep several prefixes evaluated."""
_PREFIXES = 12
_MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """What providers need to know, fixed at a door."""

    env: Mapping[str, str] = field(repr=False)
    """Where keys and base URLs are looked up."""
    cache_dir: Path
    """Where the default local weights are put together."""
    max_concurrent: int = 100
    """Hard cap on open calls (``MAX_CONCURRENT_API_CALLS``)."""
    max_connections: int | None = None
    """``--max-connections``: fixed concurrency under the hard cap; None: adaptive."""
    attempts: int = 5
    """Calls for one prompt in all; ``--max-retries N`` is N + 1."""
    timeout: float = 600.0
    """Seconds for one call."""
    offline: bool = False
    """True: only this machine may be called."""
    cap: Window | None = None
    """Shared by providers that together keep the hard cap."""
    seed: str = "0"
    """Names the jitter of retries; it has no influence on replies."""
    clock: Clock = field(default_factory=SystemClock)
    listener: Listener | None = None


def assemble(model: str, config: ProviderConfig) -> Provider:
    """The provider that *model* names, wrapped; UsageError says what is missing and what to type next.

    Names: ``openai/<name>``, ``anthropic/<name>``, ``openai-api/<server>/<name>``, ``local/gemma-3-270m``,
    ``local/<path of a .gguf file>``.
    """
    way = route(model)
    if way.api == LOCAL:
        return _local(model, way, config=config)
    return resilient(_adapter(model, way, config=config), config)


def resilient(adapter: Provider, config: ProviderConfig) -> Provider:
    """*adapter* inside limits inside retries: a slot is free while a retry waits."""
    fixed = config.max_connections is not None
    most = min(config.max_connections or config.max_concurrent, config.max_concurrent)
    limits = Limits(
        adapter,
        LimitRule(most=most, fixed=fixed),
        cap=config.cap,
        clock=config.clock,
        listener=config.listener,
    )
    return Retry(
        limits,
        RetryRule(attempts=config.attempts),
        jitter=Stream("retry", config.seed, adapter.name),
        clock=config.clock,
        listener=config.listener,
    )


def _adapter(model: str, way: Route, *, config: ProviderConfig) -> Provider:
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

        return Anthropic(model, way.model, http, clock=config.clock)
    from causal_eval.providers.openai import ChatQuirks, OpenAI

    quirks = ChatQuirks(completion_limit=address == entry.base_url and entry.reply_cap == "max_completion_tokens")
    return OpenAI(model, way.model, http, quirks=quirks, clock=config.clock)


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


def _local(model: str, way: Route, *, config: ProviderConfig) -> Provider:
    from causal_eval.providers.local import Local, LocalRule
    from causal_eval.providers.weights import default_weights, weights_at

    default = way.model == DEFAULT_WEIGHTS
    if not default and not way.model.endswith(".gguf"):
        raise UsageError(f"--model {model!r}: local/ takes {DEFAULT_WEIGHTS} or the path of a .gguf file")
    weights = default_weights(config.cache_dir) if default else weights_at(Path(way.model).expanduser())
    slots = _PREFIXES if weights.stat().st_size <= _SMALL_WEIGHTS else 1
    rule = LocalRule(threads=min(processors(), _MOST_THREADS), slots=slots)
    return Local(model, weights, rule=rule, clock=config.clock)
