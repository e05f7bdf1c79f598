"""Plans before anything is paid, the variance budget of an evaluation, and its score table with every interval."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from causal_eval.analysis.planning.budget import Costs
from causal_eval.analysis.planning.plan import POWER, Aim, points_of
from causal_eval.analysis.planning.priced import Priced
from causal_eval.analysis.scores import TRAITS
from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.evaluation.estimate import Speed
from causal_eval.questions.catalog import families
from causal_eval.service import projects
from causal_eval.service.overview import overview
from causal_eval.service.planning import PlanOrder, planned, variance
from causal_eval.service.scoring import told
from causal_eval.store.evaluations import LOCAL
from causal_eval.web.asked import Asked
from causal_eval.web.forms import faults, positive, whole

FIELDS = ("model", "detect", "precision", "power", "epochs", "family", "baseline", "project")
PRICES = ("call_price", "question_price", "model_price")


def shown(asked: Asked) -> Response:
    """The form, and the plan once a model and an aim are given."""
    query, found, wrong = asked.query, None, dict[str, str]()
    if query.get("model"):
        try:
            found = planned(asked.visit, _order(query))
        except UsageError as error:  # a name that is none among them
            wrong = faults(error, FIELDS)
    given = {name: query.get(name, "") for name in FIELDS}
    values = {
        "given": given,
        "power_usual": POWER,
        "wrong": dict.fromkeys(("", *FIELDS), "") | wrong,
        "families": [one.name for one in families()],
        "projects": [one.id for one in projects.listed(asked.visit)],
        "choices": overview(asked.visit),
        "found": found,
        "rows": _rows(found) if found else [],
    }
    return asked.page("plan", values, status=422 if wrong else 200)


def budgeted(asked: Asked) -> Response:
    """Where the error of an evaluation comes from, and what to buy next."""
    name, found, wrong = asked.part("evaluation"), None, dict[str, str]()
    try:
        prices = [positive(asked.query, field) for field in PRICES]
        call, question, model = prices if any(prices) else (1.0, None, None)
        found = variance(asked.visit, name, costs=Costs(call or 0.0, question or 0.0, model or 0.0))
    except UnknownName:
        raise
    except UsageError as error:
        wrong = faults(error, PRICES)
    values = {
        "evaluation": name,
        "given": {field: asked.query.get(field, "") for field in PRICES},
        "wrong": dict.fromkeys(("", *PRICES), "") | wrong,
        "found": found,
    }
    return asked.page("variance", values, status=422 if wrong else 200)


def table(asked: Asked) -> Response:
    """Its scores by a trait of the questions."""
    name, by = asked.part("evaluation"), asked.query.get("by", "") or TRAITS[0]
    found, wrong = None, ""
    try:
        found = told(asked.visit, name, by=by)
    except UnknownName:
        raise
    except (Conflict, UsageError) as error:
        wrong = str(error)
    values = {"evaluation": name, "by": by, "traits": TRAITS, "found": found, "wrong": wrong}
    return asked.page("table", values, status=422 if wrong else 200)


def _order(query: Mapping[str, str]) -> PlanOrder:
    aim = Aim(
        points_of("detect", query.get("detect", "")),
        points_of("precision", query.get("precision", "")),
        positive(query, "power") or POWER,
        samples=whole(query, "epochs", usual=1) or 1,
    )
    family = query.get("family", "")
    return PlanOrder(
        query["model"].strip(), aim, query.get("baseline", ""), (family,) if family else (),
        query.get("project", "") or LOCAL, Speed(0),
    )  # fmt: skip


def _rows(found: Priced) -> list[tuple[str, object]]:
    """Every row of the table: what it is called, and what it takes."""
    return [("main", found.main), ("cautious", found.cautious), *(("", one) for one in found.others)]
