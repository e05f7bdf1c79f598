"""Whether an evaluation's answerer is right as often as it says."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.analysis.reports.calibrating import verdict
from causal_eval.service import jobs
from causal_eval.service.calibrating import calibrated
from causal_eval.web.asked import Asked

PARTS = ("miscalibration", "discrimination", "uncertainty")


def shown(asked: Asked) -> Response:
    """Over- or under-confidence, a picture and a table of bins, the Brier score and its parts."""
    name = asked.part("evaluation")
    evaluation, found = jobs.find(asked.visit, name).evaluation, calibrated(asked.visit, name)
    values = {
        "evaluation": evaluation,
        "found": found,
        "verdict": verdict(found).replace("-", "_").replace(" ", "_"),
        "points": [(one.confidence, one.right) for one in found.bins],
        "parts": [] if found.parts is None else [(name, getattr(found.parts, name)) for name in PARTS],
    }
    return asked.page("calibration", values)
