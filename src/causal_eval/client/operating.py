"""How the system is: switches, workers, the audit log, health."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from causal_eval.client.asking import Asking, Call, quoted
from causal_eval.client.shapes import Shape


class Switch(Shape, frozen=True):
    """A setting that an operator changed while the service runs."""

    name: str
    value: str
    set_by: str
    set_at: float
    until: float | None
    reason: str


class Worker(Shape, frozen=True):
    """A worker that lives."""

    id: str
    host: str
    pid: int
    version: str
    beat_at: float
    draining: bool


class AuditEntry(Shape, frozen=True):
    """Something that was done."""

    id: int
    at: str
    actor: str
    action: str
    target: str
    project: str | None
    address: str
    detail: dict[str, Any]


class AuditCheck(Shape, frozen=True):
    """Whether the log is whole."""

    broken: tuple[int, ...]
    """Entries that were changed, or before which one was taken away."""


class Component(Shape, frozen=True):
    """Something that the service stands on."""

    name: str
    status: str
    critical: bool
    said: str
    seconds: float | None
    since: float | None
    """When it became so; seconds since 1970."""


class HealthDetail(Shape, frozen=True):
    """What operators see."""

    waiting: int | None
    workers: tuple[Worker, ...]
    fault: str
    components: tuple[Component, ...]


class Health(Shape, frozen=True):
    """How the service is: ``ok``, ``degraded`` (something that it can do without is not well) or ``down``."""

    status: str
    components: dict[str, str] = msgspec.field(default_factory=dict)
    """How each part is, in a word."""
    detail: HealthDetail | None = None


class Version(Shape, frozen=True):
    """Which program this is."""

    version: str
    generator: str
    scorer: str
    schema_revision: str
    sha: str
    """Revision of its source; empty: whoever built it did not say."""
    started_at: float
    """When the process that answered was started; seconds since 1970."""


class Operating(Asking):
    """The routes of this part of the service, each by its operation id."""

    async def list_switches(self) -> tuple[Switch, ...]:
        """Settings that were changed while the service runs, as far as they hold."""
        return await self._ask(Call("GET", "/switches"), tuple[Switch, ...])

    async def set_switch(self, switch: str, value: str, *, reason: str, lasts: str | None = None) -> Switch:
        """Change ``MAX_CONCURRENT_API_CALLS`` or ``DISABLED_PROVIDERS`` everywhere within 5 s."""
        return await self._ask(
            Call("PUT", f"/switches/{quoted(switch)}", body={"value": value, "reason": reason, "lasts": lasts}), Switch
        )

    async def take_back_switch(self, switch: str) -> None:
        """Let the setting of the environment hold again."""
        await self._done(Call("DELETE", f"/switches/{quoted(switch)}"))

    async def list_workers(self) -> tuple[Worker, ...]:
        """Workers that live."""
        return await self._ask(Call("GET", "/workers"), tuple[Worker, ...])

    def list_audit(self, *, project: str | None = None) -> AsyncIterator[AuditEntry]:
        """What was done, by whom and from where, newest first."""
        return self._pages(Call("GET", "/audit", query={"project": project}), AuditEntry)

    async def check_audit(self) -> AuditCheck:
        """Follow the log's chain from its beginning."""
        return await self._ask(Call("GET", "/audit/check"), AuditCheck)

    async def health(self) -> Health:
        """How the service is; the detail is for operators."""
        return await self._ask(Call("GET", "/health", prefix="", fine=frozenset({503})), Health)

    async def ready(self) -> Health:
        """Whether requests can be sent here: the database answers, and the process is not about to end."""
        return await self._ask(Call("GET", "/health/ready", prefix="", fine=frozenset({503})), Health)

    async def version(self) -> Version:
        """Which program, generator, scorer and schema this is, and since when it runs."""
        return await self._ask(Call("GET", "/version", prefix="", fine=frozenset({503})), Version)
