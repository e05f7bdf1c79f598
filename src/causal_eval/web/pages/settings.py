"""What is set, and where each value came from; keys are no settings and are not shown."""

from __future__ import annotations

import re

from starlette.responses import Response

from causal_eval.service.access import Permission, require
from causal_eval.settings import SETTINGS
from causal_eval.web.asked import Asked

_PASSWORD = re.compile(r"(?<=://)([^:/@]*):[^@]*@")


def shown(asked: Asked) -> Response:
    """The page."""
    require(asked.visit.caller, Permission.OPERATE)
    settings = asked.door.service.settings
    rows = [
        (one.variable, _PASSWORD.sub(r"\1:***@", str(getattr(settings, one.name))), settings.origins[one.name])
        for one in SETTINGS
    ]
    return asked.page("settings", {"rows": rows, "unknown": settings.unknown})
