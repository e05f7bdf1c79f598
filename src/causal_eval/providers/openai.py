"""OpenAI chat completions, as OpenAI itself and every compatible server (vLLM, Ollama, llama.cpp, ...) speak it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from causal_eval.providers.arguments import ChatArguments, merged
from causal_eval.providers.http import Http
from causal_eval.providers.provider import Failure, Message, Outcome, Prompt, Refusal, Reply, Usage, counted

PATH = "/chat/completions"
_MOST_STOPS = 4
_FILTERED = "content_filter"


class _Body(msgspec.Struct, omit_defaults=True):
    """The request; what is None is not sent."""

    model: str
    messages: tuple[Message, ...]
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    random_seed: int | None = None
    stop: tuple[str, ...] | None = None


class _Part(msgspec.Struct):
    """One part of a content list, which some servers send in place of a string."""

    type: str = ""
    text: str = ""
    thinking: str | list[_Part] = ""


class _Said(msgspec.Struct):
    content: str | list[_Part] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct):
    message: _Said
    finish_reason: str | None = None


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None


class _ErrorInside(msgspec.Struct):
    code: int | str | None = None


class _Completion(msgspec.Struct):
    """The response, as far as it matters here; unknown fields are ignored."""

    choices: list[_Choice] | None = None
    model: str | None = None
    system_fingerprint: str | None = None
    usage: _Usage | None = None
    error: _ErrorInside | str | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Completion).decode


@dataclass(frozen=True, slots=True)
class ChatQuirks:
    """Where servers differ."""

    completion_limit: bool = False
    """True: ``max_completion_tokens`` (OpenAI's own host); False: ``max_tokens`` (what others understand)."""
    random_seed: bool = False
    """True: the seed is called ``random_seed`` (Mistral)."""
    path: str = PATH
    """Below the base URL; Azure's names its API version."""
    arguments: ChatArguments = field(default_factory=ChatArguments)
    further: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the body that only this server documents: name -> JSON value."""


class OpenAI:
    """One model behind a chat-completions endpoint."""

    def __init__(self, name: str, model: str, http: Http, *, quirks: ChatQuirks | None = None) -> None:
        self._name = name
        self._model = model
        self._http = http
        self._quirks = quirks or ChatQuirks()
        self._url = http.url(self._quirks.path)
        self._extra = _encode({**msgspec.to_builtins(self._quirks.arguments), **self._quirks.further})

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
        limit = prompt.max_tokens
        own, renamed = self._quirks.completion_limit, self._quirks.random_seed
        return _Body(
            model=self._model,
            messages=prompt.messages or (Message("user", prompt.text),),
            max_tokens=None if own else limit,
            max_completion_tokens=limit if own else None,
            temperature=prompt.temperature,
            top_p=prompt.top_p,
            seed=None if renamed else prompt.seed,
            random_seed=prompt.seed if renamed else None,
            stop=prompt.stop[:_MOST_STOPS] or None,
        )

    def read(self, content: bytes) -> Outcome:
        """What the body of a 200 response says; in a batch, that of a row."""
        completion = _decode(content)
        if completion.choices:
            return _outcome(completion, completion.choices[0])
        return counted(self._no_choice(completion.error, content), _tokens(completion.usage))

    def _no_choice(self, error: _ErrorInside | str | None, content: bytes) -> Failure | Refusal:
        if isinstance(error, _ErrorInside):
            status = error.code if isinstance(error.code, int) else 500
            return self._http.error_in_reply(status, content)
        return self._http.bad_reply("it holds no choice" if error is None else error)


def _outcome(completion: _Completion, choice: _Choice) -> Reply | Refusal:
    said = choice.message
    served, fingerprint = completion.model or "", completion.system_fingerprint or ""
    usage = _tokens(completion.usage)
    finish = choice.finish_reason or "stop"
    if said.refusal or finish == _FILTERED:
        return Refusal(said.refusal or _FILTERED, served=served, fingerprint=fingerprint, usage=usage)
    content = said.content or ""
    text, thought = (content, "") if isinstance(content, str) else (_joined(content), _thoughts(content))
    reasoning = said.reasoning_content or said.reasoning or thought
    return Reply(text, reasoning=reasoning, finish=finish, served=served, fingerprint=fingerprint, usage=usage)


def _joined(parts: list[_Part]) -> str:
    return "".join(part.text for part in parts)


def _thoughts(parts: list[_Part]) -> str:
    return "".join(part.thinking if isinstance(part.thinking, str) else _joined(part.thinking) for part in parts)


def _tokens(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    read, written = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        input=usage.prompt_tokens,
        output=usage.completion_tokens,
        cached=read.cached_tokens if read else None,
        reasoning=written.reasoning_tokens if written else None,
        written=read.cache_write_tokens if read else None,
    )
