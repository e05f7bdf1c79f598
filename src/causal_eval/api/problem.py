"""Every error as a problem document (RFC 9457): what kind, which status, what to do; never how the inside looks."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.errors import (
    CausalError,
    CausalEvalError,
    Conflict,
    NotAllowed,
    NotLoggedIn,
    ReadOnlyMode,
    SentinelAway,
    StoreError,
    StoreFull,
    TooSoon,
    UnknownName,
    UsageError,
)

log = logging.getLogger("causal_eval.api")

MEDIA = "application/problem+json"
RETRY_SECONDS = "2"
STATUSES: tuple[tuple[type[CausalEvalError], int], ...] = (
    (TooSoon, 429),
    (NotLoggedIn, 401),
    (NotAllowed, 403),
    (UnknownName, 404),
    (Conflict, 409),
    (ReadOnlyMode, 503),
    (SentinelAway, 503),
    (StoreFull, 507),
    (StoreError, 503),
    (UsageError, 422),
    (CausalError, 422),
)
"""The first class that fits decides."""


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    """Where it stands, e.g. ``body.call.rpm``."""
    message: str


class Problem(BaseModel):
    """Why a request was not done."""

    type: str
    """``urn:causal-eval:problem:<kind>``: the same for the same kind of problem."""
    title: str
    status: int
    detail: str
    """One line: what cannot be taken, and what to do."""
    instance: str
    """Id of the request, as in its ``X-Request-ID``; the log names it too."""
    errors: list[FieldProblem] | None = None
    """Of a request that does not fit its description: what is wrong with which field."""
    answer: str | None = None
    """Of a case that the mathematics gives no answer to: ``not_determined``, ``not_identifiable`` or ``too_large``, as
    ``causal-eval solve`` has it."""
    certificate: Any = None
    """What shows that there is none, where it was made: two models that fit what is stated and disagree."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route declares: these statuses, each a problem document."""
    return {
        status: {
            "model": Problem,
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


USUAL = problems(400, 401, 403, 404, 408, 409, 413, 422, 429, 503)
"""What any route under ``/api/v1`` may answer instead."""


def answer(
    request: Request, status: int, *, kind: str, detail: str, errors: Sequence[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """The problem document as a response."""
    document = _document(request, status, kind=kind, detail=detail)
    document.errors = list(errors) if errors else None
    return _sent(document, headers=headers)


def _document(request: Request, status: int, *, kind: str, detail: str) -> Problem:
    return Problem(
        type=f"urn:causal-eval:problem:{kind}", title=HTTPStatus(status).phrase, status=status, detail=detail,
        instance=str(request.scope.get("request_id", "")),
    )  # fmt: skip


def _sent(document: Problem, *, headers: Mapping[str, str] | None = None) -> Response:
    text = document.model_dump_json(exclude_none=True)
    return Response(text, document.status, media_type=MEDIA, headers=dict(headers or {}))


def install(app: FastAPI) -> None:
    """Let *app* answer every error with a problem document."""
    app.add_exception_handler(CausalEvalError, _known)
    app.add_exception_handler(CausalError, _unsolved)
    app.add_exception_handler(RequestValidationError, _unfit)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _unknown)


def status_of(error: CausalEvalError) -> int:
    """The status that *error* is answered with; 500 for what no request should be able to cause."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)


def dashed(name: str) -> str:
    """``NotLoggedIn`` as ``not-logged-in``."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, CausalEvalError)
    status = status_of(error)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unknown(request, error)
    headers = {}
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE}:
        log.warning("request %s: %s", request.scope.get("request_id"), error)
        headers["Retry-After"] = RETRY_SECONDS
    if isinstance(error, TooSoon):
        headers["Retry-After"] = str(error.wait)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    # where the database lies is nobody's business
    detail = "the database cannot be used at the moment: try again" if isinstance(error, StoreError) else str(error)
    return answer(request, status, kind=dashed(error.kind), detail=detail, headers=headers)


def _unsolved(request: Request, error: Exception) -> Response:
    """The mathematics gives no answer: said as ``causal-eval solve`` says it."""
    assert isinstance(error, CausalError)
    kind = dashed(error.kind)
    document = _document(request, status_of(error), kind=kind, detail=str(error))
    document.answer, document.certificate = kind.replace("-", "_"), error.certificate
    return _sent(document)


def _unfit(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        FieldProblem(field=".".join(str(part) for part in one["loc"]), message=_plain(str(one["msg"])))
        for one in error.errors()
    ]
    first = errors[0]
    detail = f"{first.field}: {first.message}" + (f" (and {len(errors) - 1} more)" if len(errors) > 1 else "")
    return answer(request, 422, kind="invalid-request", detail=detail, errors=errors)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return answer(request, error.status_code, kind=kind, detail=str(error.detail), headers=error.headers)


def _unknown(request: Request, error: Exception) -> Response:
    log.error("request %s failed", request.scope.get("request_id"), exc_info=error)
    detail = "something went wrong on our side: tell an operator the id of this request"
    # the guard is already left
    headers = {"X-Request-ID": str(request.scope.get("request_id", "")), "X-Content-Type-Options": "nosniff"}
    return answer(request, 500, kind="internal", detail=detail, headers=headers)


def _plain(text: str) -> str:
    """One line that can be sent: what a request holds may be no valid text."""
    return " ".join(text.encode("utf-8", "replace").decode().split())
