"""A request as a page sees it: who asks, in which language, with which fields; and the page as an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from causal_eval.errors import NotAllowed, UsageError
from causal_eval.service.access import NOBODY, Permission, Role, at_least, require
from causal_eval.service.readonly import check_writable
from causal_eval.service.wiring import Visit
from causal_eval.web import language
from causal_eval.web.language import LANGUAGES, Texts
from causal_eval.web.rendering import template
from causal_eval.web.who import FORM_COOKIE, Door, Guest, check_token

LARGEST_FORM = 2**18
MOST_FIELDS = 100
_OF_A_SUBMISSION = ("", "/badge.svg", "/result.yaml", "/signed.json")
PUBLISHED = frozenset({"/leaderboard"} | {f"/submissions/{{submission}}{file}" for file in _OF_A_SUBMISSION})
"""Paths where the service decides whether somebody who has not logged in sees what is published."""
OPEN = PUBLISHED | {"/login", "/login/provider", "/login/provider/back", "/logout", "/language"}
"""Paths for whoever comes; all others are for who has logged in."""
STEADY = frozenset(
    {
        "/login", "/logout", "/language", "/playground", "/playground/question", "/keys/{key}/revoke",
        "/projects/{project}/keys/{key}/revoke", "/incidents", "/incidents/{incident}/{act}", "/problem",
        "/reveal", "/domains", "/makings/{making}/cancel",
    }
)  # fmt: skip
STEADY_ACTS = frozenset({"cancel", "pause", "disable"})
"""Forms that go on while the service only reads, as the API's routes do: what stops something is never refused."""
FIELD_LENGTH = 100_000
"""Characters of a field; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, once it is known who asks."""

    request: Request
    door: Door
    guest: Guest
    texts: Texts
    form: Mapping[str, str]
    """Fields of a form that was sent; empty: a page is asked for."""

    @property
    def visit(self) -> Visit:
        """Who asks, at the service."""
        return Visit(self.door.service, self.guest.caller)

    @property
    def query(self) -> Mapping[str, str]:
        """Fields behind the address."""
        return self.request.query_params

    def part(self, name: str) -> str:
        """That part of the path."""
        return str(self.request.path_params[name])

    def page(self, name: str, values: Mapping[str, Any], *, status: int = 200) -> Response:
        """The template *name* with *values*, and what every page has."""
        caller = self.guest.caller
        whole = {
            "t": self.texts,
            "languages": LANGUAGES,
            "csrf": self.guest.csrf,
            "caller": None if caller.actor == NOBODY.actor else caller,
            "may_operate": caller.may(Permission.OPERATE),
            "may_evaluate": caller.may(Permission.EVALUATE),
            "is_admin": at_least(caller.role, Role.ADMIN) and caller.may(Permission.ADMINISTER),
            "has_session": self.guest.has_session,
            "path": self.request.url.path,
            "here": self.request.url.path + (f"?{self.request.url.query}" if self.request.url.query else ""),
            **values,
        }
        return HTMLResponse(
            template(name, self.texts.code).render(whole), status, {"Content-Language": self.texts.code}
        )


Handler = Callable[[Asked], Response]


def handled(door: Door, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A route's endpoint: *handler* on a thread, once a form's token is checked."""

    async def endpoint(request: Request) -> Response:
        form = await _form(request) if request.method == "POST" else {}
        return await run_in_threadpool(_answer, request, door, handler=handler, form=form)

    return endpoint


def _answer(request: Request, door: Door, *, handler: Handler, form: Mapping[str, str]) -> Response:
    guest = door.guest(request)
    if request.method == "POST":
        check_token(guest, form)
        if request.scope["route"].path not in STEADY and request.path_params.get("act") not in STEADY_ACTS:
            check_writable(door.service)
    if request.scope["route"].path not in OPEN:  # what is there is nobody's business who has not logged in
        require(guest.caller, Permission.READ)
    asked = asked_by(request, door, guest=guest)
    response = handler(replace(asked, form=form))
    keep_token(response, asked)
    return response


def asked_by(request: Request, door: Door, *, guest: Guest) -> Asked:
    """The request of *guest*, who gets a token for forms if there is none."""
    there = guest if guest.csrf else replace(guest, csrf=door.service.token())
    return Asked(request, door, there, language.wanted(request), {})


def keep_token(response: Response, asked: Asked) -> None:
    """Have the browser keep the token of its forms, where no session holds it."""
    if not asked.guest.has_session and asked.request.cookies.get(FORM_COOKIE) != asked.guest.csrf:
        is_secure = asked.request.url.scheme == "https"
        response.set_cookie(FORM_COOKIE, asked.guest.csrf, path="/", secure=is_secure, httponly=True, samesite="strict")


def see(path: str, query: Mapping[str, str] | None = None) -> Response:
    """Have the browser go on to *path*, with *query* behind it."""
    return RedirectResponse(path + (f"?{urlencode(query)}" if query else ""), 303)


def own_path(text: str) -> str:
    """*text* if it is a path of these pages, else their first page: nobody is sent to another site."""
    is_own = text.startswith("/") and not text.startswith("//") and "\\" not in text and text.isprintable()
    return quote(text, safe="/?&=%.,:-_~+") if is_own else "/"


async def _form(request: Request) -> dict[str, str]:
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > LARGEST_FORM:
        raise UsageError(f"the form is larger than {LARGEST_FORM} bytes, or does not say how large: send less at once")
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        raise NotAllowed(f"a form is sent as application/x-www-form-urlencoded, not {kind!r}")
    sent = await request.form(max_fields=MOST_FIELDS, max_files=0)
    return {name: value[:FIELD_LENGTH] for name, value in sent.items() if isinstance(value, str)}
