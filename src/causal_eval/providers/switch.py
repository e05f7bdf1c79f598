"""A provider can be switched off while a run goes on: its items wait, and go on when it is switched on again."""

from __future__ import annotations

from collections.abc import Mapping

from causal_eval.errors import UsageError
from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.events import Listener, Paused, Resumed
from causal_eval.providers.live import Live
from causal_eval.providers.provider import Outcome, Prompt, Provider

DISABLED = "DISABLED_PROVIDERS"
_OFF = frozenset({"0", "false", "no", "off"})
_ON = frozenset({"1", "true", "yes", "on", ""})
_LOOK = 1.0
"""Seconds between two looks of an item that waits."""


def switched_off(provider: str, *, prefix: str, env: Mapping[str, str]) -> str:
    """The setting that switches *provider* off, as the user wrote it; empty while it is on.

    ``<prefix>_ENABLED=false``, or *provider* (for a server of one's own also its bare name) in ``DISABLED_PROVIDERS``.

    Raises:
        UsageError: ``<prefix>_ENABLED`` says neither yes nor no.
    """
    variable = f"{prefix}_ENABLED"
    said = env.get(variable, "").strip()
    if said.lower() in _OFF:
        return f"{variable}={said}"
    if said.lower() not in _ON:
        raise UsageError(f"{variable} is {said!r}: allowed is one of true, false, 1, 0, yes, no, on, off")
    listed = {name.strip().lower() for name in env.get(DISABLED, "").split(",")}
    names = {provider.lower(), provider.lower().rpartition("/")[2]}
    return f"{DISABLED}={env[DISABLED].strip()}" if listed & names else ""


class Latch:
    """Open while a provider is switched on."""

    def __init__(
        self,
        name: str,
        provider: str,
        *,
        prefix: str,
        live: Live,
        clock: Clock | None = None,
        listener: Listener | None = None,
    ) -> None:
        self._name = name
        self._provider = provider
        self._prefix = prefix
        self._live = live
        self._clock = clock or SystemClock()
        self._listener = listener
        self._seen = live.version
        self.off = switched_off(provider, prefix=prefix, env=live.env)
        """The setting that says so; empty while it is on."""
        self.waiting = 0

    def is_open(self) -> bool:
        """Whether it is switched on, as the settings are now."""
        if self._live.look() != self._seen:
            self._read()
        return not self.off

    async def opened(self) -> None:
        """Return as soon as it is switched on."""
        if not self.waiting and self._listener is not None:
            self._listener.on_event(Paused(self._name, f"{self._provider} is switched off ({self.off})"))
        self.waiting += 1
        try:
            while self.off:
                await self._clock.sleep(_LOOK)
                if self._live.look() != self._seen:
                    self._read()
        finally:
            self.waiting -= 1

    def _read(self) -> None:
        self._seen, before = self._live.version, self.off
        try:
            self.off = switched_off(self._provider, prefix=self._prefix, env=self._live.env)
        except UsageError:
            return  # neither yes nor no: what held before holds
        if before and not self.off and self._listener is not None:
            self._listener.on_event(Resumed(self._name))


class Switch:
    """Wraps a provider; while it is switched off, prompts wait here without a call and without a bound."""

    def __init__(self, inner: Provider, latch: Latch) -> None:
        self._inner = inner
        self.latch = latch

    @property
    def name(self) -> str:
        """That of the wrapped provider."""
        return self._inner.name

    async def complete(self, prompt: Prompt) -> Outcome:
        """The wrapped provider's outcome, as soon as it is switched on."""
        if not self.latch.is_open():
            await self.latch.opened()
        return await self._inner.complete(prompt)

    async def close(self) -> None:
        """Close the wrapped provider."""
        await self._inner.close()
