"""One API's way in: judge the request, book it, answer it as its fault has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from causal_eval.mock.answers import Answers
from causal_eval.mock.batches import Result, Row, RowEnd, Work
from causal_eval.mock.carriage import Hold, Parcel, cut, send
from causal_eval.mock.faults import Mode
from causal_eval.mock.headers import waiting
from causal_eval.mock.reception import Case, Reception
from causal_eval.mock.speech import UNPAID, problem_of, twisted
from causal_eval.mock.wire import Asked, Json, Problem, Said, Wire, encoded, json_object, tokens

NOTHING = Asked("", "", stream=False)
_NO_REPLY = Problem(400, "invalid_request_error", "The mock has no reply for this prompt.")
_NO_OBJECT = Problem(400, "invalid_request_error", "The body is not a JSON object.")
_NO_ROW = Problem(400, "invalid_request_error", "The mock was told to fail this row.")
_UPSTREAM = Problem(502, "server_error", "The upstream provider had an error.")
_CUTS = frozenset({Mode.RESET, Mode.STALE, Mode.HANG})


Answer = Json | bytes | Problem
"""What a handler says: an object, lines of JSON, or why not."""
Handler = Callable[[web.Request, Case], Awaitable[Answer]]


class Door:
    """One API's endpoints."""

    def __init__(self, wire: Wire, reception: Reception, *, answers: Answers, hold: Hold) -> None:
        self.wire = wire
        self.reception = reception
        self._answers = answers
        self._hold = hold

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request for a reply, spoiled or not."""
        body = json_object(await request.read())
        asked = NOTHING if body is None else self.wire.read(body, request.path)
        case = self.reception.judge(request, asked)
        text = None if body is None or case.mode in UNPAID else self._answers.reply_to(asked.text)
        self.reception.book(case, request.path, paid=text is not None)
        if barred := await self._barred(request, case):
            return barred
        if text is None and case.mode not in UNPAID:
            return self.error(_NO_OBJECT if body is None else _NO_REPLY, case)
        return await send(self._parcel(request, case, text=text or ""), case.fault, hold=self._hold)

    def guard(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """*handler* behind the same door: keys, phases and books hold for it too."""

        async def serve(request: web.Request) -> web.StreamResponse:
            case = self.reception.judge(request, NOTHING)
            self.reception.book(case, request.path, paid=False)
            if barred := await self._barred(request, case):
                return barred
            answer = await handler(request, case)
            if isinstance(answer, Problem):
                return self.error(answer, case)
            content = answer if isinstance(answer, bytes) else encoded(answer)
            return await send(Parcel(request, [content], headers=case.headers), case.fault, hold=self._hold)

        return serve

    def work(self, order: Case, batch: str) -> Work:
        """Answers the rows of a *batch* that came with *order*, and books each under its key."""

        def answer(row: Row, end: RowEnd) -> Result:
            asked = self.wire.read(row.body, self.wire.path)
            text = self._answers.reply_to(asked.text) if end is RowEnd.SUCCEEDED else None
            case = self.reception.row(order, asked)
            self.reception.book(case, self.wire.path, paid=text is not None, batch=batch)
            if text is not None:
                return Result(row, end, self.wire.reply(self._said(case, text)))
            if end is RowEnd.SUCCEEDED:
                return Result(row, RowEnd.ERRORED, self.wire.error(_NO_REPLY))
            return Result(row, end, self.wire.error(_NO_ROW) if end is RowEnd.ERRORED else None)

        return answer

    def _said(self, case: Case, text: str) -> Said:
        """*text* as the reply to *case*, spoiled or not; its tokens are counted for the key."""
        self.reception.keys.spend(case.key, tokens(text))
        said = Said(text, model=case.asked.model, asked=case.asked.text)
        return twisted(said, case.fault) if case.fault else said

    def error(self, problem: Problem, case: Case) -> web.Response:
        """The error response, in the API's words and with its headers."""
        headers = {**case.headers, "Content-Type": "application/json"}
        if case.fault is not None:
            headers |= waiting(case.fault, self.reception.clock.wall())
        return web.Response(body=encoded(self.wire.error(problem)), status=problem.status, headers=headers)

    async def _barred(self, request: web.Request, case: Case) -> web.StreamResponse | None:
        """The end of a request that nothing is to be said to."""
        if case.latency:
            await self._hold(case.latency)
        if case.fault is None:
            return None
        if case.fault.mode in _CUTS:
            if case.fault.mode is Mode.HANG:
                await self._hold(case.fault.time)
            return cut(request)
        problem = problem_of(case.fault.mode, self.wire)
        return None if problem is None else self.error(problem, case)

    def _parcel(self, request: web.Request, case: Case, *, text: str) -> Parcel:
        stream = case.asked.stream
        if case.mode is Mode.ERROR_IN_200:
            content = encoded(self.wire.error(_UPSTREAM))
            return Parcel(
                request, [b"event: error\ndata: %b\n\n" % content if stream else content], stream, case.headers
            )
        said = self._said(case, text)
        chunks = list(self.wire.stream(said)) if stream else [encoded(self.wire.reply(said))]
        return Parcel(request, chunks, stream, case.headers)
