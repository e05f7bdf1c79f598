"""The outermost layer: every request has an id, which every line about it carries, and one line when it is answered."""

from __future__ import annotations

import asyncio
import re
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from causal_eval.operations.lines import Named, RequestLog

QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})
"""Asked every few seconds by machines: told at DEBUG while they answer well."""
GONE = 499
"""The status in the log where who asked went away."""

_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Logged:
    """An ASGI application before another one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._log = RequestLog("causal_eval.api", time.time)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and say how it went."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["request_id"] = name = _id_of(scope)
        answered = _Answered(send, name.encode())
        began = time.perf_counter()
        with Named({"request_id": name}):
            try:
                await self.app(scope, receive, answered)
            except asyncio.CancelledError:
                answered.status = GONE
                raise
            finally:
                self._tell(scope, answered, began=began)

    def _tell(self, scope: Scope, answered: _Answered, *, began: float) -> None:
        path = scope.get("raw_path") or scope["path"].encode()
        took = (time.perf_counter() - began) * 1000
        fields: dict[str, object] = {"duration_ms": round(took, 1), "client": (scope.get("client") or ("-",))[0]}
        if answered.streams_from is not None:  # how long somebody listens says nothing of how quick we are
            fields["duration_ms"], fields["listened_ms"] = (
                round((answered.streams_from - began) * 1000, 1),
                round(took, 1),
            )
        event = f"{scope['method']} {path.decode('latin-1')}"
        self._log.write(event, fields, status=answered.status, quiet=scope["path"] in QUIET)


class _Answered:
    """A way to send that notes the status, and adds the id of the request."""

    def __init__(self, send: Send, name: bytes) -> None:
        self._send = send
        self._name = name
        self.status = 500
        """What an application that raises is answered with."""
        self.streams_from: float | None = None
        """When a stream of events began."""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = message.get("headers", ())
            if any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in given):
                self.streams_from = time.perf_counter()
            message = {**message, "headers": [*given, (b"x-request-id", self._name)]}
        await self._send(message)


def _id_of(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode() if _ID.fullmatch(given) else secrets.token_hex(16)
