"""The submissions of one's projects, newest first: also those that stand on no board."""

from __future__ import annotations

import json

from starlette.responses import Response

from causal_eval.service import submissions
from causal_eval.web.asked import Asked
from causal_eval.web.forms import before, place

PAGE = 20


def listed(asked: Asked) -> Response:
    """The list."""
    found = submissions.listed(asked.visit, before=before(asked.query), limit=PAGE + 1)
    last = found[PAGE - 1] if len(found) > PAGE else None
    values = {
        "submissions": found[:PAGE],
        "flags": {one.id: json.loads(one.flags) for one in found},
        "is_first": "before" not in asked.query,
        "next": place(last.created_at, last.id) if last else "",
    }
    return asked.page("submissions", values)
