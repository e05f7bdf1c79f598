"""What every request passes first: its true address, limits of size and depth, and the headers of safety."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import anyio
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from causal_eval.api.problem import answer

LARGEST_BODY = 2**20
PATIENCE = 30.0
DEEPEST = 40
"""Brackets within brackets."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_RAW = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Guard:
    """An ASGI application before another one."""

    app: ASGIApp
    proxies: Sequence[Network] = ()
    """Whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed."""
    patience: float = PATIENCE
    """Seconds in which a body has to be there."""
    large: Iterable[str] = ()
    """Beginnings of paths that take bodies of any size, because they read them as they come."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        self._unforward(scope, request)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                there = {name for name, _ in given}
                message = {**message, "headers": [*given, *(one for one in _RAW if one[0] not in there)]}
            await send(message)

        if request.method in {"GET", "HEAD"} or scope["path"].startswith(tuple(self.large)):
            await self.app(scope, receive, sending)
        else:
            await self._bounded(request, receive, send=sending)

    async def _bounded(self, request: Request, receive: Receive, *, send: Send) -> None:
        body: bytes | None = b""
        with anyio.move_on_after(self.patience) as waiting:
            body = await _read(request, receive)
        if waiting.cancelled_caught:
            detail = f"the body was not there within {self.patience:g} s: send it again"
            headers = {"Connection": "close"}
            refusal = answer(request, 408, kind="body-too-slow", detail=detail, headers=headers)
            await refusal(request.scope, receive, send)
        elif body is None:
            detail = f"the body is larger than {LARGEST_BODY} bytes: send less at once"
            await answer(request, 413, kind="body-too-large", detail=detail)(request.scope, receive, send)
        elif too_deep(body):
            detail = f"the body nests more than {DEEPEST} levels deep"
            await answer(request, 422, kind="body-too-deep", detail=detail)(request.scope, receive, send)
        else:
            await self.app(request.scope, _again(body, receive), send)

    def _unforward(self, scope: Scope, request: Request) -> None:
        """Put the caller's own address into *scope*, if a listed proxy tells it: the last one that is no proxy."""
        client = scope.get("client")
        if not self.proxies or not client or not self._is_proxy(client[0]):
            return
        for hop in reversed(request.headers.get("x-forwarded-for", "").split(",")):
            if not _is_address(hop.strip()):
                break
            scope["client"] = (hop.strip(), 0)
            if not self._is_proxy(hop.strip()):
                break
        if (scheme := request.headers.get("x-forwarded-proto", "")) in {"http", "https"}:
            scope["scheme"] = scheme

    def _is_proxy(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in network for network in self.proxies)


def too_deep(body: bytes) -> bool:
    """Whether the JSON in *body* nests deeper than is read."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return False
    depth = 0
    for token in _TOKEN.finditer(body):
        if token[0] in {b"[", b"{"}:
            depth += 1
        elif token[0] in {b"]", b"}"}:
            depth -= 1
        if depth > DEEPEST:
            return True
    return False


async def _read(request: Request, receive: Receive) -> bytes | None:
    """The whole body; None: it is larger than what is read."""
    said = request.headers.get("content-length", "0")
    if said.isdigit() and int(said) > LARGEST_BODY:
        return None
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BODY:
            return None
        more = message["type"] == "http.request" and message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """A way to receive *body* in one piece, then what comes."""
    pending = [body]

    async def receiving() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return receiving


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
