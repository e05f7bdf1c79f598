"""How able an answerer is, by difficulties from other runs, and what to ask it next."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from causal_eval.errors import Conflict, StoreError, UnknownName, UsageError
from causal_eval.service import jobs
from causal_eval.service.access import Permission, require
from causal_eval.service.adapting import adapted, order_next
from causal_eval.service.overview import overview
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import whole

FROM, ALSO = "from_", "also_"
"""Before the ids of runs that are ticked: difficulties are found from them, or they are the answerer's too."""
GROUPS, HARDEST = 20, 12


def shown(asked: Asked) -> Response:
    """The choice of runs, and what is known once they are chosen."""
    return _page(asked, asked.query)


def ordered(asked: Asked) -> Response:
    """Have the next questions made and show how far they are, or say beside the form what cannot be."""
    require(asked.visit.caller, Permission.EVALUATE)
    chosen, also = (_ticked(asked.form, before) for before in (FROM, ALSO))
    try:
        found = order_next(asked.visit, asked.part("evaluation"), calibration=chosen, also=also, n=_groups(asked.form))
    except StoreError:
        raise
    except (Conflict, UsageError) as error:
        return _page(asked, asked.form, wrong=str(error))
    return see(f"/makings/{found.id}")


def _page(asked: Asked, given: Mapping[str, str], *, wrong: str = "") -> Response:
    name = asked.part("evaluation")
    evaluation, found = jobs.find(asked.visit, name).evaluation, None
    chosen, also = (_ticked(given, before) for before in (FROM, ALSO))
    try:
        if chosen:
            found = adapted(asked.visit, name, calibration=chosen, also=also, n=_groups(given))
    except UnknownName:
        raise
    except (Conflict, UsageError) as error:
        wrong = wrong or str(error)
    weights = [] if found is None else sorted(found.calibration.weights.items(), key=lambda one: -abs(one[1]))
    values = {
        "evaluation": evaluation,
        "chosen": chosen,
        "also": also,
        "n": given.get("n", "") or str(GROUPS),
        "choices": overview(asked.visit),
        "found": found,
        "weights": weights[:HARDEST],
        "wrong": wrong,
    }
    return asked.page("ability", values, status=422 if wrong else 200)


def _ticked(given: Mapping[str, str], before: str) -> list[str]:
    return [field.removeprefix(before) for field in given if field.startswith(before)]


def _groups(given: Mapping[str, str]) -> int:
    return whole(given, "n", usual=GROUPS) or GROUPS
