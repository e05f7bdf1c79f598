"""Sessions over HTTP: begun by password, ended, and who somebody is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.api.routing import make_router
from causal_eval.api.shapes import In, Out
from causal_eval.api.who import AtDoor, Visiting, address_of, check_no_strangers_page, cookie_name, is_secure
from causal_eval.errors import Conflict
from causal_eval.service import accounts
from causal_eval.service.access import NOBODY, Permission, Role

router = make_router("/session", tag="session")

Email = Annotated[str, StringConstraints(min_length=3, max_length=320)]


class Credentials(In):
    """What somebody logs in with."""

    email: Email = Field(examples=["ada@example.org"])
    password: Annotated[SecretStr, Field(min_length=1, max_length=256)]


class BegunSession(Out):
    """A session; its cookie is in ``Set-Cookie``, where no script reads it."""

    csrf: str = Field(description="Sent back as `X-CSRF-Token` by every request that changes something.")
    expires_at: float


class WhoIam(Out):
    """Who asks."""

    actor: str
    name: str
    role: Role
    projects: list[str] | None = Field(description="Those that may be entered; null: all.")
    scopes: list[Permission] = Field(description="What a key is limited to; empty: all of its role.")
    csrf: str | None = Field(description="The session's token; null: no session.")


@router.post("", status_code=201, response_model=BegunSession)
def log_in(request: Request, at: AtDoor, given: Credentials) -> Response:
    """Begin a session; an unknown address is refused like a wrong password. A cookie from before does not count."""
    check_no_strangers_page(request)
    password, address = given.password.get_secret_value(), address_of(request)
    at.inbound.admit(NOBODY, address=address)
    begun = accounts.log_in(at.service, given.email, password=password, address=address)
    response = Response(BegunSession.model_validate(begun).model_dump_json(), 201, media_type="application/json")
    response.set_cookie(
        cookie_name(request), begun.cookie, max_age=int(accounts.SESSION), path="/", secure=is_secure(request),
        httponly=True, samesite="lax",
    )  # fmt: skip
    return response


@router.get("")
def who_am_i(request: Request, visit: Visiting, at: AtDoor) -> WhoIam:
    """Who asks, and with what rights."""
    caller, known = visit.caller, at.session(request)
    return WhoIam(
        actor=caller.actor, name=caller.name, role=caller.role,
        projects=None if caller.projects is None else sorted(caller.projects), scopes=sorted(caller.scopes),
        csrf=None if known is None else known.csrf,
    )  # fmt: skip


@router.delete("", status_code=204)
def log_out(request: Request, visit: Visiting, at: AtDoor) -> Response:
    """End the session."""
    if at.session(request) is None:
        raise Conflict("nothing to end: this request came without a session; a key is revoked under /api/v1/api-keys")
    accounts.log_out(visit.service, request.cookies[cookie_name(request)])
    response = Response(status_code=204)
    response.delete_cookie(cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="lax")
    return response
