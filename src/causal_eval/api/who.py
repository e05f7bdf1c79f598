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

from causal_eval.api.turns import short
from causal_eval.errors import NotAllowed
from causal_eval.service.access import NOBODY, Caller, Permission, require
from causal_eval.service.accounts import local_caller
from causal_eval.service.inbound import Inbound
from causal_eval.service.readonly import check_writable
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

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
INCIDENTS = (
    "list_incidents", "open_incident", "get_incident", "acknowledge_incident", "classify_incident", "update_incident",
    "assign_incident", "escalate_incident", "resolve_incident", "snapshot_incident", "set_incident_cause",
    "plan_incident_task", "close_incident_task", "finish_incident_review",
)  # fmt: skip
"""Routes of what the sentinel keeps, in no database of the service."""
STEADY = frozenset(
    {
        *INCIDENTS, "report_problem",
        "log_in", "log_out", "solve", "verify_question", "verify_question_set", "reveal_commitment",
        "check_domain", "cancel_making",
        "set_switch", "take_back_switch", "cancel_evaluation", "pause_evaluation", "revoke_api_key",
        "revoke_provider_key", "disable_user", "disable_webhook",
    }
)  # fmt: skip
"""Routes that go on while the service only reads: they keep next to nothing, or stop something."""

PERMISSIONS: Mapping[str, Permission | None] = MappingProxyType(
    {
        "create_evaluation": Permission.EVALUATE,
        "list_evaluations": Permission.READ,
        "get_evaluation": Permission.READ,
        "cancel_evaluation": Permission.EVALUATE,
        "pause_evaluation": Permission.EVALUATE,
        "resume_evaluation": Permission.EVALUATE,
        "retry_evaluation": Permission.EVALUATE,
        "get_incident_effect": Permission.READ,
        "rerun_incident": Permission.OPERATE,
        "get_scores": Permission.READ,
        "look_at_evaluation": Permission.READ,
        "get_trend": Permission.READ,
        "diagnose_evaluation": Permission.READ,
        "profile_evaluation": Permission.READ,
        "list_profiles": Permission.READ,
        "reproduce_evaluation": Permission.READ,
        "get_ability": Permission.READ,
        "get_chart": Permission.READ,
        "get_calibration": Permission.READ,
        "list_results": Permission.READ,
        "get_result": Permission.READ,
        "watch_evaluation": Permission.READ,
        "create_report": Permission.EVALUATE,
        "list_reports": Permission.READ,
        "get_report": Permission.READ,
        "get_report_page": Permission.READ,
        "get_report_document": Permission.READ,
        "get_report_file": Permission.READ,
        "compare_evaluations": Permission.READ,
        "rank_evaluations": Permission.READ,
        "gate_evaluation": Permission.READ,
        "get_memorisation_gap": Permission.READ,
        "compare_question_sets": Permission.READ,
        "reveal_commitment": Permission.READ,
        "get_commitment": Permission.READ,
        "plan_evaluation": Permission.READ,
        "get_variance": Permission.READ,
        "get_score_table": Permission.READ,
        "create_question_set": Permission.EVALUATE,
        "bring_question_set": Permission.EVALUATE,
        "list_question_sets": Permission.READ,
        "export_question_set": Permission.READ,
        "list_makings": Permission.READ,
        "get_making": Permission.READ,
        "cancel_making": Permission.EVALUATE,
        "create_check": Permission.EVALUATE,
        "get_check_page": Permission.READ,
        "get_check": Permission.READ,
        "get_question_set": Permission.READ,
        "list_questions": Permission.READ,
        "verify_question_set": Permission.EVALUATE,
        "explain_question": Permission.READ,
        "verify_question": Permission.EVALUATE,
        "list_suites": Permission.READ,
        "list_families": Permission.READ,
        "list_domains": Permission.READ,
        "check_domain": Permission.READ,
        "solve": Permission.READ,
        "list_providers": Permission.READ,
        "get_provider": Permission.READ,
        "list_endpoints": Permission.EVALUATE,
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
        "disable_webhook": Permission.ADMINISTER,
        "enable_webhook": Permission.ADMINISTER,
        "list_deliveries": Permission.ADMINISTER,
        "resend_delivery": Permission.ADMINISTER,
        "log_in": None,
        "who_am_i": Permission.READ,
        "log_out": Permission.READ,
        "create_api_key": Permission.READ,
        "list_api_keys": Permission.READ,
        "revoke_api_key": Permission.READ,
        "list_users": Permission.ADMINISTER,
        "create_user": Permission.ADMINISTER,
        "disclose_question_set": Permission.ADMINISTER,
        "get_user": Permission.READ,
        "change_user": Permission.ADMINISTER,
        "set_password": Permission.READ,
        "disable_user": Permission.ADMINISTER,
        "enable_user": Permission.ADMINISTER,
        "list_projects": Permission.READ,
        "create_project": Permission.ADMINISTER,
        "get_project": Permission.READ,
        "set_project_rules": Permission.ADMINISTER,
        "list_members": Permission.ADMINISTER,
        "add_member": Permission.ADMINISTER,
        "remove_member": Permission.ADMINISTER,
        "export_project": Permission.ADMINISTER,
        "delete_project": Permission.ADMINISTER,
        "list_provider_keys": Permission.ADMINISTER,
        "keep_provider_key": Permission.ADMINISTER,
        "revoke_provider_key": Permission.ADMINISTER,
        "list_switches": Permission.OPERATE,
        "set_switch": Permission.OPERATE,
        "take_back_switch": Permission.OPERATE,
        "list_workers": Permission.OPERATE,
        **dict.fromkeys(INCIDENTS, Permission.OPERATE),
        "report_problem": Permission.READ,
        "list_audit": Permission.ADMINISTER,
        "check_audit": Permission.ADMINISTER,
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

    def remembered(self, service: Service, key: str, *, address: str) -> Caller | None:
        """The same where memory alone says so; None: it must be looked up."""

    def by_cookie(self, service: Service, cookie: str, *, address: str) -> Known:
        """The session with that cookie; NotLoggedIn if there is none."""


@dataclass(frozen=True, slots=True)
class Door:
    """What every route works with."""

    service: Service
    identify: Identify | None
    """None: nobody has an account."""
    inbound: Inbound
    """How often somebody may ask."""
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
        address, key = address_of(request), _key(request)
        if self.identify is not None and key:
            return self.identify.by_key(self.service, key, address=address)
        if (known := self.session(request)) is not None:
            _check_csrf(request, known.csrf)
            return known.caller
        if self.open_to_all:
            _check_own_page(request)
            return local_caller(address)
        return NOBODY

    def session(self, request: Request) -> Known | None:
        """The session of *request*, which a key goes before; None: there is none.

        Raises:
            NotLoggedIn: its cookie is no good.
        """
        cookie = request.cookies.get(cookie_name(request))
        if self.identify is None or not cookie or _key(request):
            return None
        return self.identify.by_cookie(self.service, cookie, address=address_of(request))

    def at_hand(self, request: Request) -> Caller | None:
        """Who asks, if not too often, where no database and no Redis need be asked; None: :meth:`admitted` tells.

        Raises:
            TooSoon, NotAllowed: the caller is refused.
        """
        key = _key(request)
        if self.inbound.shared is not None or (not key and request.cookies.get(cookie_name(request))):
            return None
        if key and self.identify is not None:
            caller = self.identify.remembered(self.service, key, address=address_of(request))
            if caller is not None:
                self.inbound.admit(caller, address=address_of(request))
            return caller
        return self.admitted(request)

    def admitted(self, request: Request) -> Caller:
        """Who asks, if not too often; who shows a key or cookie that is no good counts as an address.

        Raises:
            TooSoon, NotLoggedIn, NotAllowed: the caller is refused.
        """
        caller = NOBODY
        try:
            caller = self.caller(request)
        finally:
            self.inbound.admit(caller, address=address_of(request))
        return caller

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


async def door(request: Request) -> Door:
    """The door of the application that serves *request*; asynchronous, so that no thread is asked for it."""
    return _door(request)


async def visit(request: Request) -> Visit:
    """The caller at the service, once the route's permission is given; no thread is asked for whom memory knows."""
    here, route = _door(request), request.scope["route"]
    caller = here.at_hand(request)
    if caller is None:
        caller = await short(lambda: here.admitted(request))
    if route.name not in PERMISSIONS:
        raise NotAllowed(f"{route.name} is open to nobody: it names no permission")
    is_shown = here.service.now.public_leaderboard and route.name in PUBLISHED and caller == NOBODY
    if (needed := PERMISSIONS[route.name]) is not None and not is_shown:
        require(caller, needed)
    if request.method not in SAFE and route.name not in STEADY:
        await short(lambda: check_writable(here.service))
    return Visit(here.service, caller)


AtDoor = Annotated[Door, Depends(door)]
Visiting = Annotated[Visit, Depends(visit)]


def address_of(request: Request) -> str:
    """Where *request* comes from."""
    return request.client.host if request.client else ""


def is_secure(request: Request) -> bool:
    """Whether it came over https, be it to a listed proxy."""
    return request.url.scheme == "https"


def cookie_name(request: Request) -> str:
    """The cookie of sessions: over https one that no other host and no page over http can set."""
    return COOKIE if is_secure(request) else PLAIN_COOKIE


def check_no_strangers_page(request: Request) -> None:
    """Refuse what a page of another site has a browser send, so that none logs anybody in.

    Raises:
        NotAllowed: it comes from one.
    """
    if request.headers.get("sec-fetch-site", "same-origin") in {"cross-site", "same-site"}:
        raise NotAllowed("a page of another site asks: log in on the service's own page")


def _door(request: Request) -> Door:
    return cast("Door", request.app.state.door)


def _key(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


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
