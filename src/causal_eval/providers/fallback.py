"""Several routes in order of preference: what one cannot answer the next is asked; the outcome says who answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from causal_eval.providers.provider import FATAL, RETRYABLE, Failure, FailureKind, Outcome, Prompt, Provider, Usage

_MOVES = RETRYABLE | FATAL | {FailureKind.OTHER_MODEL}
"""Failures that another route may not have; a prompt that is refused (400) is refused everywhere."""


@dataclass(frozen=True, slots=True)
class Way:
    """One route."""

    label: str
    """What outcomes and states call it: an address, or ``provider/model``."""
    provider: Provider


class Fallback:
    """The first route that can answer does; one that refuses us (key, quota, unknown model) is not asked again.

    A route whose breaker is open or whose keys cool answers at once that it cannot, so going on costs nothing.
    """

    def __init__(self, name: str, ways: Sequence[Way]) -> None:
        self._name = name
        self._ways = tuple(ways)
        self.out: dict[str, Failure] = {}
        """Label of a route -> why it is asked no longer."""

    @property
    def name(self) -> str:
        """As the user wrote it: that of the first route."""
        return self._name

    async def complete(self, prompt: Prompt) -> Outcome:
        """The outcome of the first route that can; calls and times of those before it are counted in."""
        failures: list[Failure] = []
        calls, spent = 0, 0.0
        for way in self._ways:
            if way.label in self.out:
                continue
            outcome = await way.provider.complete(prompt)
            calls += outcome.calls
            if not isinstance(outcome, Failure) or outcome.kind not in _MOVES:
                kept = _lost(failures) + outcome.lost
                return replace(outcome, route=outcome.route or way.label, calls=calls, lost=kept)
            spent += outcome.latency_ms
            failures.append(replace(outcome, route=outcome.route or way.label))
            if outcome.kind in FATAL:
                self.out[way.label] = outcome
        return replace(self._worth_telling(failures), calls=calls, latency_ms=spent, lost=_lost(failures))

    async def close(self) -> None:
        """Close every route."""
        for way in self._ways:
            await way.provider.close()

    def _worth_telling(self, failures: list[Failure]) -> Failure:
        """The failure that passes soonest; where none will, the last."""
        passing = [failure for failure in failures if failure.kind in RETRYABLE]
        if passing:
            return min(passing, key=lambda failure: (not failure.held, failure.retry_after or 0.0))
        return failures[-1] if failures else list(self.out.values())[-1]


def _lost(failures: Sequence[Failure]) -> tuple[Usage, ...]:
    return tuple(usage for failure in failures for usage in failure.lost)
