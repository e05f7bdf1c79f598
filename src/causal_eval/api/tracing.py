"""Requests told to traces, where there are any; nothing stands here where there are none."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from causal_eval.api.logged import QUIET
from causal_eval.api.measuring import route_of
from causal_eval.operations.asked import Asked
from causal_eval.operations.traces import Traces

EVALUATIONS = "/api/v1/evaluations"


class Tracing:
    """An ASGI application before another one."""

    def __init__(self, app: ASGIApp, tell: Callable[[Asked], None]) -> None:
        self._app = app
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and tell how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, made, began = 500, "", time.time()

        async def sending(message: Message) -> None:
            nonlocal status, made
            if message["type"] == "http.response.start":
                status = message["status"]
                made = _header(message["headers"], b"location") if status == HTTPStatus.CREATED else ""
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            if scope["path"] not in QUIET or status >= HTTPStatus.BAD_REQUEST:
                ours = made.startswith(f"{EVALUATIONS}/")
                known = made.rpartition("/")[2] if ours else scope.get("path_params", {}).get("evaluation", "")
                self._tell(
                    Asked(
                        scope["method"], route_of(scope), status, str(scope.get("request_id", "")), began, time.time(),
                        evaluation=str(known), made=ours, parent=_header(scope["headers"], b"traceparent"),
                    )
                )  # fmt: skip


def install(app: FastAPI, traces: Traces) -> None:
    """Have every request of *app* told to *traces*."""
    app.add_middleware(Tracing, tell=traces.answered)


def _header(headers: list[tuple[bytes, bytes]], wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in headers if name.lower() == wanted), "")
