"""Anthropic messages; the version header stands in ``catalog.toml``."""

from __future__ import annotations

import msgspec

from causal_eval.errors import UsageError
from causal_eval.providers.arguments import AnthropicArguments, merged
from causal_eval.providers.http import Http
from causal_eval.providers.provider import Failure, Message, Outcome, Prompt, Refusal, Reply, Usage, counted

PATH = "/messages"
_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
}
"""Anthropic's stop reason -> ours; others stay the provider's own word."""
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""Anthropic's kind of error -> the status that it is documented with; any other: 500."""


class _Body(msgspec.Struct, omit_defaults=True):
    """The request; what is None is not sent. Anthropic has no seed."""

    model: str
    max_tokens: int
    messages: tuple[Message, ...]
    system: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: tuple[str, ...] | None = None


class _Thinking(msgspec.Struct, omit_defaults=True):
    type: str
    budget_tokens: int | None = None


class _OutputConfig(msgspec.Struct):
    effort: str


class _Extra(msgspec.Struct, omit_defaults=True):
    """Fields that the arguments set, the same in every request."""

    thinking: _Thinking | None = None
    output_config: _OutputConfig | None = None
    service_tier: str | None = None


def _extra(arguments: AnthropicArguments) -> _Extra:
    effort, budget, mode = arguments.reasoning_effort, arguments.thinking_budget, arguments.thinking
    if budget is not None and mode is not None:
        raise UsageError(f"-M thinking={mode} and -M thinking_budget={budget} contradict each other: leave one out")
    if effort == "none":
        effort, mode = None, "disabled"
    thinking = _Thinking(mode) if mode else None
    return _Extra(
        thinking=_Thinking("enabled", budget) if budget is not None else thinking,
        output_config=_OutputConfig(effort) if effort else None,
        service_tier=arguments.service_tier,
    )


class _Block(msgspec.Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""


class _OutputDetails(msgspec.Struct):
    thinking_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens_details: _OutputDetails | None = None


class _StopDetails(msgspec.Struct):
    category: str | None = None
    explanation: str | None = None


class _ErrorInside(msgspec.Struct):
    type: str = ""


class _Answer(msgspec.Struct):
    """The response, as far as it matters here; unknown fields are ignored."""

    content: list[_Block] | None = None
    error: _ErrorInside | None = None
    stop_reason: str | None = None
    stop_details: _StopDetails | None = None
    model: str | None = None
    usage: _Usage | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Answer).decode


class Anthropic:
    """One model behind a messages endpoint."""

    def __init__(self, name: str, model: str, http: Http, *, arguments: AnthropicArguments | None = None) -> None:
        self._name = name
        self._extra = _encode(_extra(arguments or AnthropicArguments()))
        self._model = model
        self._http = http
        self._url = http.url(PATH)

    @property
    def name(self) -> str:
        """``provider/model`` as the user wrote it."""
        return self._name

    async def complete(self, prompt: Prompt) -> Outcome:
        """One HTTP call."""
        return await self._http.call(self._url, self.encode(prompt), self.read)

    def encode(self, prompt: Prompt) -> bytes:
        """The body of the request; in a batch, that of a row."""
        return merged(_encode(self._body(prompt)), self._extra)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def _body(self, prompt: Prompt) -> _Body:
        messages = prompt.messages or (Message("user", prompt.text),)
        system = "\n\n".join(message.content for message in messages if message.role == "system")
        return _Body(
            model=self._model,
            max_tokens=prompt.max_tokens,
            messages=tuple(message for message in messages if message.role != "system"),
            system=system or None,
            temperature=prompt.temperature,
            top_p=prompt.top_p,
            stop_sequences=prompt.stop or None,
        )

    def read(self, content: bytes) -> Outcome:
        """What the body of a 200 response says; in a batch, that of a row."""
        answer = _decode(content)
        if answer.content is None:
            return counted(self._no_content(answer.error, content), _tokens(answer.usage))
        served, usage = answer.model or "", _tokens(answer.usage)
        if answer.stop_reason == "refusal":
            return Refusal(_why(answer.stop_details), served=served, usage=usage)
        reason = answer.stop_reason or "stop"
        return Reply(
            text="".join(block.text for block in answer.content if block.type == "text"),
            reasoning="".join(block.thinking for block in answer.content if block.type == "thinking"),
            finish=_FINISH.get(reason, reason),
            served=served,
            usage=usage,
        )

    def _no_content(self, error: _ErrorInside | None, content: bytes) -> Failure | Refusal:
        if error is None:
            return self._http.bad_reply("it holds no content")
        return self._http.error_in_reply(_STATUS.get(error.type, 500), content)


def _why(details: _StopDetails | None) -> str:
    if details is None:
        return "refusal"
    return details.explanation or details.category or "refusal"


def _tokens(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    cached = usage.cache_read_input_tokens
    fresh = usage.input_tokens
    # the API counts fresh, cache-written and cache-read input apart; ours is their sum
    total = None if fresh is None else fresh + (usage.cache_creation_input_tokens or 0) + (cached or 0)
    details = usage.output_tokens_details
    return Usage(
        input=total,
        output=usage.output_tokens,
        cached=cached,
        reasoning=details.thinking_tokens if details else None,
        written=usage.cache_creation_input_tokens,
    )
