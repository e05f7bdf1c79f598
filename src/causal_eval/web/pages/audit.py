"""The audit log, newest first, and whether it is whole."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.service import audit
from causal_eval.web.asked import Asked
from causal_eval.web.forms import whole

PAGE = 100


def shown(asked: Asked) -> Response:
    """A page of the log."""
    before = whole(asked.query, "before")
    lines = audit.listed(asked.visit, before=before, limit=PAGE + 1)
    values = {
        "lines": lines[:PAGE],
        "next": lines[PAGE - 1].id if len(lines) > PAGE else None,
        "is_first": before is None,
        "broken": audit.broken(asked.visit) if before is None else [],
    }
    return asked.page("audit", values)
