"""OpenAI's Responses API as the mock server speaks it."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from causal_eval.mock.wire import Asked, Json, OpenAIWire, Problem, Said, encoded, pieces, read_chat, tokens

_CUT = MappingProxyType({"length": "max_output_tokens", "content_filter": "content_filter"})
"""How a reply ended -> why the response is incomplete."""


class ResponsesWire:
    """Responses."""

    path = "/v1/responses"
    statuses = MappingProxyType({"overloaded_error": 503})

    def read(self, body: Json, path: str) -> Asked:  # noqa: ARG002 - the body says all
        """Input (a text or turns), model, stream."""
        given = body.get("input")
        turns = [{"role": "user", "content": given}] if isinstance(given, str) else given
        return read_chat({**body, "messages": turns})

    def reply(self, said: Said) -> Json:
        """A ``response`` object."""
        reason = _CUT.get(said.finish)
        return {
            **self._head(said, "incomplete" if reason else "completed"),
            "incomplete_details": {"reason": reason} if reason else None,
            "output": [] if said.finish == "empty" else [self._message(said)],
            "usage": self._usage(said),
        }

    def stream(self, said: Said) -> Iterator[bytes]:
        """From ``response.created`` to ``response.completed`` (or ``response.incomplete``), numbered."""
        for number, event in enumerate(self._events(said)):
            data = encoded({**event, "sequence_number": number}).decode()
            yield f"event: {event['type']}\ndata: {data}\n\n".encode()

    def error(self, problem: Problem) -> Json:
        """The same as chat completions'."""
        return OpenAIWire().error(problem)

    def _events(self, said: Said) -> Iterator[Json]:
        begun = self._head(said, "in_progress")
        yield {"type": "response.created", "response": begun}
        yield {"type": "response.in_progress", "response": begun}
        if said.finish != "empty":
            yield from self._spoken(said)
        ended = self.reply(said)
        yield {"type": f"response.{ended['status']}", "response": ended}

    def _spoken(self, said: Said) -> Iterator[Json]:
        kind = "refusal" if said.finish == "refusal" else "output_text"
        logged: Json = {} if kind == "refusal" else {"logprobs": []}
        message, place = self._message(said), {"output_index": 0}
        inside = {**place, "item_id": message["id"], "content_index": 0}
        item = {**message, "content": [], "status": "in_progress"}
        yield {"type": "response.output_item.added", **place, "item": item}
        yield {"type": "response.content_part.added", **inside, "part": self._part(said, "")}
        for piece in pieces(said.text):
            yield {"type": f"response.{kind}.delta", **inside, **logged, "delta": piece}
        whole = "refusal" if kind == "refusal" else "text"
        yield {"type": f"response.{kind}.done", **inside, **logged, whole: said.text}
        yield {"type": "response.content_part.done", **inside, "part": self._part(said, said.text)}
        yield {"type": "response.output_item.done", **place, "item": message}

    def _message(self, said: Said) -> Json:
        status = "incomplete" if said.finish in _CUT else "completed"
        content = [self._part(said, said.text)]
        return {"id": "msg_mock", "type": "message", "role": "assistant", "status": status, "content": content}

    def _part(self, said: Said, text: str) -> Json:
        if said.finish == "refusal":
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}

    def _head(self, said: Said, status: str) -> Json:
        return {
            "id": "resp_mock",
            "object": "response",
            "created_at": 0,
            "model": said.model,
            "status": status,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "output": [],
            "parallel_tool_calls": True,
            "temperature": None,
            "tool_choice": "auto",
            "tools": [],
            "top_p": None,
            "usage": None,
        }

    def _usage(self, said: Said) -> Json:
        read, written = tokens(said.asked), tokens(said.text)
        return {
            "input_tokens": read,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": written,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": read + written,
        }
