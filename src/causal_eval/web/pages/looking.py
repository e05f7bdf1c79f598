"""An evaluation whenever somebody looks: intervals that stay valid, how they came about, and what they decide."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from causal_eval.analysis.sequential.following import Step
from causal_eval.analysis.sequential.rule import StopRule
from causal_eval.errors import UnknownName, UsageError
from causal_eval.service import jobs
from causal_eval.service.following import looked
from causal_eval.service.overview import overview
from causal_eval.service.stop_rules import rule_from
from causal_eval.web.asked import Asked
from causal_eval.web.forms import faults

FIELDS = ("until_ci", "baseline", "margin")
_ROWS = 8


def shown(asked: Asked) -> Response:
    """What is known now, by the evaluation's own rule or by one that is asked for."""
    name = asked.part("evaluation")
    given = {field: asked.query.get(field, "").strip() for field in FIELDS}
    evaluation, wrong, seen = jobs.find(asked.visit, name).evaluation, dict[str, str](), None
    try:
        rule = rule_from(given["until_ci"] or None, given["baseline"] or None, margin=given["margin"] or None)
        seen = looked(asked.visit, name, wanted=None if rule == StopRule() else rule)
    except UnknownName:
        raise
    except UsageError as error:
        wrong = faults(error, FIELDS)
    parts = [] if seen is None else [("score", seen.found.score), ("difference", seen.found.difference)]
    values = {
        "evaluation": evaluation,
        "given": given,
        "wrong": dict.fromkeys(("", *FIELDS), "") | wrong,
        "is_wrong": bool(wrong),
        "seen": seen,
        "parts": [
            (what, part, few(part.steps), [(one.low, one.estimate, one.high) for one in part.steps])
            for what, part in parts
            if part is not None
        ],
        "choices": [one for one in overview(asked.visit) if one.line.set_digest == evaluation.spec.question_set],
    }
    return asked.page("looking", values, status=422 if wrong else 200)


def few(steps: Sequence[Step]) -> list[Step]:
    """Some of *steps* that tell how it went, the last among them: each twice as far as the one before."""
    found = list[Step]()
    place = len(steps)
    while place >= 1 and len(found) < _ROWS:
        found.append(steps[place - 1])
        place //= 2
    return found[::-1]
