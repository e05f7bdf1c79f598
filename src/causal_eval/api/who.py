"""Who asks, and whether this route is theirs: from an API key, a session cookie, or the machine itself."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Protocol, cast
from urllib.parse import urlsplit

from fastapi import Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request

from causal_eval.errors import NotAllowed
from causal_eval.service.access import NOBODY, Caller, Permission, require
from causal_eval.service.accounts import local_caller
from causal_eval.service.wiring import Service, Visit

COOKIE = "__Host-ceb_session"
PLAIN_COOKIE = "ceb_session"
"""Over plain HTTP on this machine, where browsers take no ``__Host-`` cookie."""
CSRF = "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEAVY = 2
"""Requests that may compute at once: solve, generate, verify, compare."""
HEAVY_SECONDS = 5.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "testserver"})

PERMISSIONS: Mapping[str, Permission | None] = MappingProxyType(
    {
        "create_evaluation": Permission.EVALUATE,
        "list_evaluations": Permission.READ,
        "get_evaluation": Permission.READ,
        "cancel_evaluation": Permission.EVALUATE,
        "pause_evaluation": Permission.EVALUATE,
        "resume_evaluation": Permission.EVALUATE,
        "retry_evaluation": Permission.EVALUATE,
        "get_scores": Permission.READ,
        "list_results": Permission.READ,
        "get_result": Permission.READ,
        "watch_evaluation": Permission.READ,
        "compare_evaluations": Permission.READ,
        "create_question_set": Permission.EVALUATE,
        "list_question_sets": Permission.READ,
        "get_question_set": Permission.READ,
        "list_questions": Permission.READ,
        "verify_question_set": Permission.EVALUATE,
        "explain_question": Permission.READ,
        "list_suites": Permission.READ,
        "list_families": Permission.READ,
        "list_domains": Permission.READ,
        "solve": Permission.READ,
        "list_providers": Permission.READ,
        "get_provider": Permission.READ,
        "get_leaderboard": Permission.READ,
        "list_boards": Permission.READ,
        "list_scopes": Permission.READ,
        "get_signing_key": Permission.READ,
        "get_badge": Permission.READ,
        "export_result": Permission.READ,
        "create_verified_submission": Permission.EVALUATE,
        "create_reported_submission": Permission.EVALUATE,
        "list_submissions": Permission.READ,
        "get_submission": Permission.READ,
        "score_submission": Permission.EVALUATE,
        "moderate_submission": Permission.EVALUATE,
        "list_moderation": Permission.READ,
        "create_webhook": Permission.ADMINISTER,
        "list_webhooks": Permission.ADMINISTER,
        "get_webhook": Permission.ADMINISTER,
        "delete_webhook": Permission.ADMINISTER,
        "enable_webhook": Permission.ADMINISTER,
        "list_deliveries": Permission.ADMINISTER,
        "resend_delivery": Permission.ADMINISTER,
        "health": None,
        "ready": None,
        "version": None,
    }
)
"""Route by operation id -> what it needs; None: nobody need be known. A route that is not here is refused."""

PUBLISHED = frozenset(
    {"get_leaderboard", "list_boards", "list_scopes", "get_signing_key", "get_badge", "export_result", "get_submission"}
)
"""What nobody need be known for where the leaderboard is public; the service shows what is published alone."""


class Known(Protocol):
    """Somebody with a session."""

    @property
    def caller(self) -> Caller:
        """Who it is."""

    @property
    def csrf(self) -> str:
        """What a request that changes something must send back."""


class Identify(Protocol):
    """Tells who somebody is (``service.accounts``)."""

    def by_key(self, service: Service, key: str, *, address: str) -> Caller:
        """The caller with that API key; NotLoggedIn if there is none."""

    def by_cookie(self, service: Service, cookie: str, *, address: str) -> Known:
        """The session with that cookie; NotLoggedIn if there is none."""


@dataclass(frozen=True, slots=True)
class Door:
    """What every route works with."""

    service: Service
    identify: Identify | None
    """None: nobody has an account."""
    open_to_all: bool = False
    """Whoever reaches this machine's own address is its user: never on another address."""
    heavy: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(HEAVY))
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set before the server shuts down: listeners are let go."""

    def caller(self, request: Request) -> Caller:
        """Who asks; nobody, where nothing is said.

        Raises:
            NotLoggedIn: a key or cookie that is no good.
            NotAllowed: a session without its token, or another site's page that uses this machine.
        """
        address = request.client.host if request.client else ""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        cookie = request.cookies.get(COOKIE) or request.cookies.get(PLAIN_COOKIE)
        if self.identify is not None and scheme.lower() == "bearer" and key:
            return self.identify.by_key(self.service, key.strip(), address=address)
        if self.identify is not None and cookie:
            known = self.identify.by_cookie(self.service, cookie, address=address)
            _check_csrf(request, known.csrf)
            return known.caller
        if self.open_to_all:
            _check_own_page(request)
            return local_caller(address)
        return NOBODY

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Hold one of the few places for requests that compute.

        Raises:
            HTTPException: none was free within seconds (503).
        """
        if not self.heavy.acquire(timeout=HEAVY_SECONDS):
            raise HTTPException(503, "too much is being computed at the moment: try again", {"Retry-After": "5"})
        try:
            yield
        finally:
            self.heavy.release()


def door(request: Request) -> Door:
    """The door of the application that serves *request*."""
    return cast("Door", request.app.state.door)


def visit(request: Request) -> Visit:
    """The caller at the service, once the route's permission is given."""
    here, route = door(request), request.scope["route"]
    caller = here.caller(request)
    if route.name not in PERMISSIONS:
        raise NotAllowed(f"{route.name} is open to nobody: it names no permission")
    is_shown = here.service.settings.public_leaderboard and route.name in PUBLISHED and caller == NOBODY
    if (needed := PERMISSIONS[route.name]) is not None and not is_shown:
        require(caller, needed)
    return Visit(here.service, caller)


AtDoor = Annotated[Door, Depends(door)]
Visiting = Annotated[Visit, Depends(visit)]


def _check_csrf(request: Request, csrf: str) -> None:
    sent = request.headers.get(CSRF, "")
    if request.method not in SAFE and not hmac.compare_digest(sent.encode(), csrf.encode()):
        raise NotAllowed(f"the session's token is missing or wrong: send it as {CSRF}")


def _check_own_page(request: Request) -> None:
    """Refuse what a page of another site has this machine's browser send, also under a name that it chose."""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    origin = request.headers.get("origin")
    foreign = origin is not None and (urlsplit(origin).hostname or "") not in LOOPBACK
    if host not in LOOPBACK or foreign or request.headers.get("sec-fetch-site") == "cross-site":
        raise NotAllowed("without accounts only this machine's own pages and programs may ask: use http://127.0.0.1")
