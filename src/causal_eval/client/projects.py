"""Projects: their rules, members, provider keys and webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec

from causal_eval.client.asking import Asking, Call, quoted
from causal_eval.client.people import User
from causal_eval.client.shapes import Secret, Shape


class Rules(Shape, frozen=True):
    """What holds for a project."""

    monthly_cap: str | None
    retention_days: int | None


class Project(Shape, frozen=True):
    """A team's part of the service."""

    id: str
    name: str
    created_at: float
    rules: Rules
    members: int


class DeletedRows(Shape, frozen=True):
    """What was deleted, by table."""

    rows: dict[str, int]


class KeptKey(Shape, frozen=True):
    """A provider's key as far as it is shown."""

    id: str
    project: str
    provider: str
    origin: str
    shown: str
    created_by: str
    created_at: float
    revoked_at: float | None


class Webhook(Shape, frozen=True):
    """A webhook; its secret is shown when it is made, and never again."""

    id: str
    project: str
    url: str
    kinds: tuple[str, ...]
    created_by: str
    created_at: float
    failing_since: float | None
    disabled_at: float | None


class NewWebhook(Webhook, frozen=True):
    """A new webhook with the secret of its signatures."""

    secret: Secret


class Delivery(Shape, frozen=True):
    """That an event is, was or could not be sent; its id is the ``webhook-id`` of every try."""

    id: str
    event_id: int
    status: str
    tries: int
    created_at: float
    next_at: float
    last_status: int | None
    last_error: str


class Projects(Asking):
    """The routes of this part of the service, each by its operation id."""

    async def list_projects(self) -> tuple[Project, ...]:
        """Those that the caller enters, by id."""
        return await self._ask(Call("GET", "/projects"), tuple[Project, ...])

    async def create_project(self, project: str, name: str) -> Project:
        """Make a project."""
        return await self._ask(Call("POST", "/projects", body={"id": project, "name": name}), Project)

    async def get_project(self, project: str) -> Project:
        """One project."""
        return await self._ask(Call("GET", f"/projects/{quoted(project)}"), Project)

    async def set_project_rules(
        self, project: str, *, monthly_cap: str | None = None, retention_days: int | None = None
    ) -> Project:
        """Set monthly cap and retention, both."""
        return await self._ask(
            Call(
                "PUT",
                f"/projects/{quoted(project)}/rules",
                body={"monthly_cap": monthly_cap, "retention_days": retention_days},
            ),
            Project,
        )

    async def list_members(self, project: str) -> tuple[User, ...]:
        """Who may enter it, by address; admins enter all."""
        return await self._ask(Call("GET", f"/projects/{quoted(project)}/members"), tuple[User, ...])

    async def add_member(self, project: str, user: str) -> None:
        """Let a user in."""
        await self._done(Call("PUT", f"/projects/{quoted(project)}/members/{quoted(user)}"))

    async def remove_member(self, project: str, user: str) -> None:
        """Put a user out."""
        await self._done(Call("DELETE", f"/projects/{quoted(project)}/members/{quoted(user)}"))

    async def export_project(self, project: str) -> AsyncIterator[dict[str, Any]]:
        """Everything that the project holds, a row at a time, without secrets."""
        call = Call("GET", f"/projects/{quoted(project)}/export")
        async for line in self._lines(call, {}, silence=self._patience.seconds):
            row: dict[str, Any] = msgspec.json.decode(line)
            yield row

    async def delete_project(self, project: str) -> DeletedRows:
        """Delete everything that the project holds; its id stays taken, and the audit log stays."""
        return await self._ask(Call("DELETE", f"/projects/{quoted(project)}"), DeletedRows)

    async def list_provider_keys(self, project: str) -> tuple[KeptKey, ...]:
        """The provider keys of a project, newest first, as far as they are shown."""
        return await self._ask(Call("GET", f"/projects/{quoted(project)}/provider-keys"), tuple[KeptKey, ...])

    async def keep_provider_key(self, project: str, *, provider: str, origin: str, key: str) -> KeptKey:
        """Seal a provider's key for the project."""
        return await self._ask(
            Call(
                "POST",
                f"/projects/{quoted(project)}/provider-keys",
                body={"provider": provider, "origin": origin, "key": key},
            ),
            KeptKey,
        )

    async def revoke_provider_key(self, project: str, key: str) -> None:
        """Destroy a provider's key: nothing of it can be opened any more."""
        await self._done(Call("DELETE", f"/projects/{quoted(project)}/provider-keys/{quoted(key)}"))

    async def create_webhook(
        self,
        *,
        url: str,
        project: str = "local",
        kinds: tuple[
            Literal["created", "progress", "waiting", "paused", "resumed", "cancelled", "halted", "done"], ...
        ] = (),
    ) -> NewWebhook:
        """Send a project's events to an address from now on; the secret in the answer is kept nowhere in clear."""
        return await self._ask(
            Call("POST", "/webhooks", body={"url": url, "project": project, "kinds": kinds}), NewWebhook
        )

    async def list_webhooks(self, *, project: str = "local") -> tuple[Webhook, ...]:
        """The webhooks of a project."""
        return await self._ask(Call("GET", "/webhooks", query={"project": project}), tuple[Webhook, ...])

    async def get_webhook(self, webhook: str) -> Webhook:
        """One webhook."""
        return await self._ask(Call("GET", f"/webhooks/{quoted(webhook)}"), Webhook)

    async def delete_webhook(self, webhook: str) -> None:
        """Send nothing there any more, and forget its secret."""
        await self._done(Call("DELETE", f"/webhooks/{quoted(webhook)}"))

    async def disable_webhook(self, webhook: str) -> Webhook:
        """Send nothing there until it is enabled."""
        return await self._ask(Call("POST", f"/webhooks/{quoted(webhook)}/disable"), Webhook)

    async def enable_webhook(self, webhook: str) -> Webhook:
        """Send there again after it was disabled."""
        return await self._ask(Call("POST", f"/webhooks/{quoted(webhook)}/enable"), Webhook)

    def list_deliveries(self, webhook: str) -> AsyncIterator[Delivery]:
        """What was, is or could not be sent."""
        return self._pages(Call("GET", f"/webhooks/{quoted(webhook)}/deliveries"), Delivery)

    async def resend_delivery(self, webhook: str, delivery: str) -> Delivery:
        """Send an event again, under the same id."""
        return await self._ask(
            Call("POST", f"/webhooks/{quoted(webhook)}/deliveries/{quoted(delivery)}/resend"), Delivery
        )
