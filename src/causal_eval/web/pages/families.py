"""What can be asked: suites, families with their levels, and in what questions are told."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.service import questions
from causal_eval.web.asked import Asked


def shown(asked: Asked) -> Response:
    """The page."""
    values = {
        "suites": questions.named_suites(),
        "families": questions.task_families(),
        "levels": range(1, 6),
        "distinct": questions.distinct(),
        "chance": questions.worth_of_chance(),
        "recorded": questions.recorded_shortcuts(),
        "worlds": questions.worlds(),
    }
    return asked.page("families", values)
