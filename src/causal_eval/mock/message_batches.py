"""Anthropic's message batches: requests in one body, results as JSON lines."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web

from causal_eval.mock.batches import Batch, BatchPlan, Result, Row, RowEnd
from causal_eval.mock.door import Answer, Door
from causal_eval.mock.headers import moment
from causal_eval.mock.reception import Case
from causal_eval.mock.wire import Json, Problem, encoded

_DAY = 86_400
_PATH = "/v1/messages/batches"
_LOST = Problem(404, "not_found_error", "No such message batch.")
_EARLY = Problem(400, "invalid_request_error", "The batch has not ended: it has no results yet and cannot be deleted.")
_INVALID = Problem(400, "invalid_request_error", "requests: each needs params and a custom_id of its own.")
_COUNTED = (RowEnd.SUCCEEDED, RowEnd.ERRORED, RowEnd.CANCELED, RowEnd.EXPIRED)


class MessageBatches:
    """``/v1/messages/batches``."""

    def __init__(self, door: Door, plan: BatchPlan) -> None:
        self._door = door
        self._plan = plan
        self._batches: dict[str, Batch] = {}
        self._cases: dict[str, Case] = {}
        self._made = 0

    def routes(self) -> list[web.RouteDef]:
        """All behind the API's door."""
        guard = self._door.guard
        return [
            web.post(_PATH, guard(self._create)),
            web.get(_PATH, guard(self._list)),
            web.get(f"{_PATH}/{{id}}", guard(self._retrieve)),
            web.post(f"{_PATH}/{{id}}/cancel", guard(self._cancel)),
            web.delete(f"{_PATH}/{{id}}", guard(self._delete)),
            web.get(f"{_PATH}/{{id}}/results", guard(self._results)),
        ]

    async def _create(self, request: web.Request, case: Case) -> Answer:
        rows = _rows(await request.read())
        if rows is None or self._plan.invalid:
            return _INVALID
        self._made += 1
        batch = Batch(f"msgbatch_{self._made}", rows, plan=self._plan, wall=self._wall())
        self._batches[batch.name], self._cases[batch.name] = batch, case
        return _row(batch, request)

    async def _list(self, request: web.Request, case: Case) -> Answer:  # noqa: ARG002 - a handler's shape
        """Every batch as it is now: to list them is to ask for each."""
        for batch in self._batches.values():
            batch.poll(self._wall(), self._door.work(self._cases[batch.name], batch.name))
        rows = [_row(batch, request) for batch in reversed(self._batches.values())]
        ends = {"first_id": rows[0]["id"], "last_id": rows[-1]["id"]} if rows else {"first_id": None, "last_id": None}
        return {"data": rows, "has_more": False, **ends}

    async def _retrieve(self, request: web.Request, case: Case) -> Answer:  # noqa: ARG002 - a handler's shape
        batch = self._batches.get(request.match_info["id"])
        if batch is None:
            return _LOST
        batch.poll(self._wall(), self._door.work(self._cases[batch.name], batch.name))
        return _row(batch, request)

    async def _cancel(self, request: web.Request, case: Case) -> Answer:  # noqa: ARG002 - a handler's shape
        batch = self._batches.get(request.match_info["id"])
        if batch is None:
            return _LOST
        batch.cancel(self._wall())
        return _row(batch, request)

    async def _delete(self, request: web.Request, case: Case) -> Answer:  # noqa: ARG002 - a handler's shape
        batch = self._batches.get(request.match_info["id"])
        if batch is None:
            return _LOST
        if batch.ended is None:
            return _EARLY
        del self._batches[batch.name]
        return {"id": batch.name, "type": "message_batch_deleted"}

    async def _results(self, request: web.Request, case: Case) -> Answer:  # noqa: ARG002 - a handler's shape
        batch = self._batches.get(request.match_info["id"])
        if batch is None:
            return _LOST
        if batch.ended is None:
            return _EARLY
        return b"".join(encoded(_line(result)) + b"\n" for result in batch.results)

    def _wall(self) -> float:
        return self._door.reception.clock.wall()


class _Request(msgspec.Struct):
    custom_id: Annotated[str, msgspec.Meta(min_length=1)]
    params: Json


class _Order(msgspec.Struct):
    requests: Annotated[list[_Request], msgspec.Meta(min_length=1)]


def _rows(content: bytes) -> list[Row] | None:
    """The requests; None: they are not valid."""
    try:
        order = msgspec.json.decode(content, type=_Order)
    except msgspec.DecodeError:
        return None
    rows = [Row(request.custom_id, request.params) for request in order.requests]
    return rows if len({row.name for row in rows}) == len(rows) else None


def _row(batch: Batch, request: web.Request) -> Json:
    ended, cancelled = batch.ended, batch.cancelled
    status = "ended" if ended is not None else "in_progress" if cancelled is None else "canceling"
    counts = {end.value: batch.count(end) for end in _COUNTED}
    return {
        "id": batch.name,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": {"processing": 0 if ended is not None else len(batch.rows), **counts},
        "created_at": moment(batch.made),
        "expires_at": moment(batch.made + _DAY),
        "ended_at": None if ended is None else moment(ended),
        "cancel_initiated_at": None if cancelled is None else moment(cancelled),
        "archived_at": None,
        "results_url": None if ended is None else f"{request.scheme}://{request.host}{_PATH}/{batch.name}/results",
    }


def _line(result: Result) -> Json:
    """A line of the results."""
    told: Json = {"type": result.end.value}
    if result.end is RowEnd.SUCCEEDED:
        told["message"] = result.body
    if result.end is RowEnd.ERRORED:
        told["error"] = result.body
    return {"custom_id": result.row.name, "result": told}
