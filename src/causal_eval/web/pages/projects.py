"""Projects: added, with their rules and members."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from causal_eval.errors import Conflict, UsageError
from causal_eval.service import projects, users
from causal_eval.service.access import Permission, require
from causal_eval.store.projects import Rules
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import faults, whole

FIELDS = ("id", "name", "monthly_cap", "retention_days")


def shown(asked: Asked) -> Response:
    """The list, and the form for another one."""
    return _page(asked, dict.fromkeys(FIELDS, ""), {})


def added(asked: Asked) -> Response:
    """Make a project."""
    given = {name: asked.form.get(name, "").strip() for name in FIELDS}
    try:
        projects.add(asked.visit, given["id"], name=given["name"])
    except (UsageError, Conflict) as error:
        return _page(asked, given, faults(error, FIELDS))
    return see("/projects")


def changed(asked: Asked) -> Response:
    """Set rules, or let somebody in or put him out."""
    project, user = asked.part("project"), asked.form.get("user", "")
    match asked.form.get("act", ""):
        case "rules":
            return _ruled(asked, project)
        case "let_in":
            projects.let_in(asked.visit, project, user=user)
        case "put_out":
            projects.put_out(asked.visit, project, user=user)
        case _:
            raise HTTPException(404)
    return see("/projects")


def _ruled(asked: Asked, project: str) -> Response:
    try:
        rules = Rules(asked.form.get("monthly_cap", "").strip() or None, whole(asked.form, "retention_days"))
        projects.set_rules(asked.visit, project, rules=rules)
    except UsageError as error:
        return _page(asked, dict.fromkeys(FIELDS, ""), {"": str(error)})
    return see("/projects")


def _page(asked: Asked, given: dict[str, str], wrong: dict[str, str]) -> Response:
    require(asked.visit.caller, Permission.ADMINISTER)
    found = projects.listed(asked.visit)
    values = {
        "projects": found,
        "members": {one.id: projects.members(asked.visit, one.id) for one in found},
        "users": users.listed(asked.visit),
        "given": given,
        "wrong": dict.fromkeys(("", *FIELDS), "") | wrong,
    }
    return asked.page("projects", values, status=422 if wrong else 200)
