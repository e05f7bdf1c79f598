"""Every request measured, and ``/metrics``, which is told to this machine and to who holds the token."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from causal_eval.api.routing import PlainRoute
from causal_eval.api.who import Door, address_of
from causal_eval.operations.listener import FORWARDED, may_scrape
from causal_eval.operations.metrics import CONTENT_TYPE, METHODS, OTHER, UNMATCHED, Metrics
from causal_eval.operations.metrics import Request as Measured

GONE = 499
"""Status, in metrics alone, of a request that was given up before an answer began."""


@dataclass(frozen=True, slots=True)
class Measuring:
    """An ASGI application before another one: counts what is asked, by route, and how long it took."""

    app: ASGIApp
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, stream, began = 500, False, perf_counter()  # what raises is answered with 500, further out

        async def sending(message: Message) -> None:
            nonlocal status, stream
            if message["type"] == "http.response.start":
                status, stream = message["status"], _is_stream(message)
            await send(message)

        requests = self.metrics.requests
        requests.in_flight.inc()
        try:
            await self.app(scope, receive, sending)
        except asyncio.CancelledError:
            status = GONE
            raise
        finally:
            requests.in_flight.dec()
            method = scope["method"] if scope["method"] in METHODS else OTHER
            requests.count(Measured(method, route_of(scope), status, stream), perf_counter() - began)


async def metrics(request: Request) -> Response:
    """What this process counts, for Prometheus."""
    door: Door = request.app.state.door
    allowed = may_scrape(
        address_of(request),
        forwarded=any(name in request.headers for name in FORWARDED),
        authorization=request.headers.get("authorization", ""),
        token_file=door.service.settings.metrics_token_file,
    )
    if not allowed:
        raise HTTPException(404)
    told: Metrics = request.app.state.metrics
    return Response(told.text(), media_type=CONTENT_TYPE)


def install(app: FastAPI, counted: Metrics) -> None:
    """Have everything that *app* is asked measured, from the first byte, and told at ``/metrics``."""
    app.state.metrics = counted
    app.router.routes.append(PlainRoute("/metrics", metrics, methods=["GET"]))
    app.add_middleware(Measuring, metrics=counted)


def expect(app: FastAPI) -> None:
    """Let every route that *app* has by now stand at 0."""
    told: Metrics = app.state.metrics
    told.requests.expect(_methods(app.routes))


def _methods(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Route):
            yield from ((method, route.path) for method in sorted(route.methods or ()) if method in METHODS)
        elif isinstance(route, Mount):
            yield from _methods(route.routes)


def _is_stream(message: Message) -> bool:
    """Whether nobody knew how long the answer would be."""
    return message["status"] == HTTPStatus.OK and all(name != b"content-length" for name, _ in message["headers"])


def route_of(scope: Scope) -> str:
    """The template that took the request; never what was asked for."""
    route = scope.get("route")
    path = getattr(route, "path", "")
    if isinstance(route, Mount) and not path:
        return UNMATCHED
    return path or UNMATCHED
