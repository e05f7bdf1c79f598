"""API keys: one's own, or everybody's for an admin; a new one is shown once."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.errors import Conflict, NotAllowed, UsageError
from causal_eval.service import keys
from causal_eval.service.access import Permission, Role
from causal_eval.service.keys import KeyOrder
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import faults, whole

FIELDS = ("name", "role", "project", "days")
_DAY = 86_400.0


def shown(asked: Asked) -> Response:
    """The list, and the form for another one."""
    return _page(asked, dict.fromkeys(FIELDS, "") | {"role": "viewer", "days": "90"}, {})


def made(asked: Asked) -> Response:
    """The list with the new key, which is shown this once."""
    given = {name: asked.form.get(name, "").strip() for name in FIELDS}
    try:
        days = whole(given, "days")
        until = None if days is None else asked.door.service.clock() + days * _DAY
        role = Role(given["role"]) if given["role"] in list(Role) else Role.VIEWER
        new = keys.make(asked.visit, KeyOrder(given["name"], role, given["project"] or None, expires_at=until))
    except (UsageError, NotAllowed, Conflict) as error:
        return _page(asked, given, faults(error, FIELDS))
    return _page(asked, dict.fromkeys(FIELDS, "") | {"role": "viewer", "days": "90"}, {}, fresh=new.key)


def revoked(asked: Asked) -> Response:
    """Shut a key out."""
    keys.revoke(asked.visit, asked.part("key"))
    return see("/keys")


def _page(asked: Asked, given: dict[str, str], wrong: dict[str, str], *, fresh: str = "") -> Response:
    everybodys = asked.visit.caller.may(Permission.ADMINISTER)
    values = {
        "keys": keys.listed(asked.visit, everybodys=everybodys),
        "roles": list(Role),
        "given": given,
        "wrong": dict.fromkeys(("", *FIELDS), "") | wrong,
        "fresh": fresh,
        "now": asked.door.service.clock(),
    }
    return asked.page("keys", values, status=422 if wrong else 200)
