"""The list of evaluations, newest first."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.service.overview import overview
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import before, place

PAGE = 25


def front(asked: Asked) -> Response:
    """The first page is the list."""
    del asked
    return see("/evaluations")


def listed(asked: Asked) -> Response:
    """A page of the list."""
    project = asked.query.get("project") or None
    lines = overview(asked.visit, project=project, before=before(asked.query), limit=PAGE + 1)
    shown, last = lines[:PAGE], lines[PAGE - 1].line.job if len(lines) > PAGE else None
    values = {
        "lines": shown,
        "project": project,
        "next": place(last.created_at, last.evaluation_id) if last else None,
        "is_first": "before" not in asked.query,
        "is_live": any(one.line.job.status == "open" for one in shown),
    }
    return asked.page("evaluations", values)
