"""Incidents over the sentinel's own address: read, opened and acted on, each request with a key done once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from aiohttp import web

from causal_eval.errors import CausalEvalError, Conflict, TooSoon, UnknownName, UsageError
from causal_eval.incidents import once, view
from causal_eval.incidents.book import Rows, find
from causal_eval.incidents.deeds import DEEDS, Deed, Open, Seen
from causal_eval.incidents.incident import Incident
from causal_eval.incidents.keeping import firing_now
from causal_eval.incidents.reported import Report
from causal_eval.incidents.snapshots import Snapshot, keep
from causal_eval.incidents.view import LARGEST_PAGE
from causal_eval.sentinel.process import Sentinel

STATUSES: tuple[tuple[type[CausalEvalError], int], ...] = (
    (UnknownName, 404),
    (UsageError, 422),
    (Conflict, 409),
    (TooSoon, 429),
)
"""All else is 503: it could not be kept, and may be asked for again."""
_ONE = "{incident:[^/.]+}"
"""Without a dot: pages of the status page lie beside them (``/incidents/INC-7.html``)."""
_DIGITS = 15
_T = TypeVar("_T")
Admit = Callable[[web.Request], None]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers for *sentinel*."""

    sentinel: Sentinel

    async def listed(self, request: web.Request) -> web.Response:
        """``?since=`` what changed; ``?all=1&before=`` all, newest first; else what is open."""
        asked = request.query
        at, limit = self.sentinel.clock(), min(_number(asked.get("limit"), 50), LARGEST_PAGE)

        def page(rows: Rows) -> view.Page:
            if "since" in asked:
                return view.changed(rows, since=_number(asked["since"], 0), limit=limit, at=at)
            if asked.get("all") == "1":
                return view.newest(rows, before=_number(asked.get("before"), 0), limit=limit, at=at)
            return view.opened(rows, at=at)

        return _json(await asyncio.to_thread(self._read, page))

    async def shown(self, request: web.Request) -> web.Response:
        """All about one."""
        name = request.match_info["incident"]
        return _json(await asyncio.to_thread(self._read, lambda rows: view.whole(rows, name)))

    async def opened(self, request: web.Request) -> web.Response:
        """One more, or the open one of its kind."""
        wanted = _decoded(await request.read(), Open)
        return await self._done(request, lambda rows, at: wanted.do(rows, at=at), status=201)

    async def acted(self, request: web.Request) -> web.Response:
        """What somebody does with one."""
        name, deed = request.match_info["incident"], await _deed(request)
        return await self._done(request, lambda rows, at: deed.do(rows, name, at=at))

    async def reported(self, request: web.Request) -> web.Response:
        """What a user reports."""
        report = _decoded(await request.read(), Report)
        return await self._done(request, lambda rows, at: report.do(rows, at=at), status=201)

    async def snapped(self, request: web.Request) -> web.Response:
        """How everything is now, as who asks sees it and as it is seen from here."""
        name, given = request.match_info["incident"], _decoded(await request.read(), Seen)
        keeper = self.sentinel

        def deed(rows: Rows, at: float) -> Incident:
            here = {"faults": dict(keeper.faults), "failures": dict(keeper.failures), "firing": firing_now(rows)}
            snapshot = Snapshot({**given.seen, "sentinel": here}, given.health, given.by)
            keep(rows, name, snapshot=snapshot, book=keeper.book.path, at=at)
            return find(rows, name)

        return await self._done(request, deed)

    async def _done(
        self, request: web.Request, deed: Callable[[Rows, float], Incident], *, status: int = 200
    ) -> web.Response:
        body = (await request.read()).decode("utf-8", "replace")
        asked = once.Asked(request.headers.get("Idempotency-Key", ""), f"{request.method} {request.path}\n{body}")

        def doing() -> tuple[view.Told, bool]:
            at = self.sentinel.clock()
            with self.sentinel.book.writing() as rows:
                before = once.done(rows, asked, at=at)
                found = deed(rows, at) if before is None else find(rows, before)
                if before is None:
                    once.keep(rows, asked, did=found.id, at=at)
                return view.told(rows, found), before is not None

        told, is_known = await asyncio.to_thread(doing)
        answer = _json(told, status=status)
        if is_known:
            answer.headers["Idempotent-Replayed"] = "true"
        return answer

    def _read(self, what: Callable[[Rows], _T]) -> _T:
        with self.sentinel.book.reading() as rows:
            return what(rows)


def add_routes(app: web.Application, sentinel: Sentinel, *, admit: Admit) -> None:
    """Have *app* answer for *sentinel* to whoever *admit* lets in."""
    answers = Answering(sentinel)
    app.router.add_get("/incidents", _told(answers.listed, admit))
    app.router.add_post("/incidents", _told(answers.opened, admit))
    app.router.add_get(f"/incidents/{_ONE}", _told(answers.shown, admit))
    app.router.add_post(f"/incidents/{_ONE}/snapshot", _told(answers.snapped, admit))
    app.router.add_post("/reports", _told(answers.reported, admit))
    app.router.add_post(f"/incidents/{_ONE}/{{deed}}", _told(answers.acted, admit))


def _told(handler: Handler, admit: Admit) -> Handler:
    """*handler* for whoever is let in, what goes wrong as a status and a document."""

    async def answered(request: web.Request) -> web.StreamResponse:
        admit(request)
        try:
            return await handler(request)
        except CausalEvalError as error:
            status = next((status for kind, status in STATUSES if isinstance(error, kind)), 503)
            wait = {"Retry-After": str(error.wait)} if isinstance(error, TooSoon) else {}
            document = msgspec.json.encode({"kind": error.kind, "detail": str(error)})
            return web.Response(body=document, status=status, content_type="application/json", headers=wait)

    return answered


async def _deed(request: web.Request) -> Deed:
    kind = DEEDS.get(request.match_info["deed"])
    if kind is None:
        raise UnknownName("deed", request.match_info["deed"], DEEDS)
    return _decoded(await request.read(), kind)


def _decoded(body: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"this is no {kind.__name__.lower()}: {error}") from error


def _number(text: str | None, usual: int) -> int:
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise UsageError(f"{text!r} is no whole number")
    return int(text)


def _json(document: msgspec.Struct, *, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(document), status=status, content_type="application/json")
