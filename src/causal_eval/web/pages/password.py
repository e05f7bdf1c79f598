"""One's own password; a new one ends all sessions, this one too."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.errors import NotAllowed, UsageError
from causal_eval.service import users
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import faults

_DIFFER = "the two new passwords differ: type the same one twice"
FIELDS = ("present", "password", "again")


def form(asked: Asked) -> Response:
    """The form; without an account there is none to fill in."""
    return _page(asked, {})


def changed(asked: Asked) -> Response:
    """Set it, and have its owner log in with it."""
    kind, _, user = asked.visit.caller.actor.partition(":")
    if kind != "user":
        raise NotAllowed("nobody is logged in with a password here: only accounts have one")
    password = asked.form.get("password", "")
    if password != asked.form.get("again", ""):
        return _page(asked, {"again": _DIFFER})
    try:
        users.set_password(asked.visit, user, password=password, present=asked.form.get("present", ""))
    except (NotAllowed, UsageError) as error:
        return _page(asked, faults(error, FIELDS))
    return see("/login", {"changed": "1"})


def _page(asked: Asked, wrong: dict[str, str]) -> Response:
    return asked.page("password", {"wrong": dict.fromkeys(("", *FIELDS), "") | wrong}, status=422 if wrong else 200)
