"""Incidents: what is open, all about one, and each step that people take, in one line from a telephone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.responses import Response

from causal_eval.errors import CausalEvalError, Conflict, SentinelAway, UsageError
from causal_eval.incidents.contacts import Role
from causal_eval.incidents.incident import Severity, State
from causal_eval.service import incident_effects, incidents
from causal_eval.service.incident_effects import Left
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import day, faults, whole
from causal_eval.web.statuses import status_of

NEW = ("title", "severity", "component", "impact")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "ack": (),
    "classify": ("severity", "reason"),
    "update": ("text", "state", "eta", "public"),
    "assign": ("to",),
    "escalate": ("reason", "to"),
    "resolve": ("resolution", "root_cause"),
    "snapshot": (),
    "cause": ("text",),
    "todo": ("text", "owner", "until"),
    "done": ("task", "waived"),
    "reviewed": (),
}
"""What is done with one -> the fields of its form."""
RERUN = "rerun"
_CALLED = tuple(one for one in Role if one not in {Role.INCIDENTS, Role.TEAM_LEAD})
"""Who may be called; the channel and the team lead are told in any case."""
_MOVES = (State.INVESTIGATING, State.MITIGATING, State.MONITORING)
_REFUSED = (UsageError, Conflict, SentinelAway)


def shown(asked: Asked) -> Response:
    """What is open, worst first, or everything, newest first; and the form for another one."""
    return _list(asked, {})


def opened(asked: Asked) -> Response:
    """Open one, or find the open one of its kind."""
    values: dict[str, object] = {name: asked.form.get(name, "").strip() for name in NEW}
    values["component"] = values["component"] or "other"
    values["private"] = bool(asked.form.get("private"))
    try:
        found = incidents.start(asked.visit, values, key=asked.form.get("once", ""))
    except _REFUSED as error:
        return _list(asked, faults(error, NEW), status=status_of(error))
    return see(f"/incidents/{found.id}")


def one(asked: Asked) -> Response:
    """All about one."""
    return _page(asked, "", error=None)


def acted(asked: Asked) -> Response:
    """Take a step, and see what has become of it."""
    incident, act, key = asked.part("incident"), asked.part("act"), asked.form.get("once", "")
    if act not in FIELDS:
        raise HTTPException(404)
    try:
        if act == "snapshot":
            incidents.snapshot(asked.visit, incident, key=key)
        else:
            incidents.act(asked.visit, incident, deed=act, values=_values(act, asked.form), key=key)
    except _REFUSED as error:
        return _page(asked, act, error=error)
    return see(f"/incidents/{incident}", {"did": act})


def asked_again(asked: Asked) -> Response:
    """Ask what it touched again, each evaluation once; what is left is shown with its reason.

    As ``causal-eval incident effect --rerun`` does; the service wants the permission *operate*, which operators and
    admins have. Sent twice, the second time orders nothing.
    """
    incident = asked.part("incident")
    found = incident_effects.rerun(asked.visit, incident)
    if found.left or not found.ordered:
        return _page(asked, RERUN, error=None, left=found.left)
    return see(f"/incidents/{incident}", {"did": RERUN})


def _values(act: str, form: Mapping[str, str]) -> dict[str, object]:
    """What the form of *act* says, as the sentinel takes it."""
    values: dict[str, object] = {name: form.get(name, "").strip() for name in FIELDS[act]}
    match act:
        case "update":
            values |= {"state": values["state"] or None, "public": bool(form.get("public"))}
        case "escalate":
            values["to"] = values["to"] or None
        case "todo":
            values = {"text": values["text"], "owner": values["owner"], "due_at": day(form, "until")}
        case "done":
            values = {"task": whole(form, "task", usual=0), "waived": values["waived"]}
    return values


def _list(asked: Asked, wrong: dict[str, str], *, status: int = 200) -> Response:
    is_all = asked.query.get("state") == "all"
    before = whole(asked.query, "before", usual=0) or 0
    values = {
        "listing": incidents.listed(asked.visit, over=is_all, before=max(0, before)),
        "is_all": is_all,
        "now": asked.door.service.clock(),
        "severities": list(Severity),
        "given": {"severity": "P2", **asked.form},
        "wrong": dict.fromkeys(("", *NEW), "") | wrong,
        "once": asked.door.service.token(),
    }
    return asked.page("incidents", values, status=status)


def _page(asked: Asked, act: str, *, error: CausalEvalError | None, left: Sequence[Left] = ()) -> Response:
    case = incidents.find(asked.visit, asked.part("incident"))
    did = asked.query.get("did", "")
    touched = incident_effects.touched(asked.visit, case.whole.incident.id)
    values = {
        "case": case,
        "touched": touched,
        "may_ask": any(one.marked and not one.reruns for one in touched),
        "left": left,
        "incident": case.whole.incident,
        "is_live": case.whole.incident.state.is_live,
        "now": asked.door.service.clock(),
        "severities": list(Severity),
        "moves": _MOVES,
        "roles": _CALLED,
        "once": asked.door.service.token(),
        "act": act,
        "wrong": "" if error is None else str(error),
        "given": asked.form if error is not None else {},
        "did": did if did in {*FIELDS, RERUN} else "",
    }
    return asked.page("incident", values, status=200 if error is None else status_of(error))
