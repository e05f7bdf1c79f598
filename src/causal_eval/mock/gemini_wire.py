"""Google's generateContent as the mock server speaks it."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from causal_eval.mock.wire import Asked, Json, Problem, Said, encoded, pieces, tokens

_WORDS = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
}
_DETAILS = {
    "authentication_error": {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"},
    "insufficient_quota": {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}],
    },
}
_FINISHES = {"length": "MAX_TOKENS", "refusal": "SAFETY"}
_STREAMING = ":streamGenerateContent"


class GeminiWire:
    """``generateContent`` and ``streamGenerateContent``; the model and the verb stand in the path."""

    path = "/{version:v1|v1beta}/models/{name}:{verb:generateContent|streamGenerateContent}"
    statuses = MappingProxyType(
        {"overloaded_error": 503, "authentication_error": 400, "request_too_large": 400, "unprocessable": 400}
    )

    def read(self, body: Json, path: str) -> Asked:
        """The last user turn; model and verb of *path*."""
        name = path.rpartition("/models/")[2].partition(":")[0]
        return Asked(_last_text(body), name, stream=path.endswith(_STREAMING))

    def reply(self, said: Said) -> Json:
        """A ``GenerateContentResponse``."""
        return self._chunk(said, said.text, ended=True)

    def stream(self, said: Said) -> Iterator[bytes]:
        """Responses with a piece of the text each; the last says how it ended."""
        texts = pieces(said.text) or [""]
        for place, text in enumerate(texts, start=1):
            yield b"data: " + encoded(self._chunk(said, text, ended=place == len(texts))) + b"\n\n"

    def error(self, problem: Problem) -> Json:
        """The ``google.rpc.Status`` under ``error``."""
        details = [_DETAILS[problem.kind]] if problem.kind in _DETAILS else []
        word = _WORDS.get(problem.status, "UNKNOWN")
        return {
            "error": {"code": problem.status, "message": problem.message, "status": word, "details": details},
        }

    def _chunk(self, said: Said, text: str, *, ended: bool) -> Json:
        head = {"modelVersion": said.model, "responseId": "mock", "usageMetadata": self._usage(said)}
        if said.finish == "content_filter":
            return {**head, "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
        if said.finish == "empty":
            return head
        candidate: Json = {"index": 0}
        if said.finish != "refusal":
            candidate["content"] = {"role": "model", "parts": [{"text": text}]}
        if ended:
            candidate["finishReason"] = _FINISHES.get(said.finish, "STOP")
        return {**head, "candidates": [candidate]}

    def _usage(self, said: Said) -> Json:
        read, written = tokens(said.asked), tokens(said.text)
        return {"promptTokenCount": read, "candidatesTokenCount": written, "totalTokenCount": read + written}


def _last_text(body: Json) -> str:
    contents = body.get("contents")
    for turn in reversed(contents if isinstance(contents, list) else []):
        if isinstance(turn, dict) and turn.get("role", "user") == "user":
            parts = turn.get("parts")
            found = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
            return "".join(str(part.get("text", "")) for part in found)
    return ""
