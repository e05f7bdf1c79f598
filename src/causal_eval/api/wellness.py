"""Whether the service is well, and which it is; the only routes that everybody may ask."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

import causal_eval
from causal_eval.api.problem import problems
from causal_eval.api.routing import name_of
from causal_eval.api.shapes import Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.questions.question import GENERATOR
from causal_eval.scoring.verdict import SCORER
from causal_eval.service.access import NOBODY, Permission
from causal_eval.service.health import SCHEMA, is_ready
from causal_eval.service.health import health as look

router = APIRouter(tags=["health"], responses=problems(401, 403, 503), generate_unique_id_function=name_of)


class WorkerBeat(Out):
    """A worker that lives."""

    id: str
    host: str
    pid: int
    version: str
    beat_at: float
    draining: bool


class HealthDetail(BaseModel):
    """What operators see."""

    waiting: int | None
    workers: list[WorkerBeat]
    fault: str


class Health(BaseModel):
    """How the service is: ``ok``, ``degraded`` (work waits, no worker lives) or ``down``."""

    status: str
    detail: HealthDetail | None = None


class Version(BaseModel):
    """Which program this is."""

    version: str
    generator: str
    scorer: str
    schema_revision: str


async def live(request: Request) -> Response:
    """This process answers; nothing else is asked."""
    del request
    return PlainTextResponse("ok")


@router.get("/health", responses={503: {"model": Health}})
def health(visit: Visiting, response: Response) -> Health:
    """How the service is; the detail is for operators."""
    found = look(visit.service)
    response.status_code = 503 if found.status == "down" else 200
    known = visit.caller.actor != NOBODY.actor and visit.caller.may(Permission.OPERATE)
    workers = [WorkerBeat.model_validate(one) for one in found.workers]
    detail = HealthDetail(waiting=found.waiting, workers=workers, fault=found.fault) if known else None
    return Health(status=found.status, detail=detail)


@router.get("/health/ready", responses={503: {"model": Health}})
def ready(at: AtDoor, response: Response) -> Health:
    """Whether requests can be sent here: the database answers, and the process is not about to end."""
    fine = not at.stopping.is_set() and is_ready(at.service)
    response.status_code = 200 if fine else 503
    return Health(status="ok" if fine else "down")


@router.get("/version")
def version() -> Version:
    """Which program, generator, scorer and schema this is."""
    return Version(version=causal_eval.__version__, generator=GENERATOR, scorer=SCORER, schema_revision=SCHEMA)
