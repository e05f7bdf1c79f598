"""Projects: the list, and another one."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.errors import Conflict, UsageError
from causal_eval.service import projects
from causal_eval.service.access import Permission, require
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import faults

FIELDS = ("id", "name")


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
    return see(f"/projects/{given['id']}")


def _page(asked: Asked, given: dict[str, str], wrong: dict[str, str]) -> Response:
    require(asked.visit.caller, Permission.ADMINISTER)
    found = projects.listed(asked.visit)
    values = {
        "projects": found,
        "members": {one.id: len(projects.members(asked.visit, one.id)) for one in found},
        "given": given,
        "wrong": dict.fromkeys(("", *FIELDS), "") | wrong,
    }
    return asked.page("projects", values, status=422 if wrong else 200)
