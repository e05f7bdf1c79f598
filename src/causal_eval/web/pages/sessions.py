"""Logging in and out, and the language."""

from __future__ import annotations

import asyncio

from starlette.responses import RedirectResponse, Response

from causal_eval.errors import NotAllowed, NotLoggedIn, TooSoon, UnknownName
from causal_eval.service import oidc
from causal_eval.service.access import NOBODY
from causal_eval.service.oidc import Answer, OpenIdProvider, openid_provider
from causal_eval.web.asked import Asked, own_path, see
from causal_eval.web.language import COOKIE, LANGUAGES
from causal_eval.web.who import address, keep_cookie, session_cookie

_YEAR = 365 * 86_400
_KEPT = "ceb_login"
"""What a browser keeps while it is at the OpenID provider."""


def form(asked: Asked) -> Response:
    """The form, or the first page for who is somebody already."""
    if asked.guest.caller.actor != NOBODY.actor:
        return see("/")
    return _form(asked, error="", email="", wanted=asked.query.get("next", ""))


def log_in(asked: Asked) -> Response:
    """Begin a session and go on to the page that was wanted."""
    door, request, given = asked.door, asked.request, asked.form
    if door.identify is None:
        raise NotAllowed("there are no accounts here: start with `causal-eval serve` on this machine")
    email, wanted = given.get("email", ""), given.get("next", "")
    try:
        begun = door.identify.log_in(door.service, email, password=given.get("password", ""), address=address(request))
    except (NotAllowed, TooSoon) as error:
        return _form(asked, error=str(error), email=email, wanted=wanted, status=401)
    response = see(own_path(wanted))
    keep_cookie(response, request, value=begun.cookie, seconds=max(int(begun.expires_at - door.service.clock()), 1))
    return response


def log_out(asked: Asked) -> Response:
    """End the session."""
    cookie = session_cookie(asked.request)
    if asked.door.identify is not None and cookie:
        asked.door.identify.log_out(asked.door.service, cookie)
    response = see("/login")
    keep_cookie(response, asked.request, value="", seconds=0)
    return response


def language(asked: Asked) -> Response:
    """Remember the language, and show the same page in it."""
    response = see(own_path(asked.form.get("next", "/")))
    if (chosen := asked.form.get("language", "")) in LANGUAGES:
        response.set_cookie(COOKIE, chosen, max_age=_YEAR, path="/", httponly=True, samesite="lax")
    return response


def to_provider(asked: Asked) -> Response:
    """Send the browser to the OpenID provider; a link, because a form may not lead to another site."""
    provider = _provider(asked)
    try:
        begun = asyncio.run(oidc.begin(asked.door.service, provider, back=_back(asked)))
    except NotLoggedIn as error:
        return _form(asked, error=str(error), email="", wanted="", status=401)
    response = RedirectResponse(begun.url, 303)
    _keep(response, asked, value=begun.kept, seconds=int(oidc.SECONDS))
    return response


def from_provider(asked: Asked) -> Response:
    """Begin a session of whom the OpenID provider names."""
    query, request = asked.query, asked.request
    answer = Answer(request.cookies.get(_KEPT, ""), query.get("state", ""), query.get("code", ""))
    service, provider = asked.door.service, _provider(asked)
    try:
        begun = asyncio.run(oidc.finish(service, provider, answer=answer, back=_back(asked), address=address(request)))
    except NotLoggedIn as error:
        return _form(asked, error=str(error), email="", wanted="", status=401)
    response = see("/")
    keep_cookie(response, request, value=begun.cookie, seconds=max(int(begun.expires_at - service.clock()), 1))
    _keep(response, asked, value="", seconds=0)
    return response


def _form(asked: Asked, *, error: str, email: str, wanted: str, status: int = 200) -> Response:
    has_provider = bool(asked.door.service.settings.oidc_issuer)
    given = {"next": wanted, "email": email, "error": error, "has_provider": has_provider}
    given["is_changed"] = "changed" in asked.query
    return asked.page("login", given, status=status)


def _provider(asked: Asked) -> OpenIdProvider:
    found = openid_provider(asked.door.service.settings)
    if found is None or asked.door.identify is None:
        raise UnknownName("page", asked.request.url.path, ())
    return found


def _back(asked: Asked) -> str:
    url = asked.request.url
    return f"{url.scheme}://{url.netloc}/login/provider/back"


def _keep(response: Response, asked: Asked, *, value: str, seconds: int) -> None:
    is_secure = asked.request.url.scheme == "https"
    # lax: the provider's site sends the browser back with it
    response.set_cookie(
        _KEPT, value, max_age=seconds, path="/login/provider", secure=is_secure, httponly=True, samesite="lax"
    )
