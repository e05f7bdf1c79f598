"""The list of evaluations, newest first."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.errors import UsageError
from causal_eval.service.overview import Scored, overview
from causal_eval.web.asked import Asked, see

PAGE = 25


def front(asked: Asked) -> Response:
    """The first page is the list."""
    del asked
    return see("/evaluations")


def listed(asked: Asked) -> Response:
    """A page of the list."""
    project = asked.query.get("project") or None
    lines = overview(asked.visit, project=project, before=_before(asked.query.get("before", "")), limit=PAGE + 1)
    shown, more = lines[:PAGE], len(lines) > PAGE
    values = {
        "lines": shown,
        "project": project,
        "next": _place(shown[-1]) if more else None,
        "is_first": "before" not in asked.query,
        "is_live": any(one.line.job.status == "open" for one in shown),
    }
    return asked.page("evaluations", values)


def _place(one: Scored) -> str:
    return f"{one.line.job.created_at!r}_{one.line.job.evaluation_id}"


def _before(text: str) -> tuple[float, str] | None:
    if not text:
        return None
    at, _, name = text.partition("_")
    try:
        return float(at), name
    except ValueError as error:
        raise UsageError(f"before is {text!r}: follow the link of the page before") from error
