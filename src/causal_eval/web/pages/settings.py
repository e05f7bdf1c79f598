"""What is set, and where each value came from; keys are no settings and are not shown."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.service.access import Permission, require
from causal_eval.settings import SETTINGS, without_password
from causal_eval.settings.table import Setting
from causal_eval.settings.words import share
from causal_eval.web.asked import Asked

_NOTHING = "–"


def shown(asked: Asked) -> Response:
    """The page."""
    require(asked.visit.caller, Permission.OPERATE)
    settings = asked.door.service.now
    rows = [(one.variable, _said(one, getattr(settings, one.name)), settings.origins[one.name]) for one in SETTINGS]
    return asked.page("settings", {"rows": rows, "unknown": settings.unknown})


def _said(setting: Setting, value: object) -> str:
    if value is None or value == "":
        return _NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{100 * value:g} %" if setting.read is share else f"{value:g} s"
    return without_password(str(value))
