"""Two evaluations of one set: the verdict first, then what it rests on, then the questions that made it."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.analysis.compare import Comparison
from causal_eval.errors import UnknownName, UsageError
from causal_eval.service.changes import SHOWN, changed
from causal_eval.service.comparing import compared
from causal_eval.service.overview import overview
from causal_eval.web.asked import Asked

_LEAST_SPAN = 0.05


def shown(asked: Asked) -> Response:
    """The choice of two, and the comparison once both are chosen."""
    a, b = asked.query.get("a", ""), asked.query.get("b", "")
    found, wrong = None, ""
    if a and b:
        try:
            found = compared(asked.visit, a, b=b).comparisons[0]
        except UnknownName:
            raise
        except UsageError as error:
            wrong = str(error)
    values = {
        "a": a,
        "b": b,
        "wrong": wrong,
        "choices": overview(asked.visit),
        "comparison": found,
        "span": _span(found) if found else 1.0,
        "changed": changed(asked.visit, a, b=b) if found else [],
        "most_changed": SHOWN,
    }
    return asked.page("compare", values, status=422 if wrong else 200)


def _span(found: Comparison) -> float:
    """How far the axis reaches on either side."""
    intervals = [found.difference, *(part.difference for part in found.scopes)]
    ends = [abs(end) for one in intervals for end in (one.low, one.high, one.estimate) if end is not None]
    return max([_LEAST_SPAN, *ends])
