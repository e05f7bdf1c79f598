"""Logging in and out, and the language."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.errors import CausalEvalError, NotAllowed, TooSoon
from causal_eval.service.access import NOBODY
from causal_eval.web.asked import Asked, own_path, see
from causal_eval.web.language import COOKIE, LANGUAGES
from causal_eval.web.who import address, keep_cookie, session_cookie

_YEAR = 365 * 86_400


def form(asked: Asked) -> Response:
    """The form, or the first page for who is somebody already."""
    if asked.guest.caller.actor != NOBODY.actor:
        return see("/")
    return asked.page("login", {"next": asked.query.get("next", ""), "email": "", "error": ""})


def log_in(asked: Asked) -> Response:
    """Begin a session and go on to the page that was wanted."""
    door, request, given = asked.door, asked.request, asked.form
    if door.identify is None:
        raise NotAllowed("there are no accounts here: start with `causal-eval serve` on this machine")
    email, wanted = given.get("email", ""), given.get("next", "")
    try:
        begun = door.identify.log_in(door.service, email, password=given.get("password", ""), address=address(request))
    except (NotAllowed, TooSoon) as error:
        return _again(asked, error, email=email, wanted=wanted)
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


def _again(asked: Asked, error: CausalEvalError, *, email: str, wanted: str) -> Response:
    return asked.page("login", {"next": wanted, "email": email, "error": str(error)}, status=401)
