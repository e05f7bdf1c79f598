"""Google Gemini, ``generateContent``."""

from __future__ import annotations

import msgspec

from causal_eval.providers.arguments import GoogleArguments
from causal_eval.providers.http import Http
from causal_eval.providers.provider import Message, Outcome, Prompt, Refusal, Reply, Usage, counted

_FINISH = {"STOP": "stop", "MAX_TOKENS": "length"}
"""Google's finish reason -> ours; others stay the provider's own word."""
_DECLINED = frozenset(
    {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "ESCALATION", "MODEL_ARMOR"}
)
"""Finish reasons of the model's safety layer."""
_MALFORMED = "MALFORMED_RESPONSE"
_MOST_STOPS = 5
_ROLES = {"assistant": "model"}


class _Text(msgspec.Struct):
    text: str


class _Content(msgspec.Struct):
    parts: tuple[_Text, ...]
    role: str


class _Thinking(msgspec.Struct, omit_defaults=True):
    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


class _Config(msgspec.Struct, omit_defaults=True, rename="camel"):
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    max_output_tokens: int | None = None
    stop_sequences: tuple[str, ...] | None = None
    seed: int | None = None
    thinking_config: _Thinking | None = None


class _Body(msgspec.Struct, omit_defaults=True, rename="camel"):
    """The request; what is None is not sent. The model stands in the URL."""

    contents: tuple[_Content, ...]
    system_instruction: _Content | None = None
    generation_config: _Config | None = None


class _Part(msgspec.Struct):
    text: str | None = None
    thought: bool | None = None


class _Said(msgspec.Struct):
    parts: tuple[_Part, ...] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Said | None = None
    finish_reason: str | None = None
    finish_message: str | None = None


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None
    block_reason_message: str | None = None


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    cached_content_token_count: int | None = None


class _Answer(msgspec.Struct, rename="camel"):
    """The response, as far as it matters here; unknown fields are ignored."""

    candidates: tuple[_Candidate, ...] | None = None
    prompt_feedback: _Feedback | None = None
    model_version: str | None = None
    usage_metadata: _Usage | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Answer).decode


class Google:
    """One model behind a generateContent endpoint."""

    def __init__(self, name: str, model: str, http: Http, *, arguments: GoogleArguments | None = None) -> None:
        self._name = name
        self._http = http
        self._arguments = arguments or GoogleArguments()
        self._thinking = _thinking(self._arguments)
        self._url = http.url(f"/models/{model.removeprefix('models/')}:generateContent")

    @property
    def name(self) -> str:
        """``provider/model`` as the user wrote it."""
        return self._name

    async def complete(self, prompt: Prompt) -> Outcome:
        """One HTTP call."""
        return await self._http.call(self._url, _encode(self._body(prompt)), self._read)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    def _body(self, prompt: Prompt) -> _Body:
        messages = prompt.messages or (Message("user", prompt.text),)
        system = "\n\n".join(message.content for message in messages if message.role == "system")
        turns = (message for message in messages if message.role != "system")
        return _Body(
            contents=tuple(_Content((_Text(turn.content),), _ROLES.get(turn.role, turn.role)) for turn in turns),
            system_instruction=_Content((_Text(system),), "user") if system else None,
            generation_config=_Config(
                temperature=prompt.temperature,
                top_p=prompt.top_p,
                top_k=self._arguments.top_k,
                max_output_tokens=prompt.max_tokens,
                stop_sequences=prompt.stop[:_MOST_STOPS] or None,
                seed=prompt.seed,
                thinking_config=self._thinking,
            ),
        )

    def _read(self, content: bytes) -> Outcome:
        answer = _decode(content)
        served, usage = answer.model_version or "", _tokens(answer.usage_metadata)
        if not answer.candidates:
            feedback = answer.prompt_feedback
            if feedback is None or feedback.block_reason is None:
                return counted(self._http.bad_reply("it holds no candidate"), usage)
            return Refusal(feedback.block_reason_message or feedback.block_reason, served=served, usage=usage)
        candidate = answer.candidates[0]
        reason = candidate.finish_reason or "STOP"
        if reason in _DECLINED:
            return Refusal(candidate.finish_message or reason, served=served, usage=usage)
        if reason == _MALFORMED:
            return counted(self._http.bad_reply(f"the model's reply is {reason}"), usage)
        parts = candidate.content.parts or () if candidate.content else ()
        return Reply(
            text="".join(part.text or "" for part in parts if not part.thought),
            reasoning="".join(part.text or "" for part in parts if part.thought),
            finish=_FINISH.get(reason, reason),
            served=served,
            usage=usage,
        )


def _thinking(given: GoogleArguments) -> _Thinking | None:
    """Effort as a level; ``none`` is a budget of zero."""
    effort, budget = given.reasoning_effort, given.thinking_budget
    if effort == "none":
        effort, budget = None, budget or 0
    config = _Thinking(given.include_thoughts, budget, effort.upper() if effort else None)
    return None if config == _Thinking() else config


def _tokens(usage: _Usage | None) -> Usage:
    """Google counts thoughts beside the candidates and tool results beside the prompt; ours are the sums."""
    if usage is None:
        return Usage()
    prompt, said, thought = usage.prompt_token_count, usage.candidates_token_count, usage.thoughts_token_count
    return Usage(
        input=None if prompt is None else prompt + (usage.tool_use_prompt_token_count or 0),
        output=None if said is None and thought is None else (said or 0) + (thought or 0),
        cached=usage.cached_content_token_count,
        reasoning=thought,
    )
