"""How able an answerer is, by difficulties from other runs, and what to ask it next."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.service import jobs
from causal_eval.service.adapting import adapted
from causal_eval.service.overview import overview
from causal_eval.web.asked import Asked
from causal_eval.web.forms import whole

FROM = "from_"
"""Before the ids of runs that are ticked."""
GROUPS, HARDEST = 20, 12


def shown(asked: Asked) -> Response:
    """The choice of runs, and what is known once they are chosen."""
    name = asked.part("evaluation")
    evaluation, found, wrong = jobs.find(asked.visit, name).evaluation, None, ""
    chosen = [field.removeprefix(FROM) for field in asked.query if field.startswith(FROM)]
    try:
        if chosen:
            n = whole(asked.query, "n", usual=GROUPS) or GROUPS
            found = adapted(asked.visit, name, calibration=chosen, n=n)
    except UnknownName:
        raise
    except (Conflict, UsageError) as error:
        wrong = str(error)
    weights = [] if found is None else sorted(found.calibration.weights.items(), key=lambda one: -abs(one[1]))
    values = {
        "evaluation": evaluation,
        "chosen": chosen,
        "n": asked.query.get("n", "") or str(GROUPS),
        "choices": overview(asked.visit),
        "found": found,
        "weights": weights[:HARDEST],
        "wrong": wrong,
    }
    return asked.page("ability", values, status=422 if wrong else 200)
