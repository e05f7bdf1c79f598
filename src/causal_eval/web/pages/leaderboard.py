"""Evaluations of one question set, highest score first; ties are shown as ties."""

from __future__ import annotations

from starlette.responses import Response

from causal_eval.service import questions
from causal_eval.service.overview import OVERALL, board
from causal_eval.web.asked import Asked


def shown(asked: Asked) -> Response:
    """The board of the set that is named, else of the newest."""
    sets = questions.listed(asked.visit)
    chosen = asked.query.get("set") or (sets[0].digest if sets else "")
    scope = asked.query.get("scope") or OVERALL
    values = {
        "sets": sets,
        "chosen": chosen,
        "scope": scope,
        "board": board(asked.visit, chosen, scope=scope) if chosen else None,
    }
    return asked.page("leaderboard", values)
