"""Live events over SSE: one look at the database for all listeners of a process, and each woken by its own news."""

from __future__ import annotations

import functools
import json
from collections.abc import AsyncIterator
from typing import Annotated, NamedTuple

import anyio
from fastapi import Header
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from causal_eval.api.evaluations import Id
from causal_eval.api.routing import make_router
from causal_eval.api.turns import short
from causal_eval.api.who import AtDoor, Door, Visiting
from causal_eval.errors import NotAllowed
from causal_eval.service import happenings, jobs
from causal_eval.service.wiring import Visit
from causal_eval.store.events import Happening
from causal_eval.store.jobs import JobStatus

router = make_router("/evaluations", tag="evaluations")

LOOK_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0


class Hub:
    """Who listens to what; one of those who wait looks for all."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._looked_at = float("-inf")
        self._bells: dict[str, set[anyio.Event]] = {}
        self._is_led = False

    def bell(self, evaluation: str) -> anyio.Event:
        """What rings when something new is told of *evaluation*."""
        bell = anyio.Event()
        self._bells.setdefault(evaluation, set()).add(bell)
        return bell

    def silence(self, evaluation: str, bell: anyio.Event) -> None:
        """Nobody waits for *bell* any more."""
        waiting = self._bells.get(evaluation, set())
        waiting.discard(bell)
        if not waiting:
            self._bells.pop(evaluation, None)

    async def wait(self, at: Door, bell: anyio.Event) -> None:
        """Until *bell* rings, the server stops, or a heartbeat is due; perhaps for nothing."""
        with anyio.move_on_after(HEARTBEAT_SECONDS):
            if self._is_led:
                await bell.wait()
            else:
                await self._lead(at, bell)

    async def _lead(self, at: Door, bell: anyio.Event) -> None:
        """Look for all who wait; at the end of that another one is woken, who sees that nobody does."""
        self._is_led = True
        try:
            while not bell.is_set() and not at.stopping.is_set():
                await self._look(at)
                with anyio.move_on_after(LOOK_SECONDS):
                    await bell.wait()
        finally:
            self._is_led = False
            others = [one for bells in self._bells.values() for one in bells if one is not bell and not one.is_set()]
            for one in others if at.stopping.is_set() else others[:1]:
                one.set()

    async def _look(self, at: Door) -> None:
        """Ring the bells of evaluations of which something is told, unless somebody looked a moment ago."""
        now = anyio.current_time()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        found = await short(lambda: happenings.news(at.service, last=self._last))
        names = self._bells.keys() if self._last is None else found.evaluations & self._bells.keys()
        self._last = found.last  # what was told before the first look is unknown: then all look for themselves
        for name in list(names):
            for bell in self._bells.pop(name):
                bell.set()


@router.get(
    "/{evaluation}/events",
    response_class=StreamingResponse,
    responses={
        200: {"description": "Events as they come, until the evaluation ends.", "content": {"text/event-stream": {}}},
        204: {"description": "It has ended, and everything was told."},
    },
)
async def watch_evaluation(
    request: Request, visit: Visiting, at: AtDoor, evaluation: Id,
    last_event_id: Annotated[int, Header(ge=0, le=2**53, description="Id of the last event that was seen.")] = 0,
) -> Response:  # fmt: skip
    """What happens in an evaluation, live; with ``Last-Event-ID`` from there on."""
    told = await short(functools.partial(_told, visit, evaluation, last_event_id))
    if told.ended and not told.happenings:
        return Response(status_code=204)
    stream = _events(request, at, visit=visit, name=told.name, last=last_event_id)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _events(request: Request, at: Door, *, visit: Visit, name: str, last: int) -> AsyncIterator[str]:
    hub: Hub = request.app.state.hub
    heard_at = anyio.current_time()
    yield "retry: 2000\n\n"
    while not at.stopping.is_set():
        bell = hub.bell(name)
        try:
            told = await short(functools.partial(_told, visit, name, last))
            for one in told.happenings:
                last, heard_at = one.id, anyio.current_time()
                yield _said(one)
            if told.ended and not told.happenings:
                return
            if not told.happenings:
                await hub.wait(at, bell)
        finally:
            hub.silence(name, bell)
        if anyio.current_time() - heard_at >= HEARTBEAT_SECONDS:
            heard_at = anyio.current_time()
            if not await short(functools.partial(_still_known, at, request)):
                return
            yield ": still here\n\n"


class _Told(NamedTuple):
    """What there is to say, and whether more may come."""

    name: str
    happenings: list[Happening]
    ended: bool


def _told(visit: Visit, evaluation: str, last: int) -> _Told:
    found = jobs.find(visit, evaluation)  # first: what ends it is told in the transaction that ends it
    told = happenings.after(visit, evaluation, last=last)
    return _Told(found.evaluation.id, list(told), found.job.status is not JobStatus.OPEN)


def _still_known(at: Door, request: Request) -> bool:
    """Whose key was revoked, or whose session is over, hears nothing more."""
    try:
        at.caller(request)
    except NotAllowed:
        return False
    return True


def _said(one: Happening) -> str:
    data = json.dumps({"evaluation": one.evaluation_id, "kind": one.kind, "at": one.at, **one.body})
    return f"id: {one.id}\nevent: {one.kind}\ndata: {data}\n\n"
