"""OpenAI's Responses API, which some models speak alone; nothing is stored at the provider."""

from __future__ import annotations

import msgspec

from causal_eval.providers.arguments import ResponsesArguments, merged
from causal_eval.providers.http import Http
from causal_eval.providers.provider import Failure, Message, Outcome, Prompt, Refusal, Reply, Usage, counted

PATH = "/responses"
_CUT = "max_output_tokens"
_FILTERED = "content_filter"
_POLICIES = frozenset({"bio_policy", "misalignment_policy_violation", _FILTERED})
_STATUSES = {"rate_limit_exceeded": 429, "invalid_prompt": 400, "data_residency_mismatch": 400}
"""Code of a failed response -> the HTTP status that means the same; others are the server's fault."""
_COMMENTARY = "commentary"


class _Body(msgspec.Struct, omit_defaults=True):
    """The request; what is None is not sent. The API has neither seed nor stop."""

    model: str
    input: tuple[Message, ...]
    store: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None


class _Reasoning(msgspec.Struct, omit_defaults=True):
    effort: str | None = None
    summary: str | None = None


class _TextConfig(msgspec.Struct, omit_defaults=True):
    verbosity: str | None = None


class _Extra(msgspec.Struct, omit_defaults=True):
    """Fields that the arguments set, the same in every request."""

    reasoning: _Reasoning | None = None
    text: _TextConfig | None = None
    service_tier: str | None = None


def _extra(given: ResponsesArguments) -> _Extra:
    reasoning = _Reasoning(given.reasoning_effort, given.reasoning_summary)
    return _Extra(
        reasoning=None if reasoning == _Reasoning() else reasoning,
        text=_TextConfig(given.verbosity) if given.verbosity else None,
        service_tier=given.service_tier,
    )


class _Part(msgspec.Struct):
    """``output_text``, ``refusal``, ``summary_text`` or ``reasoning_text``."""

    type: str = ""
    text: str = ""
    refusal: str = ""


class _Item(msgspec.Struct):
    """One item of the output: a message or reasoning; others (tools) hold nothing for us."""

    type: str = ""
    content: list[_Part] | None = None
    summary: list[_Part] | None = None
    phase: str | None = None


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


class _Incomplete(msgspec.Struct):
    reason: str | None = None


class _Error(msgspec.Struct):
    code: str | int | None = None
    message: str | None = None


class _Response(msgspec.Struct):
    """The response, as far as it matters here; unknown fields are ignored."""

    status: str | None = None
    output: list[_Item] | None = None
    incomplete_details: _Incomplete | None = None
    error: _Error | None = None
    model: str | None = None
    usage: _Usage | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Response).decode


class Responses:
    """One model behind a responses endpoint."""

    def __init__(
        self, name: str, model: str, http: Http, *, path: str = PATH, arguments: ResponsesArguments | None = None
    ) -> None:
        self._name = name
        self._model = model
        self._http = http
        self._url = http.url(path)
        self._extra = _encode(_extra(arguments or ResponsesArguments()))

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
        return _Body(
            model=self._model,
            input=prompt.messages or (Message("user", prompt.text),),
            store=False,
            max_output_tokens=prompt.max_tokens,
            temperature=prompt.temperature,
            top_p=prompt.top_p,
        )

    def read(self, content: bytes) -> Outcome:
        """What the body of a 200 response says; in a batch, that of a row."""
        response = _decode(content)
        if response.error is not None:
            return counted(self._failed(response, response.error, content=content), _tokens(response.usage))
        reason = response.incomplete_details.reason if response.incomplete_details else None
        if reason == _FILTERED:
            return Refusal(_FILTERED, served=response.model or "", usage=_tokens(response.usage))
        if response.status not in {None, "completed", "incomplete"}:
            return counted(self._http.bad_reply(f"the response is {response.status}"), _tokens(response.usage))
        messages = [item for item in response.output or () if item.type == "message"]
        if not messages and reason is None:
            return counted(self._http.bad_reply("it holds no message"), _tokens(response.usage))
        return _outcome(response, messages, finish="length" if reason == _CUT else reason or "stop")

    def _failed(self, response: _Response, error: _Error, *, content: bytes) -> Failure | Refusal:
        if error.code in _POLICIES:
            return Refusal(error.message or str(error.code), served=response.model or "", usage=_tokens(response.usage))
        return self._http.error_in_reply(_STATUSES.get(str(error.code), 500), content)


def _outcome(response: _Response, messages: list[_Item], *, finish: str) -> Reply | Refusal:
    served, usage = response.model or "", _tokens(response.usage)
    declined = next((part.refusal for item in messages for part in item.content or () if part.type == "refusal"), None)
    if declined is not None:
        return Refusal(declined or "refusal", served=served, usage=usage)
    said = [item for item in messages if item.phase != _COMMENTARY]
    aside = [item for item in response.output or () if item.type == "reasoning" or item.phase == _COMMENTARY]
    return Reply(
        text="".join(map(_content, said)),
        reasoning="\n\n".join(filter(None, map(_thought, aside))),
        finish=finish,
        served=served,
        usage=usage,
    )


def _content(item: _Item) -> str:
    return "".join(part.text for part in item.content or ())


def _thought(item: _Item) -> str:
    """Reasoning in full where the server shows it, else its summary."""
    return _content(item) or "\n\n".join(part.text for part in item.summary or ())


def _tokens(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    read, written = usage.input_tokens_details, usage.output_tokens_details
    return Usage(
        input=usage.input_tokens,
        output=usage.output_tokens,
        cached=read.cached_tokens if read else None,
        reasoning=written.reasoning_tokens if written else None,
        written=read.cache_write_tokens if read else None,
    )
