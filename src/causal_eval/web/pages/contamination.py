"""Whether questions were known before they were asked, as pages."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.analysis.alike import RISK
from causal_eval.errors import TooLarge, UnknownName, UsageError
from causal_eval.service import contamination, questions
from causal_eval.service.overview import overview
from causal_eval.web.asked import Asked

_LEAST_SPAN = 0.05


def memorisation(asked: Asked) -> Response:
    """The choice of two evaluations, and the gap once both are chosen."""
    chosen = {name: asked.query.get(name, "").strip() for name in ("published", "fresh")}
    found, wrong = None, ""
    if all(chosen.values()):
        try:
            found = contamination.memorised(asked.visit, chosen["published"], fresh=chosen["fresh"])
        except UnknownName:
            raise
        except UsageError as error:
            wrong = str(error)
    ends = () if found is None else (found.gap.low, found.gap.estimate, found.gap.high)
    values = {
        "chosen": chosen,
        "wrong": wrong,
        "found": found,
        "span": max([_LEAST_SPAN, *(abs(end) for end in ends if end is not None)]),
        "choices": overview(asked.visit),
    }
    return asked.page("memorisation", values, status=422 if wrong else 200)


def sets(asked: Asked) -> Response:
    """The choice of two sets, and every feature of both once they are chosen."""
    chosen = {name: asked.query.get(name, "").strip() for name in ("one", "other")}
    found, wrong = None, ""
    if all(chosen.values()):
        try:
            found = contamination.likened(asked.visit, chosen["one"], other=chosen["other"])
        except UnknownName:
            raise
        except (UsageError, TooLarge) as error:
            wrong = str(error)
    values = {
        "chosen": chosen,
        "wrong": wrong,
        "found": found,
        "risk": RISK,
        "choices": questions.listed(asked.visit),
    }
    return asked.page("set_comparison", values, status=422 if wrong else 200)
