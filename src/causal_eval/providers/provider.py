"""What is asked of a language model and what can come back; the one Protocol every adapter and wrapper fulfils."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from causal_eval.providers.quota import Quota


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    """``system``, ``user`` or ``assistant``."""
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything a provider needs for one call, as plain fields; it knows no question."""

    messages: tuple[Message, ...]
    """Chat turns. A completion (base) provider uses ``text`` instead."""
    text: str = ""
    """The same request as one text to be continued (worked examples included), for base models."""
    grammar: str = ""
    """GBNF grammar that constrains the reply, where the provider can; else ignored."""
    stop: tuple[str, ...] = ()
    max_tokens: int = 1024
    temperature: float | None = None
    """None: the provider's default is left alone (some reasoning models refuse any value)."""
    top_p: float | None = None
    seed: int | None = None
    sample: int = 0
    """Which of several samples of the same prompt this is; part of a cache key, never sent."""
    prefix: str = ""
    """Leading part of ``text`` that many prompts share (worked examples); a local runtime keeps it evaluated."""
    item: str = ""
    """What the prompt is asked for; part of a cache key, never sent: two items in the same words share no reply."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, as the provider counts them; None where it does not say."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    """Input tokens read from the provider's prompt cache (contained in ``input``)."""
    reasoning: int | None = None
    """Output tokens spent on hidden reasoning (contained in ``output``)."""
    written: int | None = None
    """Input tokens written to the provider's prompt cache (contained in ``input``)."""


class FailureKind(StrEnum):
    """Why a call gave no reply."""

    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    CONNECTION = "connection"
    TIMEOUT = "timeout"
    BAD_REPLY = "bad_reply"
    """HTTP 200 with something that is not the documented shape, or with no choice in it."""
    BAD_REQUEST = "bad_request"
    """HTTP 400/413/422: this one prompt cannot be taken; other items may go on."""
    AUTH = "auth"
    """HTTP 401/403: fatal for the run unless another key is there."""
    NOT_FOUND = "not_found"
    """HTTP 404: unknown model or wrong base URL; fatal for the run."""
    QUOTA = "quota"
    """Out of credit: a 429 or 402 that waiting will not change; fatal for the run unless another key is there."""
    OTHER_MODEL = "other_model"
    """Another model answered than the one that was asked; its answer is thrown away."""
    LOCAL = "local"
    """The local runtime failed."""


RETRYABLE = frozenset(
    {
        FailureKind.RATE_LIMIT,
        FailureKind.SERVER_ERROR,
        FailureKind.CONNECTION,
        FailureKind.TIMEOUT,
        FailureKind.BAD_REPLY,
    }
)
FATAL = frozenset({FailureKind.AUTH, FailureKind.NOT_FOUND, FailureKind.QUOTA})
OUTAGE = RETRYABLE - {FailureKind.RATE_LIMIT}
"""What says that a provider is down, in whole or in part."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The model said something."""

    text: str
    reasoning: str = ""
    """Visible reasoning that the provider returns apart from the text."""
    finish: str = "stop"
    """``stop``, ``length`` (truncated) or the provider's own word."""
    served: str = ""
    """The model that answered, as the provider names it."""
    usage: Usage = Usage()
    latency_ms: float = 0.0
    calls: int = 1
    """HTTP calls made for this reply: retries and calls with other keys included."""
    key: str = field(default="", compare=False)
    """Name of the key that the call was made with (``...3f2a``), never the key."""
    route: str = field(default="", compare=False)
    """The host that was called; where none was, which of several routes it would have been."""
    quota: Quota | None = field(default=None, compare=False)
    """What the provider says is left of its limits."""
    source: str = ""
    """Name of this very observation, where replies are cached: outcomes of one source are one observation."""
    asked_at: str = ""
    """When a cached reply was first asked for (UTC, ISO 8601); empty: it was asked for now."""
    batch: str = ""
    """The provider's id of the batch that it came in; empty: it came by a call of its own."""
    fingerprint: str = ""
    """Of the configuration that answered, where the provider says one (``system_fingerprint``)."""
    lost: tuple[Usage, ...] = field(default=(), compare=False)
    """Tokens of calls before, which gave no reply though the provider counted them; not stored."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The model or its safety layer declined; the model's own doing."""

    reason: str
    served: str = ""
    usage: Usage = Usage()
    latency_ms: float = 0.0
    calls: int = 1
    key: str = field(default="", compare=False)
    route: str = field(default="", compare=False)
    quota: Quota | None = field(default=None, compare=False)
    source: str = ""
    asked_at: str = ""
    batch: str = ""
    fingerprint: str = ""
    lost: tuple[Usage, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """No reply: ours, the network's or the provider's doing; never wrong, always missing."""

    kind: FailureKind
    message: str
    """One line for people, without secrets."""
    status: int | None = None
    retry_after: float | None = None
    """Seconds the provider asked to wait."""
    calls: int = 1
    """HTTP calls made; 0: none was, because we hold calls back."""
    latency_ms: float = 0.0
    """Time spent in calls and, after retries, in waits between them; time in our own queue is not counted."""
    key: str = field(default="", compare=False)
    route: str = field(default="", compare=False)
    quota: Quota | None = field(default=None, compare=False)
    held: bool = False
    """True: a breaker or a cooling key holds calls back; to be waited out, and no attempt of this prompt."""
    down: bool = False
    """True: nobody has got a reply for so long that the run should end."""
    lost: tuple[Usage, ...] = field(default=(), compare=False)
    """Tokens that the provider counted nevertheless, for this call and those before it."""


Outcome = Reply | Refusal | Failure


def counted(outcome: Failure | Refusal, usage: Usage) -> Failure | Refusal:
    """*outcome*; a failure with the *usage* that the provider counted for it nevertheless, if it did."""
    if usage == Usage() or not isinstance(outcome, Failure):
        return outcome
    return replace(outcome, lost=(*outcome.lost, usage))


class Provider(Protocol):
    """Answers prompts; never raises for what a provider or network does, returns a :class:`Failure` instead."""

    @property
    def name(self) -> str:
        """``provider/model`` as the user wrote it."""

    async def complete(self, prompt: Prompt) -> Outcome:
        """Make one call (or, in a wrapper, as many as its rule allows)."""

    async def close(self) -> None:
        """Release connections and memory; idempotent."""
