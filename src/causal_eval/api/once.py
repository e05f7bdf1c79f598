"""``Idempotency-Key``: a request that is sent again with its key is not done again, and is answered like the first."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from fastapi import Depends, Header
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.service import idempotency
from causal_eval.service.wiring import Visit

REPLAYED = "Idempotent-Replayed"


class Made(NamedTuple):
    """What a request has made, and where it is; 202: it will be there once a worker has made it."""

    where: str
    what: BaseModel
    status: int = 201


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that makes something, and the key under which that is done once; None: whenever it is sent."""

    key: str | None
    request: str
    """SHA-256 of method, path and body."""

    def done(self, visit: Visit, make: Callable[[], Made]) -> Response:
        """The answer to the first request with this key: *make* is called for that one alone.

        Raises:
            Conflict: the key came with another request, or the first is under way.
        """
        if self.key is None:
            made = make()
            return _created(_text(made), made.status)
        replay = idempotency.begin(visit, self.key, request=self.request)
        if replay is not None:
            answer = _created(replay.body, replay.status)
            answer.headers[REPLAYED] = "true"
            return answer
        try:
            made = make()
            text = _text(made)
        except BaseException:
            idempotency.abandon(visit, self.key)
            raise
        idempotency.finish(visit, self.key, status=made.status, body=text)
        return _created(text, made.status)


async def asked(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, pattern=r"^[!-~]+$", description="The same key and body: done once.")
    ] = None,
) -> Asked:
    """The request as it is told from others."""
    told = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + await request.body())
    return Asked(idempotency_key, told.hexdigest())


Once = Annotated[Asked, Depends(asked)]


def _text(made: Made) -> bytes:
    return f"{made.where}\n{made.what.model_dump_json()}".encode()


def _created(text: bytes, status: int) -> Response:
    where, _, body = text.partition(b"\n")
    return Response(body, status, media_type="application/json", headers={"Location": where.decode()})
