"""Users: added, given another role, shut out and let in again."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from causal_eval.errors import Conflict, UsageError
from causal_eval.service import projects, users
from causal_eval.service.access import Role
from causal_eval.service.users import NewUser
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import faults

FIELDS = ("email", "name", "role", "password", "project")


def shown(asked: Asked) -> Response:
    """The list, and the form for another one."""
    return _page(asked, dict.fromkeys(FIELDS, "") | {"role": "viewer"}, {})


def added(asked: Asked) -> Response:
    """Make an account."""
    given = {name: asked.form.get(name, "").strip() for name in FIELDS}
    entered = frozenset({given["project"]} if given["project"] else ())
    try:
        wanted = NewUser(given["email"], given["name"], _role(given["role"]), given["password"] or None, entered)
        users.add(asked.visit, wanted)
    except (UsageError, Conflict) as error:
        return _page(asked, given | {"password": ""}, faults(error, FIELDS))
    return see("/users")


def changed(asked: Asked) -> Response:
    """Give a user another role, shut him out or let him in again."""
    user = asked.part("user")
    match asked.form.get("act", ""):
        case "role":
            users.change(asked.visit, user, role=_role(asked.form.get("role", "")))
        case "disable":
            users.disable(asked.visit, user)
        case "enable":
            users.enable(asked.visit, user)
        case _:
            raise HTTPException(404)
    return see("/users")


def _role(text: str) -> Role:
    if text not in list(Role):
        raise UsageError(f"role is {text!r}: give {', '.join(Role)}")
    return Role(text)


def _page(asked: Asked, given: dict[str, str], wrong: dict[str, str]) -> Response:
    values = {
        "users": users.listed(asked.visit),
        "roles": list(Role),
        "projects": [one.id for one in projects.listed(asked.visit)],
        "given": given,
        "wrong": dict.fromkeys(("", *FIELDS), "") | wrong,
    }
    return asked.page("users", values, status=422 if wrong else 200)
