"""An evaluation is ordered: of whom, over which questions, how many, how soon, for how much."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.errors import CausalEvalError, Conflict, StoreError, UsageError
from causal_eval.evaluation.baselines.shortcuts import SHORTCUTS
from causal_eval.evaluation.elicit import ELICITATIONS
from causal_eval.service import catalog, jobs, makings, questions
from causal_eval.service.access import Permission, require
from causal_eval.service.answering import Call
from causal_eval.service.jobs import JobOrder
from causal_eval.service.set_orders import SetOrder
from causal_eval.store.evaluations import LOCAL
from causal_eval.store.makings import OPEN, Making
from causal_eval.web.asked import Asked, see
from causal_eval.web.forms import dollars, faults, whole

STOPS = ("until_ci", "decide_against", "margin")
FIELDS = ("answerer", "questions", "project", "limit", "epochs", "priority", "budget", "seed", "elicitation", *STOPS)
ALIASES = {
    "": "answerer",
    "provider": "answerer",
    "baseline": "answerer",
    "question set": "questions",
    "suite": "questions",
}
"""Words of messages -> the field that they are about; what names no field is said by who would answer."""
USUAL = {"answerer": "", "questions": "suite:quick", "priority": "10", "epochs": "1", "seed": "0"}
SUITE = "suite:"


def form(asked: Asked) -> Response:
    """The empty form, a set filled in where one is named."""
    require(asked.visit.caller, Permission.EVALUATE)
    return _form(asked, USUAL | {name: asked.query[name] for name in FIELDS if name in asked.query}, {})


def order(asked: Asked) -> Response:
    """Order it and show it, or say beside the field what cannot be taken."""
    require(asked.visit.caller, Permission.EVALUATE)
    try:
        placed = makings.begin(asked.visit, _wanted(asked))
    except StoreError:
        raise
    except (UsageError, Conflict) as error:
        return _form(asked, {name: asked.form.get(name, "") for name in FIELDS}, _faults(error))
    if isinstance(placed, Making):
        return see(f"/makings/{placed.id}")
    return see(f"/evaluations/{placed.evaluation.id}")


def _wanted(asked: Asked) -> JobOrder:
    given = asked.form
    answerer, project = given.get("answerer", "").strip(), given.get("project") or LOCAL
    if not answerer:
        raise UsageError("answerer is empty: give a provider and a model, such as openai/gpt-x, or baseline/oracle")
    limit, epochs = whole(given, "limit"), whole(given, "epochs", usual=1) or 0
    priority, seed = whole(given, "priority", usual=jobs.USUAL) or 0, given.get("seed", "").strip() or "0"
    budget = dollars(given, "budget", decimal=asked.texts("number.decimal"))
    key = given.get("questions", "")
    if key.startswith(SUITE):
        made = makings.make(asked.visit, SetOrder(project, seed, suite=key.removeprefix(SUITE)))
        key = made.id if isinstance(made, Making) else made.digest
    until_ci, decide_against, margin = (given.get(name, "").strip() or None for name in STOPS)
    return JobOrder(
        answerer, key, project=project, seed=seed, limit=limit, epochs=epochs, priority=priority, budget=budget,
        until_ci=until_ci, decide_against=decide_against, margin=margin,
        call=Call(elicitation=given.get("elicitation") or None),
    )  # fmt: skip


def _faults(error: CausalEvalError) -> dict[str, str]:
    found = faults(error, (*FIELDS, *filter(None, ALIASES)))
    return {ALIASES.get(name, name): said for name, said in found.items()}


def _form(asked: Asked, given: dict[str, str], wrong: dict[str, str]) -> Response:
    offered = catalog.offers(asked.visit)
    projects = asked.visit.caller.projects
    values = {
        "given": {name: given.get(name, "") for name in FIELDS},
        "wrong": dict.fromkeys(("", *FIELDS), "") | wrong,
        "is_wrong": bool(wrong),
        "elicitations": ELICITATIONS,
        "suites": questions.suites(),
        "sets": questions.listed(asked.visit),
        "makings": [one for one in makings.listed(asked.visit) if one.kind == "set" and one.status == OPEN],
        "projects": sorted(projects) if projects is not None else [LOCAL],
        "names": [f"baseline/{name}" for name in ("oracle", *SHORTCUTS)]
        + [f"{one.name}/" for one in offered if one.configured],
    }
    return asked.page("order", values, status=422 if wrong else 200)
