"""Projects over HTTP: made, ruled, entered, read out whole, deleted; and the provider keys that they hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Annotated

from pydantic import Field, SecretStr
from starlette.responses import StreamingResponse

from causal_eval.api.paging import Label, Name
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import In, Out
from causal_eval.api.turns import long
from causal_eval.api.users import User
from causal_eval.api.who import Visiting
from causal_eval.service import projects, vault
from causal_eval.store.projects import Rules

router = make_router("/projects", tag="projects")

LINES = 200
"""Of an export, sent at once."""
NDJSON = "application/x-ndjson"


class ProjectRequest(In):
    """A project that is to be made."""

    id: Name = Field(examples=["vision-team"])
    name: Label


class ProjectRules(In):
    """What holds for a project; null: no cap, and nothing is deleted."""

    monthly_cap: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="Dollars by calendar month (UTC).", examples=["250"]
    )
    retention_days: int | None = Field(None, ge=1, le=projects.MOST_DAYS)


class SetRules(Out):
    """What holds for a project."""

    monthly_cap: str | None
    retention_days: int | None


class Project(Out):
    """A team's part of the service."""

    id: str
    name: str
    created_at: float
    rules: SetRules
    members: int


class DeletedRows(Out):
    """What was deleted, by table."""

    rows: dict[str, int]


class ProviderKey(In):
    """A provider's key: sealed at once, used for calls, never shown again."""

    provider: Name = Field(examples=["openai"])
    origin: Annotated[str, Field(min_length=1, max_length=2000)] = Field(
        description="Address of the server; for another one the key has to be brought again.",
        examples=["https://api.openai.com"],
    )
    key: Annotated[SecretStr, Field(min_length=1, max_length=vault.LONGEST_KEY)]


class KeptKey(Out):
    """A provider's key as far as it is shown."""

    id: str
    project: str
    provider: str
    origin: str
    shown: str
    created_by: str
    created_at: float
    revoked_at: float | None


@router.get("")
def list_projects(visit: Visiting) -> list[Project]:
    """Those that the caller enters, by id."""
    return [Project.model_validate(one) for one in projects.listed(visit)]


@router.post("", status_code=201)
def create_project(visit: Visiting, wanted: ProjectRequest) -> Project:
    """Make a project."""
    return Project.model_validate(projects.add(visit, wanted.id, name=wanted.name))


@router.get("/{project}")
def get_project(visit: Visiting, project: Name) -> Project:
    """One project."""
    return Project.model_validate(projects.find(visit, project))


@router.put("/{project}/rules")
def set_project_rules(visit: Visiting, project: Name, wanted: ProjectRules) -> Project:
    """Set monthly cap and retention, both."""
    rules = Rules(wanted.monthly_cap, wanted.retention_days)
    return Project.model_validate(projects.set_rules(visit, project, rules=rules))


@router.get("/{project}/members")
def list_members(visit: Visiting, project: Name) -> list[User]:
    """Who may enter it, by address; admins enter all."""
    return [User.model_validate(one) for one in projects.members(visit, project)]


@router.put("/{project}/members/{user}", status_code=204)
def add_member(visit: Visiting, project: Name, user: Name) -> None:
    """Let a user in."""
    projects.let_in(visit, project, user=user)


@router.delete("/{project}/members/{user}", status_code=204)
def remove_member(visit: Visiting, project: Name, user: Name) -> None:
    """Put a user out."""
    projects.put_out(visit, project, user=user)


@router.get(
    "/{project}/export",
    response_class=StreamingResponse,
    responses={200: {"description": "A line of JSON for each row.", "content": {NDJSON: {}}}},
)
def export_project(visit: Visiting, project: Name) -> StreamingResponse:
    """Everything that the project holds, line by line, without secrets."""
    lines = projects.export(visit, project)
    name = f'attachment; filename="{projects.find(visit, project).id}.jsonl"'
    return StreamingResponse(chunks(lines), media_type=NDJSON, headers={"Content-Disposition": name})


@router.delete("/{project}")
def delete_project(visit: Visiting, project: Name) -> DeletedRows:
    """Delete everything that the project holds; its id stays taken, and the audit log stays."""
    return DeletedRows(rows=projects.delete(visit, project))


@router.get("/{project}/provider-keys", tags=["provider keys"])
def list_provider_keys(visit: Visiting, project: Name) -> list[KeptKey]:
    """The provider keys of a project, newest first, as far as they are shown."""
    return [KeptKey.model_validate(one) for one in vault.listed(visit, project)]


@router.post("/{project}/provider-keys", status_code=201, tags=["provider keys"])
def keep_provider_key(visit: Visiting, project: Name, brought: ProviderKey) -> KeptKey:
    """Seal a provider's key for the project."""
    new = vault.NewCredential(brought.provider, brought.origin, brought.key.get_secret_value())
    return KeptKey.model_validate(vault.keep(visit, project, brought=new))


@router.delete("/{project}/provider-keys/{key}", status_code=204, tags=["provider keys"])
def revoke_provider_key(visit: Visiting, project: Name, key: Name) -> None:
    """Destroy a provider's key: nothing of it can be opened any more."""
    vault.revoke(visit, project, credential=key)


async def chunks(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """*lines*, some at a time, read by threads; a client that goes away ends the reading."""
    more = iter(lambda: b"".join(islice(lines, LINES)), b"")
    try:
        while chunk := await long(lambda: next(more, b"")):
            yield chunk
    finally:
        close = getattr(lines, "close", None)
        if close is not None:
            close()
