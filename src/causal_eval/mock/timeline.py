"""Which requests are spoiled and how long they wait: phases by time, by number and by who asks for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

from causal_eval.mock.faults import Fault
from causal_eval.mock.latency import FixedTime, Latency
from causal_eval.seeds import Stream


class Who(NamedTuple):
    """What a phase can tell requests apart by."""

    key: str
    """Public name."""
    model: str
    path: str
    prompt: str = ""
    """Its hash; empty: nothing is asked."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the scenario: it spoils requests, slows them down, or both."""

    fault: Fault | None = None
    latency: Latency | None = None
    key: str = ""
    """Public name of the only key that is meant; empty: any."""
    model: str = "*"
    """Shell pattern."""
    path: str = "*"
    """Shell pattern."""
    prompts: int = 0
    """Only about one of so many prompts, by their hash, and those each time; 0: all."""
    from_second: float = 0.0
    """Counted from the first request that the server receives."""
    for_seconds: float = float("inf")
    from_request: int = 1
    """Counted among the requests that key, model, path and prompt let through."""
    to_request: float = float("inf")
    """The last one."""

    def means(self, who: Who) -> bool:
        """Whether key, model, path and prompt fit."""
        return (
            (not self.key or self.key == who.key)
            and (self.model == "*" or fnmatchcase(who.model, self.model))
            and (self.path == "*" or fnmatchcase(who.path, self.path))
            and (not self.prompts or (who.prompt != "" and int(who.prompt, 16) % self.prompts == 0))
        )

    def covers(self, number: int, second: float) -> bool:
        """Whether request *number* at *second* lies in it."""
        return (
            self.from_request <= number <= self.to_request
            and self.from_second <= second < self.from_second + self.for_seconds
        )


class Fate(NamedTuple):
    """What happens to one request."""

    fault: Fault | None
    latency: float


class Timeline:
    """Counts requests phase by phase; of the phases that cover one, the first fault and the first latency hold.

    Each phase draws from a stream of its own: the same seed and the same order of requests give the same fates.
    """

    def __init__(self, phases: Sequence[Phase], *, latency: Latency | None = None, seed: str = "0") -> None:
        last = [] if latency is None or latency == FixedTime(0.0) else [Phase(latency=latency)]
        self._phases = [*phases, *last]
        self._numbers = [0] * len(self._phases)
        self._dice = [Stream("mock", seed, place) for place in range(len(self._phases))]

    def fate(self, who: Who, second: float) -> Fate:
        """The fate of the next request, *second* seconds after the first."""
        fault, latency = None, None
        for place, phase in enumerate(self._phases):
            if not phase.means(who):
                continue
            self._numbers[place] += 1
            number, dice = self._numbers[place], self._dice[place]
            if not phase.covers(number, second):
                continue
            if fault is None and phase.fault is not None and phase.fault.hits(number, dice):
                fault = phase.fault
            if latency is None and phase.latency is not None:
                latency = phase.latency.draw(dice)
        return Fate(fault, latency or 0.0)
