"""Replies that were given before: the same prompt, sample for sample, is answered again without a call.

A reply from the cache is the *same observation* as the first, not another draw: it carries the same ``source`` and
says in ``asked_at`` when it was first asked for, so that whoever counts can count it once. Failures are never kept,
and neither is a reply of another model than the asked one: each model has a cache of its own around it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.provider import Failure, Outcome, Prompt, Provider, Refusal, Reply

WIRE = 1
"""Raised when an adapter puts the same prompt otherwise on the wire (a test notices): older replies are not found."""

_SOURCE_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Remembered:
    """A reply or refusal as it is kept."""

    key: str
    """From :func:`cache_key`."""
    project: str
    answerer: str
    """``provider/model`` as the user wrote it."""
    outcome: Reply | Refusal
    """With its ``source`` and ``asked_at``."""


class ReplyCache(Protocol):
    """Keeps replies by key; a cache that has trouble of its own finds nothing, and never raises."""

    async def find(self, key: str, *, since: str) -> Reply | Refusal | None:
        """The outcome kept under *key*, if it was first asked for at *since* (UTC, ISO 8601) or later."""

    def keep(self, remembered: Remembered) -> None:
        """Keep it soon, in place of an older one under the same key; returns at once."""

    async def close(self) -> None:
        """Return when all that was given is kept; idempotent."""


@dataclass(frozen=True, slots=True)
class CacheRule:
    """Where replies are kept, for whom, and how long they are good."""

    replies: ReplyCache
    project: str = "local"
    expiry: float | None = 7 * 86400.0
    """Seconds after which a reply is asked for again; None: never."""


@dataclass(frozen=True, slots=True)
class Scope:
    """All that decides a reply and is no part of its prompt."""

    project: str
    provider: str
    base_url: str
    model: str
    arguments: Mapping[str, object] = field(default_factory=dict)


def cache_key(scope: Scope, prompt: Prompt) -> str:
    """SHA-256 of the canonical JSON of everything that could change the reply, sample number and item included."""
    asked = {
        "wire": WIRE,
        "project": scope.project,
        "provider": scope.provider,
        "base_url": scope.base_url,
        "model": scope.model,
        "arguments": scope.arguments,
        "messages": [[turn.role, turn.content] for turn in prompt.messages],
        "text": prompt.text,
        "grammar": prompt.grammar,
        "stop": prompt.stop,
        "max_tokens": prompt.max_tokens,
        "temperature": prompt.temperature,
        "top_p": prompt.top_p,
        "seed": prompt.seed,
        "sample": prompt.sample,
        "item": prompt.item,
    }
    import msgspec  # start-up: the catalogue of providers is read before anything is cached

    return hashlib.sha256(msgspec.json.encode(asked, order="sorted")).hexdigest()


class Cached:
    """Wraps everything that stands before one model; a prompt whose reply is known makes no call."""

    def __init__(self, inner: Provider, rule: CacheRule, scope: Scope, *, clock: Clock | None = None) -> None:
        self._inner = inner
        self._rule = rule
        self._scope = scope
        self._clock = clock or SystemClock()

    @property
    def name(self) -> str:
        """That of the wrapped provider."""
        return self._inner.name

    async def complete(self, prompt: Prompt) -> Outcome:
        """What is known, with ``calls`` 0; else the wrapped provider's outcome, kept if the model said something."""
        key = cache_key(self._scope, prompt)
        known = await self._find(key)
        if known is not None:
            return known
        asked_at = self._moment(self._clock.wall())
        outcome = await self._inner.complete(prompt)
        return outcome if isinstance(outcome, Failure) else self._keep(key, outcome, asked_at)

    def remember(self, prompt: Prompt, outcome: Reply | Refusal, asked_at: str) -> Reply | Refusal:
        """Keep what the model has said to *prompt* by another way (a batch) that was asked at *asked_at*."""
        return self._keep(cache_key(self._scope, prompt), outcome, asked_at)

    async def recall(self, prompt: Prompt) -> Outcome | None:
        """What is known, with ``calls`` 0; None: it would have to be asked for."""
        return await self._find(cache_key(self._scope, prompt))

    async def close(self) -> None:
        """Close the wrapped provider; the cache belongs to whoever opened it."""
        await self._inner.close()

    def _keep(self, key: str, outcome: Reply | Refusal, asked_at: str) -> Reply | Refusal:
        """*outcome* with the name of its observation, by which it is kept."""
        source = hashlib.sha256(f"{key} {asked_at}".encode()).hexdigest()[:_SOURCE_DIGITS]
        fresh = replace(outcome, source=source)
        kept = replace(fresh, asked_at=asked_at, quota=None)
        self._rule.replies.keep(Remembered(key, self._scope.project, self.name, kept))
        return fresh

    async def _find(self, key: str) -> Outcome | None:
        expiry = self._rule.expiry
        since = "" if expiry is None else self._moment(self._clock.wall() - expiry)
        known = await self._rule.replies.find(key, since=since)
        return None if known is None else replace(known, calls=0)

    @staticmethod
    def _moment(seconds: float) -> str:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
