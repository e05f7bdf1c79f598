"""What a request may end in other than an answer.

CausalEvalError
├── Refused                 the service answered with a problem; ``status``, ``kind``, ``detail``, ``request``
│   ├── NotAuthenticated    401  no key or session, or one that is no good
│   ├── NotAllowed          403  the role, or the key's scopes, do not reach
│   ├── NotFound            404  there is none, or it is another project's
│   ├── Conflict            409  its state, or an earlier request, forbids it
│   ├── Invalid             4xx  a value cannot be taken; ``fields`` says which and why
│   ├── TooMany             429  ``retry_after`` seconds
│   └── Unavailable         5xx  the service cannot do it at the moment; ``retry_after`` seconds
├── Unreachable             no answer: no connection, a broken one, or a time-out
└── Unreadable              an answer that is not as documented: another server, or another version
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from causal_eval.errors import CausalEvalError


class Field(msgspec.Struct, frozen=True):
    """What is wrong with one field of a request."""

    field: str
    """Where it stands, e.g. ``body.call.rpm``."""
    message: str


class Problem(msgspec.Struct, frozen=True):
    """A problem document (RFC 9457), as far as it is one."""

    type: str = ""
    title: str = ""
    detail: str = (
        "the answer is no problem document: is this the address of the service, and not of something before it?"
    )
    instance: str = ""
    errors: tuple[Field, ...] | None = None


class Refused(CausalEvalError):
    """The service refused a request."""

    def __init__(self, status: int, problem: Problem, *, retry_after: float | None = None) -> None:
        told = f" (request {problem.instance})" if problem.instance else ""
        super().__init__(f"{problem.title or status}: {problem.detail}{told}")
        self.status = status
        self.problem_type = problem.type.rpartition(":")[2]
        """``unknown-name``, ``invalid-request`` ...: the same for the same kind of problem."""
        self.detail = problem.detail
        self.request = problem.instance
        """Its id, by which an operator finds it in the log."""
        self.fields = problem.errors or ()
        self.retry_after = retry_after
        """Seconds; None: the service does not say."""


class NotAuthenticated(Refused):
    """Nobody is known by what was sent."""


class NotAllowed(Refused):
    """Who asks may not."""


class NotFound(Refused):
    """There is none of that name, or it is another project's."""


class Conflict(Refused):
    """The state of things forbids it."""


class Invalid(Refused):
    """Something in the request cannot be taken."""


class TooMany(Refused):
    """Asked too often."""


class Unavailable(Refused):
    """The service cannot do it at the moment."""


class Unreachable(CausalEvalError):
    """No answer came."""


class Unreadable(CausalEvalError):
    """The answer is not what this version of the client reads."""


_KINDS: Mapping[int, type[Refused]] = {
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    429: TooMany,
}


def refusal(status: int, body: bytes, *, retry_after: str = "") -> Refused:
    """The error for an answer with this status."""
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = Problem()
    usual = Unavailable if status >= HTTPStatus.INTERNAL_SERVER_ERROR else Invalid
    wait = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
    return _KINDS.get(status, usual)(status, problem, retry_after=wait)
