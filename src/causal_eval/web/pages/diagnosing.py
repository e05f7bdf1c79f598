"""Why an evaluation's answers are wrong, and what its answerer can do, as pages."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.analysis.reports.beside import beside_rows
from causal_eval.analysis.reports.diagnosing import told
from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.service import diagnosing, jobs
from causal_eval.service.overview import overview
from causal_eval.web.asked import Asked
from causal_eval.web.pages.comparison import SIDES


def diagnosis(asked: Asked) -> Response:
    """Causes of its misses, each with the questions that show it."""
    name = asked.part("evaluation")
    evaluation = jobs.find(asked.visit, name).evaluation
    found = diagnosing.diagnosed(asked.visit, name)
    return asked.page("diagnosis", {"evaluation": evaluation, "found": found, "causes": told(found)})


def profiles(asked: Asked) -> Response:
    """Several profiles side by side: the choice, and a row for each figure once two are chosen."""
    chosen = {side: asked.query.get(side, "") for side in SIDES}
    found, wrong = None, ""
    names = [name for name in chosen.values() if name]
    if len(names) > 1:
        try:
            found = diagnosing.beside(asked.visit, names)
        except UnknownName:
            raise
        except (Conflict, UsageError) as error:
            wrong = str(error)
    values = {
        "chosen": chosen,
        "choices": overview(asked.visit),
        "found": found,
        "parts": {} if found is None else beside_rows(found.profiles),
        "wrong": wrong,
    }
    return asked.page("profiles", values, status=422 if wrong else 200)


def profile(asked: Asked) -> Response:
    """Rungs and families, linked questions, shortcuts, memorisation, and what follows."""
    name, published, wrong = asked.part("evaluation"), asked.query.get("published", "").strip(), ""
    evaluation = jobs.find(asked.visit, name).evaluation
    try:
        found = diagnosing.profiled(asked.visit, name, published=published or None)
    except UnknownName:
        raise
    except UsageError as error:
        if not published:
            raise
        wrong, found = str(error), diagnosing.profiled(asked.visit, name)
    values = {
        "evaluation": evaluation,
        "found": found,
        "wrong": wrong,
        "published": published,
        "choices": [
            one for one in overview(asked.visit)
            if one.line.answerer == evaluation.spec.answerer and one.line.set_digest != evaluation.spec.question_set
        ],
        "causes": {cause.title: cause.key for cause in found.diagnosis.causes},
    }  # fmt: skip
    return asked.page("profile", values, status=422 if wrong else 200)
