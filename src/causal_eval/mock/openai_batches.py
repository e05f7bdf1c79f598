"""OpenAI's batches: a file of requests goes up, files of results and errors come down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from aiohttp import web

from causal_eval.mock.batches import Batch, BatchPlan, Result, Row, RowEnd
from causal_eval.mock.door import Answer, Door
from causal_eval.mock.reception import Case
from causal_eval.mock.wire import Json, Problem, encoded, json_object

_DAY = 86_400
_LOST = Problem(404, "not_found_error", "No such file or batch.")
_NO_FILE = Problem(400, "invalid_request_error", "The form has no file.")
_NO_ORDER = Problem(400, "invalid_request_error", "No such input_file_id, or no such endpoint.")
_OVER = Problem(400, "invalid_request_error", "The batch has ended: it cannot be cancelled.")
_TOLD = ("invalid_request", "The mock was told to refuse this file.")
_UNDONE = {
    RowEnd.EXPIRED: ("batch_expired", "This request could not be executed before the completion window expired."),
    RowEnd.CANCELED: ("batch_cancelled", "This request was not executed: the batch was cancelled."),
}
_FAILED = frozenset({RowEnd.ERRORED, *_UNDONE})


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    content: bytes
    purpose: str
    made: float


@dataclass(frozen=True, slots=True)
class _Held:
    """A batch, who ordered it, and why its input does not pass validation."""

    batch: Batch
    order: Json
    case: Case
    fault: Json | None
    outputs: dict[str, str]
    """Field of the batch -> file of results, once there are any."""


class OpenAIBatches:
    """``/v1/files`` and ``/v1/batches`` for the endpoints of *doors*, by path."""

    def __init__(self, doors: Mapping[str, Door], plan: BatchPlan) -> None:
        self._doors = doors
        self._door = next(iter(doors.values()))
        self._plan = plan
        self._files: dict[str, _File] = {}
        self._held: dict[str, _Held] = {}

    def routes(self) -> list[web.RouteDef]:
        """All behind the API's door."""
        guard = self._door.guard
        return [
            web.post("/v1/files", guard(self._upload)),
            web.get("/v1/files/{id}", guard(self._file)),
            web.get("/v1/files/{id}/content", guard(self._content)),
            web.post("/v1/batches", guard(self._create)),
            web.get("/v1/batches", guard(self._list)),
            web.get("/v1/batches/{id}", guard(self._retrieve)),
            web.post("/v1/batches/{id}/cancel", guard(self._cancel)),
        ]

    async def _upload(self, request: web.Request, case: Case) -> Answer:  # noqa: ARG002 - a handler's shape
        form = await request.post()
        file = form.get("file")
        if not isinstance(file, web.FileField):
            return _NO_FILE
        return self._file_row(self._keep(file.filename, file.file.read(), purpose=str(form.get("purpose"))))

    async def _file(self, request: web.Request, case: Case) -> Answer:  # noqa: ARG002 - a handler's shape
        number = request.match_info["id"]
        return self._file_row(number) if number in self._files else _LOST

    async def _content(self, request: web.Request, case: Case) -> Answer:  # noqa: ARG002 - a handler's shape
        file = self._files.get(request.match_info["id"])
        return _LOST if file is None else file.content

    async def _create(self, request: web.Request, case: Case) -> Answer:
        order = json_object(await request.read()) or {}
        file, endpoint = self._files.get(str(order.get("input_file_id"))), str(order.get("endpoint"))
        if file is None or endpoint not in self._doors:
            return _NO_ORDER
        fault = _broken(*_TOLD, line=1) if self._plan.invalid else _fault(file.content, endpoint)
        rows = [] if fault else [Row(row["custom_id"], row["body"]) for row in _json_lines(file.content)]
        batch = Batch(f"batch_{len(self._held) + 1}", rows, plan=self._plan, wall=self._wall())
        self._held[batch.name] = _Held(batch, order, case, fault, {})
        return self._row(self._held[batch.name])

    async def _list(self, request: web.Request, case: Case) -> Answer:  # noqa: ARG002 - a handler's shape
        """Every batch as it is now: to list them is to ask for each."""
        for held in self._held.values():
            self._poll(held)
        rows = [self._row(held) for held in reversed(self._held.values())]
        ends = {"first_id": rows[0]["id"], "last_id": rows[-1]["id"]} if rows else {}
        return {"object": "list", "data": rows, "has_more": False, **ends}

    async def _retrieve(self, request: web.Request, case: Case) -> Answer:  # noqa: ARG002 - a handler's shape
        held = self._held.get(request.match_info["id"])
        if held is None:
            return _LOST
        self._poll(held)
        return self._row(held)

    async def _cancel(self, request: web.Request, case: Case) -> Answer:  # noqa: ARG002 - a handler's shape
        held = self._held.get(request.match_info["id"])
        if held is None:
            return _LOST
        if held.batch.ended is not None:
            return _OVER
        held.batch.cancel(self._wall())
        return self._row(held)

    def _poll(self, held: _Held) -> None:
        door = self._doors[held.order["endpoint"]]
        held.batch.poll(self._wall(), door.work(held.case, held.batch.name))
        if held.batch.ended is not None and not held.outputs:
            good = [result for result in held.batch.results if result.end is RowEnd.SUCCEEDED]
            bad = [result for result in held.batch.results if result.end in _FAILED]
            for field, results in (("output_file_id", good), ("error_file_id", bad)):
                if results:
                    content = b"".join(encoded(_line(result)) + b"\n" for result in results)
                    held.outputs[field] = self._keep(f"{field}.jsonl", content, purpose="batch_output")

    def _wall(self) -> int:
        return int(self._door.reception.clock.wall())

    def _keep(self, name: str, content: bytes, *, purpose: str) -> str:
        number = f"file-{len(self._files) + 1}"
        self._files[number] = _File(name, content, purpose, self._wall())
        return number

    def _file_row(self, number: str) -> Json:
        file = self._files[number]
        return {
            "id": number,
            "object": "file",
            "bytes": len(file.content),
            "created_at": file.made,
            "filename": file.name,
            "purpose": file.purpose,
            "status": "processed",
        }

    def _row(self, held: _Held) -> Json:
        batch, status = held.batch, _status(held)
        times = {f"{status}_at": batch.ended} if batch.ended is not None else {}
        errors = {"errors": {"object": "list", "data": [held.fault]}} if status == "failed" else {}
        failed = batch.count(*_FAILED)
        return {
            "id": batch.name,
            "object": "batch",
            **{
                field: held.order.get(field) for field in ("endpoint", "input_file_id", "completion_window", "metadata")
            },
            "status": status,
            "created_at": batch.made,
            "expires_at": batch.made + _DAY,
            "cancelling_at": batch.cancelled,
            "request_counts": {
                "total": len(batch.rows),
                "completed": batch.count(RowEnd.SUCCEEDED),
                "failed": failed,
            },
            **times,
            **errors,
            **held.outputs,
        }


def _status(held: _Held) -> str:
    batch = held.batch
    if batch.ended is None:
        if batch.cancelled is not None:
            return "cancelling"
        return "in_progress" if batch.polls else "validating"
    if held.fault is not None:
        return "failed"
    if batch.cancelled is not None:
        return "cancelled"
    return "expired" if batch.count(RowEnd.EXPIRED) else "completed"


def _line(result: Result) -> Json:
    """A line of a file of results."""
    row: Json = {"id": f"batch_req_{result.row.name}", "custom_id": result.row.name, "response": None, "error": None}
    if result.end in _UNDONE:
        code, message = _UNDONE[result.end]
        return {**row, "error": {"code": code, "message": message}}
    status = 200 if result.end is RowEnd.SUCCEEDED else 400
    return {**row, "response": {"status_code": status, "request_id": "req_mock", "body": result.body}}


def _json_lines(content: bytes) -> Iterator[Json]:
    for line in filter(None, content.splitlines()):
        yield msgspec.json.decode(line, type=Json)


def _fault(content: bytes, endpoint: str) -> Json | None:
    """The first thing that is wrong with an input file."""
    seen = set[str]()
    lines: Sequence[bytes] = [line for line in content.splitlines() if line]
    if not lines:
        return _broken("empty_file", "The file holds no request.", line=None)
    for number, line in enumerate(lines, start=1):
        row = json_object(line)
        if row is None:
            return _broken("invalid_json_line", "This line is not a JSON object.", line=number)
        name = row.get("custom_id")
        if not isinstance(name, str) or name in seen:
            return _broken("duplicate_custom_id", "custom_id is missing or taken.", line=number)
        if row.get("url") != endpoint or row.get("method") != "POST" or not isinstance(row.get("body"), dict):
            return _broken("invalid_request", "method, url or body does not fit the batch.", line=number)
        seen.add(name)
    return None


def _broken(code: str, message: str, *, line: int | None) -> Json:
    return {"code": code, "line": line, "message": message, "param": None}
