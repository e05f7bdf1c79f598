"""The two wire formats of the mock server, as plain JSON values; no network here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import msgspec

Json = dict[str, Any]

_OPENAI_TYPES = {
    "authentication_error": "invalid_request_error",
    "permission_error": "invalid_request_error",
    "not_found_error": "invalid_request_error",
    "request_too_large": "invalid_request_error",
    "unprocessable": "invalid_request_error",
    "overloaded_error": "server_error",
}
_OPENAI_CODES = {
    "authentication_error": "invalid_api_key",
    "not_found_error": "model_not_found",
    "rate_limit_error": "rate_limit_exceeded",
}
_ANTHROPIC_TYPES = {
    "server_error": "api_error",
    "insufficient_quota": "billing_error",
    "content_filter": "invalid_request_error",
    "unprocessable": "invalid_request_error",
}
_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal", "empty": "end_turn"}
"""Anthropic's words; a reply that its filter stops is no reply there but status 400."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the pretended model says."""

    text: str
    model: str
    """The name that it is served under."""
    asked: str = ""
    finish: str = "stop"
    """``stop``, ``length``, ``refusal``, ``content_filter`` or ``empty``."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request wants."""

    text: str
    """The last user message."""
    model: str
    stream: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """An error status with its documented body."""

    status: int
    kind: str
    """The API's own word for it."""
    message: str


class Wire(Protocol):
    """One API's shapes."""

    @property
    def path(self) -> str:
        """Where it is served."""

    @property
    def statuses(self) -> Mapping[str, int]:
        """Kind of problem -> status, where the API differs from the other."""

    def read(self, body: Json, path: str) -> Asked:
        """What the request with *body* to *path* wants."""

    def reply(self, said: Said) -> Json:
        """The body of a 200 response."""

    def stream(self, said: Said) -> Iterator[bytes]:
        """The same as server-sent events."""

    def error(self, problem: Problem) -> Json:
        """The body of an error response."""


def read_chat(body: Json) -> Asked:
    """What a body with ``messages``, ``model`` and ``stream`` wants."""
    return Asked(_last_text(body), str(body.get("model", "")), bool(body.get("stream")))


def _last_text(body: Json) -> str:
    """The text of the last user message; content may be a string or a list of text parts."""
    messages = body.get("messages")
    for message in reversed(messages if isinstance(messages, list) else []):
        if isinstance(message, dict) and message.get("role") == "user":
            return _joined(message.get("content"))
    return ""


def _joined(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def pieces(text: str) -> list[str]:
    """*text* cut as a model would stream it: word by word, nothing lost."""
    words = text.split(" ")
    return [word if place == 0 else f" {word}" for place, word in enumerate(words)] if text else []


def json_object(raw: bytes) -> Json | None:
    """The JSON object in *raw*; None: there is none."""
    try:
        value = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return None
    return value if isinstance(value, dict) else None


def encoded(data: object) -> bytes:
    """JSON."""
    return msgspec.json.encode(data)


def tokens(text: str) -> int:
    """A stand-in for tokens: words."""
    return len(text.split())


def _event(data: Json, *, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {encoded(data).decode()}\n\n".encode()


class OpenAIWire:
    """Chat completions."""

    path = "/v1/chat/completions"
    statuses = MappingProxyType({"overloaded_error": 503})

    def read(self, body: Json, path: str) -> Asked:  # noqa: ARG002 - the body says all
        """Messages, model, stream."""
        return read_chat(body)

    def reply(self, said: Said) -> Json:
        """A ``chat.completion`` object."""
        refused = said.finish == "refusal"
        message = {
            "role": "assistant",
            "content": None if refused else said.text,
            "refusal": said.text if refused else None,
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish(said)}
        return {
            **self._head(said, "chat.completion"),
            "choices": [] if said.finish == "empty" else [choice],
            "usage": self._usage(said),
        }

    def stream(self, said: Said) -> Iterator[bytes]:
        """``chat.completion.chunk`` events, then ``[DONE]``."""
        head = self._head(said, "chat.completion.chunk")
        field = "refusal" if said.finish == "refusal" else "content"
        if said.finish != "empty":
            deltas: list[Json] = [{"role": "assistant", field: ""}, *({field: piece} for piece in pieces(said.text))]
            for delta in deltas:
                yield _event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            yield _event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": self._finish(said)}]})
        yield _event({**head, "choices": [], "usage": self._usage(said)})
        yield b"data: [DONE]\n\n"

    def error(self, problem: Problem) -> Json:
        """The ``error`` object with type and code."""
        kind = _OPENAI_TYPES.get(problem.kind, problem.kind)
        code = _OPENAI_CODES.get(problem.kind, problem.kind)
        return {"error": {"message": problem.message, "type": kind, "param": None, "code": code}}

    def _head(self, said: Said, kind: str) -> Json:
        return {"id": "chatcmpl-mock", "object": kind, "created": 0, "model": said.model, "system_fingerprint": "mock"}

    def _finish(self, said: Said) -> str:
        return said.finish if said.finish in {"length", "content_filter"} else "stop"

    def _usage(self, said: Said) -> Json:
        read, written = tokens(said.asked), tokens(said.text)
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


class AnthropicWire:
    """Messages."""

    path = "/v1/messages"
    statuses = MappingProxyType({"overloaded_error": 529, "insufficient_quota": 402, "content_filter": 400})

    def read(self, body: Json, path: str) -> Asked:  # noqa: ARG002 - the body says all
        """Messages, model, stream."""
        return read_chat(body)

    def reply(self, said: Said) -> Json:
        """A ``message`` object."""
        return {
            **self._head(said),
            "content": [] if said.finish in {"empty", "refusal"} else [{"type": "text", "text": said.text}],
            "stop_reason": _STOP_REASONS[said.finish],
            **self._stop_details(said),
            "usage": {"input_tokens": tokens(said.asked), "output_tokens": tokens(said.text)},
        }

    def stream(self, said: Said) -> Iterator[bytes]:
        """``message_start`` to ``message_stop``."""
        start = {**self._head(said), "content": [], "stop_reason": None, "usage": self._usage(said, output=0)}
        yield self._named({"type": "message_start", "message": start})
        if said.finish not in {"empty", "refusal"}:
            block = {"type": "text", "text": ""}
            yield self._named({"type": "content_block_start", "index": 0, "content_block": block})
            for piece in pieces(said.text):
                delta = {"type": "text_delta", "text": piece}
                yield self._named({"type": "content_block_delta", "index": 0, "delta": delta})
            yield self._named({"type": "content_block_stop", "index": 0})
        ended = {"stop_reason": _STOP_REASONS[said.finish], "stop_sequence": None, **self._stop_details(said)}
        usage = {"output_tokens": tokens(said.text)}
        yield self._named({"type": "message_delta", "delta": ended, "usage": usage})
        yield self._named({"type": "message_stop"})

    def error(self, problem: Problem) -> Json:
        """The ``error`` envelope."""
        kind = _ANTHROPIC_TYPES.get(problem.kind, problem.kind)
        return {"type": "error", "error": {"type": kind, "message": problem.message}, "request_id": "req_mock"}

    def _head(self, said: Said) -> Json:
        return {
            "id": "msg_mock",
            "type": "message",
            "role": "assistant",
            "model": said.model,
            "stop_sequence": None,
        }

    def _stop_details(self, said: Said) -> Json:
        if said.finish != "refusal":
            return {"stop_details": None}
        return {"stop_details": {"type": "refusal", "category": None, "explanation": said.text}}

    def _usage(self, said: Said, *, output: int) -> Json:
        return {"input_tokens": tokens(said.asked), "output_tokens": output}

    def _named(self, data: Json) -> bytes:
        return _event(data, name=str(data["type"]))


def catalogue(models: tuple[str, ...]) -> Json:
    """The body of ``/v1/models`` in a form that both APIs' clients read."""
    rows = [
        {
            "id": name,
            "object": "model",
            "type": "model",
            "created": 0,
            "created_at": "1970-01-01T00:00:00Z",
            "display_name": name,
            "owned_by": "mock",
        }
        for name in models
    ]
    ends = {"first_id": models[0], "last_id": models[-1]} if models else {"first_id": None, "last_id": None}
    return {"object": "list", "data": rows, "has_more": False, **ends}
