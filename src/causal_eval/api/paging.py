"""Pages and versions of what is sent: opaque cursors, and tags by which a client need not be sent the same again."""

from __future__ import annotations

import base64
import hashlib
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.errors import UsageError

LARGEST_PAGE = 100
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "What the client has, by its `If-None-Match`."}}

_T = TypeVar("_T")

Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="Most entries of the page.")]
After = Annotated[
    Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_=-]*$")] | None,
    Query(description="`next` of the page before."),
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
"""A name without spaces, as ids, models and seeds are."""
Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""What people call something."""
Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[ -~]+$")]


def cursor(place: object) -> str:
    """*place* as a client sends it back; what it holds is nobody's business."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def place(text: str | None, kind: type[_T]) -> _T | None:
    """The place that :func:`cursor` was made from.

    Raises:
        UsageError: it was not.
    """
    if text is None:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind)
    except (ValueError, msgspec.DecodeError) as error:
        raise UsageError("after is no `next` of a page: leave it out to begin anew") from error


def tagged(request: Request, document: BaseModel) -> Response:
    """*document* with its ``ETag``; 304 without it where the client has it already."""
    body = document.model_dump_json().encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
