"""Report a problem: whoever has logged in says what does not work, and operators see it within a moment."""

from __future__ import annotations

import re

from starlette.responses import Response

from causal_eval.errors import SentinelAway, TooSoon, UsageError
from causal_eval.incidents.reported import Trouble
from causal_eval.service import incidents
from causal_eval.web.asked import Asked, own_path, see
from causal_eval.web.forms import faults
from causal_eval.web.statuses import status_of

FIELDS = ("trouble", "text", "page")
_ID = re.compile(r"INC-[0-9]{1,15}")
_LONGEST = 300


def form(asked: Asked) -> Response:
    """The form, for the page that it was opened from; afterwards what the report has become."""
    recorded = asked.query.get("recorded", "")
    page = own_path(asked.query.get("page", ""))[:_LONGEST]
    given = {"trouble": Trouble.PAGE.value, "text": "", "page": "" if page == "/" else page}
    return _page(asked, given, {}, recorded=recorded if _ID.fullmatch(recorded) else "")


def reported(asked: Asked) -> Response:
    """Hand it to who keeps incidents; where that is away, the words stay in the form."""
    given = {name: asked.form.get(name, "").strip() for name in FIELDS}
    given["page"] = given["page"][:_LONGEST]
    try:
        incident = incidents.report(asked.visit, given, key=asked.form.get("once", ""))
    except (UsageError, TooSoon, SentinelAway) as error:
        wrong = {"away": "1"} if isinstance(error, SentinelAway) else faults(error, FIELDS)
        return _page(asked, given, wrong, status=status_of(error))
    return see("/problem", {"recorded": incident})


def _page(
    asked: Asked, given: dict[str, str], wrong: dict[str, str], *, recorded: str = "", status: int = 200
) -> Response:
    values = {
        "given": given,
        "recorded": recorded,
        "troubles": [one.value for one in Trouble],
        "wrong": dict.fromkeys(("", "away", *FIELDS), "") | wrong,
        "once": asked.door.service.token(),
    }
    return asked.page("problem", values, status=status)
