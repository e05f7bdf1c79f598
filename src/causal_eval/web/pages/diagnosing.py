"""Why an evaluation's answers are wrong, and what its answerer can do, as pages."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.analysis.reports.diagnosing import told
from causal_eval.errors import UnknownName, UsageError
from causal_eval.service import diagnosing, jobs
from causal_eval.service.overview import overview
from causal_eval.web.asked import Asked


def diagnosis(asked: Asked) -> Response:
    """Causes of its misses, each with the questions that show it."""
    name = asked.part("evaluation")
    evaluation = jobs.find(asked.visit, name).evaluation
    found = diagnosing.diagnosed(asked.visit, name)
    return asked.page("diagnosis", {"evaluation": evaluation, "found": found, "causes": told(found)})


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
