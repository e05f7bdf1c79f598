"""From an address and a key to the adapter that speaks the server's dialect, with its quirks and model arguments."""

from __future__ import annotations

from causal_eval.errors import UsageError
from causal_eval.providers.anthropic import Anthropic
from causal_eval.providers.arguments import (
    AnthropicArguments,
    ChatArguments,
    GoogleArguments,
    ResponsesArguments,
    typed,
)
from causal_eval.providers.batch import BatchProvider
from causal_eval.providers.batch_anthropic import AnthropicBatches
from causal_eval.providers.batch_openai import OpenAIBatches
from causal_eval.providers.catalog import Route, Site
from causal_eval.providers.config import Arguments, ProviderConfig
from causal_eval.providers.google import Google
from causal_eval.providers.http import Endpoint, Http
from causal_eval.providers.openai import ChatQuirks, OpenAI
from causal_eval.providers.provider import Provider
from causal_eval.providers.responses import Responses
from causal_eval.providers.served import Served
from causal_eval.providers.transport import Timeouts

RESPONSES_API = "responses_api"
"""The argument that chooses between OpenAI's two APIs; without it the catalogue does."""
_LONGEST_BATCH = 3600.0
"""Seconds in which the requests of a batch must be up, or its results down."""


def speaking(model: str, way: Route, *, site: Site, config: ProviderConfig) -> Provider:
    """The bare adapter of *way* at *site*.

    Raises:
        UsageError: a model argument that this API does not take.
    """
    http = Http(
        _endpoint(way, site),
        timeouts=Timeouts(total=config.timeout, read=config.timeout),
        connections=config.max_concurrent,
        clock=config.clock,
    )
    match way.entry.adapter:
        case "anthropic":
            return _anthropic(model, way, http, config=config)
        case "google":
            return Google(model, way.model, http, arguments=typed(config.arguments, GoogleArguments))
    return _openai(model, way, http, site=site, config=config)


def batching(model: str, way: Route, *, site: Site, config: ProviderConfig) -> BatchProvider:
    """The batch API of *way* at *site*: what goes up and comes down is made and read by the adapter of its dialect."""
    http = Http(_endpoint(way, site), timeouts=Timeouts(total=_LONGEST_BATCH, read=config.timeout), clock=config.clock)
    if way.entry.adapter == "anthropic":
        wire = _anthropic(model, way, http, config=config)
        return AnthropicBatches(wire, http, check=Served(wire, way.model).check)
    spoken = _openai(model, way, http, site=site, config=config)
    path = site.responses if isinstance(spoken, Responses) else site.chat
    return OpenAIBatches(spoken, http, path=path, check=Served(spoken, way.model).check)


def _endpoint(way: Route, site: Site) -> Endpoint:
    return Endpoint(site.address, site.key, site.key_variable, tuple(way.entry.headers.items()), site.auth)


def _anthropic(model: str, way: Route, http: Http, *, config: ProviderConfig) -> Anthropic:
    return Anthropic(model, way.model, http, arguments=typed(config.arguments, AnthropicArguments))


def _openai(model: str, way: Route, http: Http, *, site: Site, config: ProviderConfig) -> OpenAI | Responses:
    if _responses(way, config.arguments):
        arguments = typed(config.arguments, ResponsesArguments, further=(RESPONSES_API,))
        return Responses(model, way.model, http, path=site.responses, arguments=arguments)
    return OpenAI(model, way.model, http, quirks=_quirks(way, site, given=config.arguments))


def _responses(way: Route, given: Arguments) -> bool:
    """Whether the Responses API is called: as the user says, else as the catalogue does."""
    chosen = given.get(RESPONSES_API, way.matches(way.entry.responses_only))
    if not isinstance(chosen, bool):
        raise UsageError(f"-M {RESPONSES_API}={chosen}: allowed is true or false")
    return chosen


def _quirks(way: Route, site: Site, *, given: Arguments) -> ChatQuirks:
    entry = way.entry
    own = site.address == entry.base_url or not entry.base_url
    return ChatQuirks(
        completion_limit=own and entry.reply_cap == "max_completion_tokens",
        random_seed=entry.seed == "random_seed",
        path=site.chat,
        arguments=typed(given, ChatArguments, further=(*entry.fields, RESPONSES_API)),
        further={name: given[name] for name in entry.fields if name in given},
    )
