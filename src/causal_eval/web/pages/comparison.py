"""Evaluations of one set beside each other: the verdict first, then what it rests on, then what made it."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.analysis.compare import Comparison
from causal_eval.analysis.intervals import Interval
from causal_eval.errors import UnknownName, UsageError
from causal_eval.service import charts
from causal_eval.service.changes import SHOWN, changed
from causal_eval.service.comparing import Compared, compared
from causal_eval.service.overview import overview
from causal_eval.web.asked import Asked

SIDES = ("a", "b", "c", "d")
"""Fields of the form; from three on there are rank sets in place of one verdict."""
_LEAST_SPAN = 0.05


def shown(asked: Asked) -> Response:
    """The choice of two or more, and the comparison once they are chosen."""
    chosen = {side: asked.query.get(side, "") for side in SIDES}
    found, wrong = None, ""
    names = [name for name in chosen.values() if name]
    if len(names) > 1:
        try:
            found = compared(asked.visit, names)
        except UnknownName:
            raise
        except UsageError as error:
            wrong = str(error)
    one = found.comparisons[0] if found and len(found.comparisons) == 1 else None
    values = {
        "chosen": chosen,
        "a": names[0] if one else "",
        "b": names[1] if one else "",
        "wrong": wrong,
        "choices": overview(asked.visit),
        "found": found,
        "comparison": one,
        "span": _span(found, parts=one is not None) if found else 1.0,
        "scores": _scores(found) if found else {},
        "changed": changed(asked.visit, names[0], b=names[1]) if one else [],
        "most_changed": SHOWN,
        "chart_names": charts.OF_SEVERAL,
    }
    return asked.page("compare", values, status=422 if wrong else 200)


def _scores(found: Compared) -> dict[str, Interval]:
    """Answerer -> score."""
    return {one.a: one.score_a for one in found.comparisons} | {one.b: one.score_b for one in found.comparisons}


def _span(found: Compared, *, parts: bool) -> float:
    """How far the axis reaches on either side."""
    ends = [abs(end) for one in found.comparisons for end in _ends(one, parts=parts)]
    return max([_LEAST_SPAN, *ends])


def _ends(one: Comparison, *, parts: bool) -> list[float]:
    intervals = [one.difference, *(part.difference for part in one.scopes if parts)]
    return [end for part in intervals for end in (part.low, part.high, part.estimate) if end is not None]
