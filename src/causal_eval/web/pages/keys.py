"""API keys: one's own, or everybody's for an admin; a new one is shown once."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.errors import Conflict, NotAllowed, UsageError
from causal_eval.service import keys, projects
from causal_eval.service.access import Permission, Role, at_least
from causal_eval.service.keys import KeyOrder
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import faults, whole

FIELDS = ("name", "role", "project", "days", "scopes")
SCOPES = tuple(Permission)
USUAL = dict.fromkeys(FIELDS, "") | {"role": "viewer", "days": "90"}
_DAY = 86_400.0


def shown(asked: Asked) -> Response:
    """The list, and the form for another one."""
    return _page(asked, USUAL, {})


def made(asked: Asked) -> Response:
    """The list with the new key, which is shown this once."""
    given = {name: asked.form.get(name, "").strip() for name in FIELDS}
    try:
        days = whole(given, "days")
        until = None if days is None else asked.door.service.clock() + days * _DAY
        role = Role(given["role"]) if given["role"] in list(Role) else Role.VIEWER
        scopes = frozenset(scope for scope in SCOPES if asked.form.get(f"scope_{scope}"))
        new = keys.make(asked.visit, KeyOrder(given["name"], role, given["project"] or None, scopes, until))
    except (UsageError, NotAllowed, Conflict) as error:
        return _page(asked, given, faults(error, FIELDS))
    return _page(asked, USUAL, {}, fresh=new.key)


def revoked(asked: Asked) -> Response:
    """Shut a key out."""
    keys.revoke(asked.visit, asked.part("key"))
    return see("/keys")


def _page(asked: Asked, given: dict[str, str], wrong: dict[str, str], *, fresh: str = "") -> Response:
    everybodys = asked.visit.caller.may(Permission.ADMINISTER)
    values = {
        "keys": keys.listed(asked.visit, everybodys=everybodys),
        "roles": [role for role in Role if at_least(asked.visit.caller.role, role)],
        "scopes": SCOPES,
        "chosen": {scope for scope in SCOPES if asked.form.get(f"scope_{scope}")} if wrong else set(),
        "projects": [one.id for one in projects.listed(asked.visit)],
        "given": given,
        "wrong": dict.fromkeys(("", *FIELDS), "") | wrong,
        "fresh": fresh,
        "now": asked.door.service.clock(),
    }
    return asked.page("keys", values, status=422 if wrong else 200)
