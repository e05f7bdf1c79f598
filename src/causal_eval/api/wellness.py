"""Whether the service is well, and which it is; the only routes that everybody may ask."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

import causal_eval
from causal_eval.api.problem import problems
from causal_eval.api.routing import name_of
from causal_eval.api.shapes import Out
from causal_eval.api.turns import Turned, looking, soon
from causal_eval.api.who import AtDoor, Door
from causal_eval.operations.health import Part, overall, parts
from causal_eval.operations.watch import Watch
from causal_eval.questions.question import GENERATOR
from causal_eval.scoring.verdict import SCORER
from causal_eval.service.access import NOBODY, Caller, Permission
from causal_eval.service.health import SCHEMA, is_ready

router = APIRouter(
    tags=["health"], responses=problems(401, 403, 503), generate_unique_id_function=name_of, route_class=Turned
)

SECONDS = 1.5
"""For what the database must say before somebody is told how the service is: who waits has little patience."""


class WorkerBeat(Out):
    """A worker that lives."""

    id: str
    host: str
    pid: int
    version: str
    beat_at: float
    draining: bool


class Component(Out):
    """Something that the service stands on."""

    name: str
    status: str
    critical: bool
    """Without it the service is down, not degraded."""
    said: str
    seconds: float | None
    """It took to answer."""
    since: float | None
    """When it became so; seconds since 1970."""


class HealthDetail(BaseModel):
    """What operators see."""

    waiting: int | None
    workers: list[WorkerBeat]
    fault: str
    components: list[Component]


class Health(BaseModel):
    """How the service is: ``ok``, ``degraded`` (something that it can do without is not well) or ``down``."""

    status: str
    components: dict[str, str] = {}
    """How each part is, in a word."""
    detail: HealthDetail | None = None


class Version(BaseModel):
    """Which program this is."""

    version: str
    generator: str
    scorer: str
    schema_revision: str
    sha: str = Field(description="Revision of its source; empty: whoever built it did not say.")
    started_at: float = Field(description="When the process that answers was started; seconds since 1970.")


async def live(request: Request) -> Response:
    """This process answers; nothing else is asked."""
    del request
    return PlainTextResponse("ok")


@router.get("/health", responses={503: {"model": Health}})
async def health(request: Request, at: AtDoor, response: Response) -> Health:
    """How the service is; the detail is for operators."""
    watch: Watch = request.app.state.watch
    found = await looking(lambda: parts(watch))
    whole = overall(found)
    response.status_code = 503 if whole == "down" else 200
    caller = await _caller(request, at, found[0])
    known = caller.actor != NOBODY.actor and caller.may(Permission.OPERATE)
    colours = {one.name: one.status.value for one in found}
    return Health(status=whole, components=colours, detail=_detail(watch, found) if known else None)


async def _caller(request: Request, at: Door, database: Part) -> Caller:
    """Who asks; nobody, where that cannot be told at once: how the service is must be said when least of it works."""
    if database.status == "down":
        return NOBODY
    return at.at_hand(request) or await soon(lambda: at.admitted(request), seconds=SECONDS) or NOBODY


def _detail(watch: Watch, found: list[Part]) -> HealthDetail:
    database = found[0]
    return HealthDetail(
        waiting=watch.rows.queue.depth if database.status != "down" else None,
        workers=[WorkerBeat.model_validate(one) for one in watch.rows.workers],
        fault=database.said,
        components=[Component.model_validate(one) for one in found],
    )


@router.get("/health/ready", responses={503: {"model": Health}})
async def ready(at: AtDoor, response: Response) -> Health:
    """Whether requests can be sent here: the database answers at once, and the process is not about to end."""
    fine = not at.stopping.is_set() and bool(await soon(lambda: is_ready(at.service), seconds=SECONDS))
    response.status_code = 200 if fine else 503
    return Health(status="ok" if fine else "down")


@router.get("/version")
async def version(request: Request) -> Version:
    """Which program, generator, scorer and schema this is, and since when it runs."""
    return Version(
        version=causal_eval.__version__, generator=GENERATOR, scorer=SCORER, schema_revision=SCHEMA,
        sha=request.app.state.revision, started_at=request.app.state.started_at,
    )  # fmt: skip
