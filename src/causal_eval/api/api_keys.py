"""API keys over HTTP: made (shown once), listed, revoked."""

from __future__ import annotations

from pydantic import Field

from causal_eval.api.paging import Label, Name
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import In, Out
from causal_eval.api.who import Visiting
from causal_eval.service import keys
from causal_eval.service.access import Permission, Role

router = make_router("/api-keys", tag="API keys")


class KeyRequest(In):
    """The key that somebody wants."""

    name: Label = Field(examples=["nightly runs"])
    role: Role = Role.VIEWER
    project: Name | None = Field(None, description="The only project that it opens; null: all of its user's.")
    scopes: frozenset[Permission] = Field(frozenset(), description="What it is limited to; empty: all of its role.")
    expires_at: float | None = Field(None, gt=0, le=1e11, allow_inf_nan=False, description="Seconds since 1970.")

    def order(self) -> keys.KeyOrder:
        """The same as the service takes it."""
        return keys.KeyOrder(self.name, self.role, self.project, self.scopes, self.expires_at)


class ApiKey(Out):
    """An API key, without its secret."""

    id: str
    user_id: str
    project: str | None
    name: str
    role: Role
    scopes: list[Permission]
    created_at: float
    expires_at: float | None
    last_used_at: float | None
    revoked_at: float | None


class MadeKey(Out):
    """A new key, and the only sight of it."""

    key: str
    line: ApiKey


@router.post("", status_code=201)
def create_api_key(visit: Visiting, wanted: KeyRequest) -> MadeKey:
    """Make a key of who asks; it never reaches further than he does. Sent twice, two keys are made."""
    return MadeKey.model_validate(keys.make(visit, wanted.order()))


@router.get("")
def list_api_keys(visit: Visiting, *, everybodys: bool = False) -> list[ApiKey]:
    """The caller's keys, newest first; with `everybodys` those of all users, for admins."""
    return [ApiKey.model_validate(one) for one in keys.listed(visit, everybodys=everybodys)]


@router.delete("/{key}", status_code=204)
def revoke_api_key(visit: Visiting, key: Name) -> None:
    """Shut a key out: everywhere within 2 s."""
    keys.revoke(visit, key)
