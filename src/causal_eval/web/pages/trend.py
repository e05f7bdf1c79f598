"""A model over time: its measurements, when they changed, whether it drifts, and signs of another model."""

from __future__ import annotations

import math

from starlette.responses import Response

from causal_eval.errors import UnknownName, UsageError
from causal_eval.service.overview import overview
from causal_eval.service.trending import trended
from causal_eval.web.asked import Asked


def shown(asked: Asked) -> Response:
    """The choice of a model, and its trend once one is chosen."""
    answerer, found, wrong, status = asked.query.get("answerer", "").strip(), None, "", 200
    if answerer:
        try:
            found = trended(asked.visit, answerer)
        except UnknownName as error:
            wrong, status = str(error), 422
        except UsageError as error:  # there are too few runs as yet, which is no fault of who asks
            wrong = str(error)
    values = {
        "answerer": answerer,
        "names": sorted({one.line.answerer for one in overview(asked.visit)}),
        "wrong": wrong,
        "trend": found,
        "cut": {one.after: one for one in found.changes} if found else {},
        "signs": {one.evaluation: one for one in found.swaps} if found else {},
        "capital": {one.evaluation: math.exp(max(one.down, one.up)) for one in found.drift.path} if found else {},
        "limit": 1 / found.drift.alpha if found else 0,
    }
    return asked.page("trend", values, status=status)
