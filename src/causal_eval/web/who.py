"""Who a page is for: a session cookie, or the machine itself; and the token that every form sends back."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from causal_eval.errors import NotAllowed, NotLoggedIn
from causal_eval.service.access import NOBODY, Caller, Role
from causal_eval.service.wiring import Service

SECURE_COOKIE = "__Host-ceb_session"
PLAIN_COOKIE = "ceb_session"
"""Over plain HTTP on this machine, where browsers take no ``__Host-`` cookie."""
FORM_COOKIE = "ceb_form"
"""Holds the token of forms while nobody is logged in."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "testserver"})


class Known(Protocol):
    """Somebody with a session."""

    @property
    def caller(self) -> Caller:
        """Who it is."""

    @property
    def csrf(self) -> str:
        """What its forms must send back."""


class Begun(Protocol):
    """A session that has begun."""

    @property
    def cookie(self) -> str:
        """What the browser keeps."""

    @property
    def expires_at(self) -> float:
        """Seconds since 1970."""


class Identify(Protocol):
    """Tells who somebody is, and lets them in and out (``service.accounts``)."""

    def by_cookie(self, service: Service, cookie: str, *, address: str) -> Known:
        """The session with that cookie; NotLoggedIn if there is none."""

    def log_in(self, service: Service, email: str, *, password: str, address: str) -> Begun:
        """A new session; NotLoggedIn if the two do not belong together."""

    def log_out(self, service: Service, cookie: str) -> None:
        """End the session."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Whoever a request comes from."""

    caller: Caller
    csrf: str
    """Token of its forms; empty: a fresh one is needed."""
    has_session: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    """What every page works with."""

    service: Service
    identify: Identify | None
    """None: nobody has an account."""
    open_to_all: bool
    """Whoever reaches this machine's own address is its user: never on another address."""

    def guest(self, request: Request) -> Guest:
        """Who asks; nobody, where nothing is said or the session is over.

        Raises:
            NotAllowed: without accounts, a request that did not come from this machine's own pages.
        """
        token = request.cookies.get(FORM_COOKIE, "")
        cookie = session_cookie(request)
        if self.identify is not None and cookie:
            try:
                known = self.identify.by_cookie(self.service, cookie, address=address(request))
            except NotLoggedIn:
                return Guest(NOBODY, token)
            return Guest(known.caller, known.csrf, has_session=True)
        if self.open_to_all:
            check_own_page(request)
            return Guest(Caller("local", "local", Role.ADMIN, None, address=address(request)), token)
        return Guest(NOBODY, token)


def address(request: Request) -> str:
    """Where a request comes from."""
    return request.client.host if request.client else ""


def session_cookie(request: Request) -> str:
    """The session's cookie; empty: there is none."""
    return request.cookies.get(SECURE_COOKIE) or request.cookies.get(PLAIN_COOKIE) or ""


def keep_cookie(response: Response, request: Request, *, value: str, seconds: int) -> None:
    """Have the browser keep the session; no *seconds* take it away."""
    is_secure = request.url.scheme == "https"
    name = SECURE_COOKIE if is_secure else PLAIN_COOKIE
    response.set_cookie(name, value, max_age=seconds, path="/", secure=is_secure, httponly=True, samesite="lax")


def check_token(guest: Guest, form: Mapping[str, str]) -> None:
    """Return where a form was made by our own page for this browser.

    Raises:
        NotAllowed: it was not, or the page is too old.
    """
    sent = form.get("csrf", "")
    if not guest.csrf or not hmac.compare_digest(sent.encode(), guest.csrf.encode()):
        raise NotAllowed("this form is too old, or was not made for this browser: go back, load the page again")


def check_own_page(request: Request) -> None:
    """Refuse what a page of another site has this machine's browser send, also under a name that it chose."""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    origin = request.headers.get("origin")
    foreign = origin is not None and (urlsplit(origin).hostname or "") not in LOOPBACK
    if host not in LOOPBACK or foreign or request.headers.get("sec-fetch-site") == "cross-site":
        raise NotAllowed("without accounts only this machine's own pages and programs may ask: use http://127.0.0.1")
