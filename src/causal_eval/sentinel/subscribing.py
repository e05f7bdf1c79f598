"""Where the public asks to be told of changes, confirms it and ends it; what a mail scanner opens changes nothing."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from causal_eval.errors import CausalEvalError, NotAllowed, TooSoon, UsageError
from causal_eval.incidents import subscribers
from causal_eval.incidents.book import Rows
from causal_eval.incidents.status.rendering import Notice, notice
from causal_eval.incidents.subscribers import Asked
from causal_eval.incidents.turnstile import Turnstile
from causal_eval.sentinel.process import Sentinel

LARGEST = 8192
"""Bytes of a form."""
MOST_OF_ONE, MOST_OF_ALL, MOST_LOOKS = 10, 300, 120
"""Forms in an hour by one address and by all, and pages that one may open."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
HERE: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1"))
"""This machine."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Subscribing:
    """Answers for *sentinel*."""

    sentinel: Sentinel
    turnstile: Turnstile
    proxies: tuple[Network, ...]
    """Who may say for whom he asks: what stands in front, on this machine or on another."""

    async def asked(self, request: web.Request) -> web.Response:
        """The form of the status page was sent."""
        self.turnstile.admit("all", most=MOST_OF_ALL)
        form = await self._form(request)
        channel, target = form.get("channel", ""), form.get("target", "").strip()
        if channel not in self.sentinel.ways:
            return _page("refused", "no_way", status=HTTPStatus.BAD_REQUEST)
        wanted = Asked(channel, target, secrets.token_urlsafe(32), allowed=self.sentinel.allowed)
        at, address = self.sentinel.clock(), self.sentinel.address
        return await self._done(
            lambda rows: subscribers.subscribe(rows, wanted, at=at, address=address), "asked", "asked_text"
        )

    async def confirmed(self, request: web.Request) -> web.Response:
        """Who got the letter presses the button."""
        token, at = await self._token(request), self.sentinel.clock()
        return await self._done(lambda rows: subscribers.confirm(rows, token, at=at), "confirmed", "confirmed_text")

    async def ended(self, request: web.Request) -> web.Response:
        """He wants it no longer, as he says by the button or his mail program by one click (RFC 8058).

        Programs of a great provider come from a few addresses: they may ask as often as pages are looked at.
        """
        token = await self._token(request, most=MOST_LOOKS)
        return await self._done(lambda rows: subscribers.unsubscribe(rows, token), "ended", "ended_text")

    async def button(self, request: web.Request) -> web.Response:
        """A page with a button, whoever opens the link: it looks nothing up."""
        self.turnstile.admit(f"look {self._who(request)}", most=MOST_LOOKS)
        deed = request.path.strip("/")
        token = request.query.get("token", "")[:200]
        return _page(f"{deed}_title", f"{deed}_help", deed=deed, token=token)

    async def _done(self, deed: Callable[[Rows], object], title: str, text: str) -> web.Response:
        def do() -> None:
            with self.sentinel.book.writing() as rows:
                deed(rows)

        try:
            await asyncio.to_thread(do)
        except UsageError:
            return _page("refused", "no_target", status=HTTPStatus.BAD_REQUEST)
        except NotAllowed:
            return _page("refused", "no_token", status=HTTPStatus.FORBIDDEN)
        except TooSoon:
            raise
        except CausalEvalError:
            return _page("refused", "no_room", status=HTTPStatus.SERVICE_UNAVAILABLE)
        return _page(title, text)

    async def _token(self, request: web.Request, *, most: int = MOST_OF_ONE) -> str:
        form = await self._form(request, most=most)
        return (form.get("token") or request.query.get("token", ""))[:200]

    async def _form(self, request: web.Request, *, most: int = MOST_OF_ONE) -> dict[str, str]:
        """What was sent; nobody sends often, or much."""
        self.turnstile.admit(f"form {most} {self._who(request)}", most=most)
        if request.content_length is None or request.content_length > LARGEST:
            raise web.HTTPRequestEntityTooLarge(max_size=LARGEST, actual_size=request.content_length or 0)
        return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}

    def _who(self, request: web.Request) -> str:
        """The address that asks; of a proxy, the last one that it names and that is none itself."""
        found = request.remote or ""
        for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
            if not self._is_proxy(found) or not hop.strip():
                break
            found = hop.strip()[:64]
        return found

    def _is_proxy(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self.proxies)


def add_pages(app: web.Application, sentinel: Sentinel, *, proxies: tuple[Network, ...]) -> None:
    """Give *app* the pages of subscriptions, where there are any, and all its answers what keeps a page to itself."""

    async def protect(_: web.Request, response: web.StreamResponse) -> None:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)

    app.on_response_prepare.append(protect)
    if not sentinel.ways:
        return
    pages = Subscribing(sentinel, Turnstile(sentinel.clock), proxies)
    posts: dict[str, Handler] = {"subscribe": pages.asked, "confirm": pages.confirmed, "unsubscribe": pages.ended}
    for name, handler in posts.items():
        app.router.add_post(f"/{name}", _limited(handler))
    for name in ("confirm", "unsubscribe"):
        app.router.add_get(f"/{name}", _limited(pages.button))


def _limited(handler: Handler) -> Handler:
    async def limited(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except TooSoon:
            return _page("refused", "too_many", status=HTTPStatus.TOO_MANY_REQUESTS)

    return limited


def _page(title: str, text: str, *, deed: str = "", token: str = "", status: int = HTTPStatus.OK) -> web.Response:
    body = notice(Notice(title, text, deed, token))
    headers = {"Cache-Control": "no-store"}
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8", headers=headers)
