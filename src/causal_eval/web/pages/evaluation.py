"""One evaluation: how far it is, what came of it, its questions; and the buttons that steer it."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from causal_eval.errors import UsageError
from causal_eval.scoring.verdict import Mark
from causal_eval.service import charts, incident_effects, jobs, results
from causal_eval.store.jobs import JobStatus
from causal_eval.store.results import BEGINNING, Cursor, Wanted
from causal_eval.web.asked import Asked, see
from causal_eval.web.pictures import ORDER

PAGE = 50
ACTS = ("cancel", "pause", "resume", "retry")


def shown(asked: Asked) -> Response:
    """The whole page."""
    return asked.page("evaluation", _state(asked) | _listed(asked))


def live(asked: Asked) -> Response:
    """The part of the page that changes while it goes on; at its end all of the page takes the place of the old."""
    values = _state(asked)
    if values["is_open"]:
        return asked.page("live", values)
    response = asked.page("evaluation", values | _listed(asked) | {"has_ended": True})
    response.headers.update({"HX-Retarget": "#content", "HX-Reselect": "#content", "HX-Reswap": "outerHTML"})
    return response


def steered(asked: Asked) -> Response:
    """Cancel, pause, resume or retry."""
    name, act = asked.part("evaluation"), asked.part("act")
    match act:
        case "cancel":
            jobs.cancel(asked.visit, name)
        case "retry":
            jobs.retry(asked.visit, name)
        case "pause" | "resume":
            jobs.pause(asked.visit, name, paused=act == "pause")
        case _:
            raise HTTPException(404)
    return see(f"/evaluations/{name}")


def _listed(asked: Asked) -> dict[str, Any]:
    """The page of questions that is asked for."""
    family, mark = asked.query.get("family", ""), asked.query.get("mark", "")
    wanted = Wanted(family or None, _mark(mark))
    name = asked.part("evaluation")
    page = results.page(asked.visit, name, after=_cursor(asked.query.get("after", "")), limit=PAGE, wanted=wanted)
    return {
        "lines": page.lines,
        "next": None if page.end is None else f"{page.end.position}.{page.end.sample}",
        "is_first": "after" not in asked.query,
        "chosen_family": family,
        "chosen_mark": mark,
    }


def _state(asked: Asked) -> dict[str, Any]:
    name = asked.part("evaluation")
    found, counted = jobs.find(asked.visit, name), results.counts(asked.visit, name)
    scores = results.scored(asked.visit, name)
    return {
        "evaluation": found.evaluation,
        "job": found.job,
        "has_ended": False,
        "is_open": found.job.status is JobStatus.OPEN,
        "counts": counted,
        "overall": scores[0] if scores else None,
        "scores": scores,
        "fallen": incident_effects.beside(asked.visit, name),
        "origin": incident_effects.origin(asked.visit, name),
        "families": [row.scope for row in scores if row.scope != "overall" and not row.scope.startswith("rung ")],
        "marks": list(ORDER),
        "chart_names": charts.OF_ONE,
        "acts": [] if found.job.of_command_line else _acts(found.job.status, is_paused=found.job.paused),
        "lacking": counted.marks[Mark.MISSING],
    }


def _acts(status: JobStatus, *, is_paused: bool) -> list[str]:
    if status is JobStatus.OPEN:
        return ["resume" if is_paused else "pause", "cancel"]
    return ["retry"]


def _mark(text: str) -> Mark | None:
    if text and text not in list(Mark):
        raise UsageError(f"mark is {text!r}: known are {', '.join(Mark)}")
    return Mark(text) if text else None


def _cursor(text: str) -> Cursor:
    if not text:
        return BEGINNING
    position, _, sample = text.partition(".")
    try:
        return Cursor(int(position), int(sample))
    except ValueError as error:
        raise UsageError(f"after is {text!r}: follow the link of the page before") from error
