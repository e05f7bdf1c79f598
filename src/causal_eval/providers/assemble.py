"""From ``provider/model`` to a provider with everything resilient wrapped around it: the one place of the stack.

Cheap to import: adapters and their libraries are loaded when one is assembled.
"""

from __future__ import annotations

from causal_eval.providers.adapters import adapter, local
from causal_eval.providers.catalog import LOCAL, route
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.limits import LimitRule, Limits
from causal_eval.providers.provider import Provider
from causal_eval.providers.retry import Retry, RetryRule
from causal_eval.seeds import Stream


def assemble(model: str, config: ProviderConfig) -> Provider:
    """The provider that *model* names, wrapped; UsageError says what is missing and what to type next.

    Names: ``<api>/<name>`` for every API of the catalogue (``openai``, ``google``, ``ollama`` ...),
    ``openai-api/<server>/<name>``, ``local/gemma-3-270m``, ``local/<path of a .gguf file>``.
    """
    way = route(model)
    if way.api == LOCAL:
        return local(model, way, config)
    return resilient(adapter(model, way, config), config)


def resilient(inner: Provider, config: ProviderConfig) -> Provider:
    """*inner* inside limits inside retries: a slot is free while a retry waits."""
    fixed = config.max_connections is not None
    most = min(config.max_connections or config.max_concurrent, config.max_concurrent)
    limits = Limits(
        inner,
        LimitRule(most=most, fixed=fixed),
        cap=config.cap,
        clock=config.clock,
        listener=config.listener,
    )
    return Retry(
        limits,
        RetryRule(attempts=config.attempts),
        jitter=Stream("retry", config.seed, inner.name),
        clock=config.clock,
        listener=config.listener,
    )
