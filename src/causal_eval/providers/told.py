"""Tells a listener of every call that is really made: it stands directly around the adapter."""

from __future__ import annotations

from causal_eval.providers.events import CallDropped, CallEnded, CallStarted, Listener
from causal_eval.providers.provider import Failure, Outcome, Prompt, Provider, Refusal


class Told:
    """Wraps a provider; tells when each call starts, and when it came back or was given up."""

    def __init__(self, inner: Provider, listener: Listener) -> None:
        self._inner = inner
        self._name = inner.name
        self._listener = listener
        self._open = 0

    @property
    def name(self) -> str:
        """That of the wrapped provider."""
        return self._name

    async def complete(self, prompt: Prompt) -> Outcome:
        """The wrapped provider's outcome, as it is."""
        self._open += 1
        self._listener.on_event(CallStarted(self._name, self._open))
        try:
            outcome = await self._inner.complete(prompt)
        except BaseException:
            self._listener.on_event(CallDropped(self._name))
            raise
        finally:
            self._open -= 1
        self._listener.on_event(_ended(self._name, outcome))
        return outcome

    async def close(self) -> None:
        """Close the wrapped provider."""
        await self._inner.close()


def _ended(name: str, outcome: Outcome) -> CallEnded:
    if isinstance(outcome, Failure):
        return CallEnded(name, outcome.kind, outcome.status, outcome.latency_ms)
    return CallEnded(name, None, None, outcome.latency_ms, refused=isinstance(outcome, Refusal))
