"""A gate: is a new evaluation shown to be no more than a margin worse than the baseline, and what did it take?"""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.analysis.gate import margin_of
from causal_eval.errors import UnknownName, UsageError
from causal_eval.service.comparing import Gated, gated
from causal_eval.service.overview import overview
from causal_eval.web.asked import Asked
from causal_eval.web.forms import faults

FIELDS = ("margin",)
USUAL = "2pts"
_LEAST_SPAN = 0.05


def shown(asked: Asked) -> Response:
    """The choice of two, and the ruling once both are chosen."""
    run, baseline = asked.query.get("run", ""), asked.query.get("baseline", "")
    margin = asked.query.get("margin", "") or USUAL
    found, wrong = None, dict[str, str]()
    if run and baseline:
        try:
            found = gated(asked.visit, run, baseline=baseline, margin=margin_of(margin))
        except UnknownName:
            raise
        except UsageError as error:
            wrong = faults(error, FIELDS)
    values = {
        "chosen": {"run": run, "baseline": baseline},
        "margin": margin,
        "wrong": {"": "", **dict.fromkeys(FIELDS, "")} | wrong,
        "choices": overview(asked.visit),
        "found": found,
        "span": _span(found) if found else 1.0,
    }
    return asked.page("gate", values, status=422 if wrong else 200)


def _span(found: Gated) -> float:
    gap = found.gate.comparison.difference
    ends = [abs(end) for end in (gap.low, gap.high, gap.estimate) if end is not None]
    return max([_LEAST_SPAN, 1.5 * found.gate.margin, *ends])
