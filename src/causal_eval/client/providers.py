"""Who can be asked: providers and addresses, and how their keys are."""

from __future__ import annotations

from causal_eval.client.asking import Asking, Call, quoted
from causal_eval.client.shapes import Shape


class KeyHealth(Shape, frozen=True):
    """What the workers have met with a provider's key."""

    key: str
    cooldown_until: float | None
    revoked_at: float | None
    breaker: str
    note: str
    updated_at: float


class Provider(Shape, frozen=True):
    """A provider whose models can be asked."""

    name: str
    dialect: str
    configured: bool
    keys: int
    switched_off: str
    batches: bool
    form: str
    states: tuple[KeyHealth, ...]


class Endpoint(Shape, frozen=True):
    """An address at which models can be asked; it is set up, but only what is usable is asked."""

    name: str
    """What stands before the model."""
    origin: str
    """Scheme, host and port."""
    keys: int
    """The service's own."""
    project_keys: int
    """The project's for this origin: they take the place of the service's."""
    usable: bool
    switched_off: str
    fault: str
    states: tuple[KeyHealth, ...]


class Providers(Asking):
    """The routes of this part of the service, each by its operation id."""

    async def list_providers(self) -> tuple[Provider, ...]:
        """Providers and whether they are set up here; no key is ever shown."""
        return await self._ask(Call("GET", "/providers"), tuple[Provider, ...])

    async def get_provider(self, provider: str) -> Provider:
        """One provider."""
        return await self._ask(Call("GET", f"/providers/{quoted(provider)}"), Provider)

    async def list_endpoints(self, *, project: str = "local") -> tuple[Endpoint, ...]:
        """Where a project can have models asked: what is set up here, whether there are keys, and how they are."""
        return await self._ask(Call("GET", "/endpoints", query={"project": project}), tuple[Endpoint, ...])
