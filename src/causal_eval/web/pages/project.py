"""A project: its rules and members; read out whole, or deleted whole by whoever types its name."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from causal_eval.errors import Conflict, UsageError
from causal_eval.service import projects, users
from causal_eval.service.access import Permission, require
from causal_eval.store.evaluations import LOCAL
from causal_eval.store.projects import Rules
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import faults, whole
from causal_eval.web.pages.download import chunks

FIELDS = ("monthly_cap", "retention_days", "confirm")


def shown(asked: Asked) -> Response:
    """The page."""
    return _page(asked, {})


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
    return see(f"/projects/{project}")


def exported(asked: Asked) -> Response:
    """Everything that it holds as a file."""
    lines = projects.export(asked.visit, asked.part("project"))
    name = f'attachment; filename="{projects.find(asked.visit, asked.part("project")).id}.jsonl"'
    return StreamingResponse(chunks(lines), media_type="application/x-ndjson", headers={"Content-Disposition": name})


def deleted(asked: Asked) -> Response:
    """Delete everything that it holds, if its id was typed."""
    project = asked.part("project")
    require(asked.visit.caller, Permission.ADMINISTER, project=project)
    if asked.form.get("confirm", "").strip() != project:
        return _page(asked, {"confirm": f"this is not {project}: nothing was deleted"})
    try:
        projects.delete(asked.visit, project)
    except (UsageError, Conflict) as error:
        return _page(asked, {"confirm": str(error)})
    return see("/projects")


def _ruled(asked: Asked, project: str) -> Response:
    try:
        rules = Rules(asked.form.get("monthly_cap", "").strip() or None, whole(asked.form, "retention_days"))
        projects.set_rules(asked.visit, project, rules=rules)
    except UsageError as error:
        return _page(asked, faults(error, FIELDS))
    return see(f"/projects/{project}")


def _page(asked: Asked, wrong: dict[str, str]) -> Response:
    require(asked.visit.caller, Permission.ADMINISTER)
    found = projects.find(asked.visit, asked.part("project"))
    members = projects.members(asked.visit, found.id)
    inside = {user.id for user in members}
    kept = {"monthly_cap": found.rules.monthly_cap or "", "retention_days": found.rules.retention_days or ""}
    values = {
        "project": found,
        "members": members,
        "others": [user for user in users.listed(asked.visit) if user.id not in inside],
        "given": kept | {name: value for name, value in asked.form.items() if name in kept},
        "can_go": found.id != LOCAL,
        "wrong": dict.fromkeys(("", *FIELDS), "") | wrong,
    }
    return asked.page("project", values, status=422 if wrong else 200)
