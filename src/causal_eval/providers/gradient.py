"""Whether fewer open calls would bring as many replies: tried out when replies take longer than they could.

A provider whose replies differ in length is not slow: times are divided by what was written, and medians of windows of
replies are compared. One that is slower with more calls, but yields more in all, is not throttled either: the limit is
cut for a window, and stays cut only if hardly any throughput is lost. Source of the idea: TCP Vegas and the gradient
limit of Netflix's concurrency-limits, with throughput in place of latency as the judge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class GradientRule:
    """What counts as slower, and what is tried."""

    shortest: int = 20
    """Replies in a window at least; noise of the median falls with its root."""
    floor_ms: float = 50.0
    """Below this no server is overloaded; it is our own machine that is measured."""
    base_tokens: float = 100.0
    """What a reply costs before its first word, in words: time is divided by written tokens plus this."""
    slower: float = 1.5
    """A median so many times the best one is suspicious."""
    cut: float = 0.8
    """Factor that is tried ..."""
    yield_share: float = 0.25
    """... and kept if less than this share of it is lost in replies."""
    rest: int = 4
    """Windows until the next trial after one that was wrong; doubled each time ..."""
    most_rest: int = 32
    """... up to this."""


class _Phase(Enum):
    """Where a trial stands; each lasts one window of replies."""

    WATCHING = auto()
    HOLDING = auto()
    """Suspicious; the limit grows no more, and calls begun before end."""
    MEASURING = auto()
    CUT = auto()
    """Calls begun before the cut end."""
    TRYING = auto()


_MEASURED = (_Phase.MEASURING, _Phase.TRYING)
"""Phases whose throughput is compared; their windows are twice as long."""


class Gradient:
    """Collects times of replies and says, once a window, by what the limit should be multiplied."""

    __slots__ = (
        "_base",
        "_began",
        "_best",
        "_need",
        "_now",
        "_phase",
        "_resting",
        "_rule",
        "_times",
        "_work",
        "_wrong",
    )

    def __init__(self, now: Callable[[], float], rule: GradientRule | None = None) -> None:
        self._now = now
        self._rule = rule or GradientRule()
        self._phase = _Phase.WATCHING
        self._times: list[float] = []
        self._work = 0.0
        self._need = 0
        self._began = now()
        self._best: float | None = None
        self._base = _Measured(0, 0.0)
        self._resting = 0
        self._wrong = 0

    @property
    def holding(self) -> bool:
        """True: replies take longer than they could; no growth until it is clear why."""
        return self._phase is not _Phase.WATCHING

    def note(self, latency_ms: float, written: int | None, *, limit: int) -> float:
        """Take note of a reply under a full window of *limit*; the factor for the limit (1: as it is)."""
        rule = self._rule
        if latency_ms < rule.floor_ms:
            return 1.0
        if not self._times:
            self._need = max(rule.shortest, limit * (2 if self._phase in _MEASURED else 1))
        work = rule.base_tokens + (written or 0)
        self._times.append(latency_ms / work)
        self._work += work
        return self._judge(limit) if len(self._times) >= self._need else 1.0

    def forget(self) -> None:
        """The limit was cut for another reason: begin anew."""
        self._phase = _Phase.WATCHING
        self._begin()

    def _begin(self) -> None:
        self._times = []
        self._work = 0.0
        self._began = self._now()

    def _judge(self, limit: int) -> float:
        """The window is full: go on to the next phase."""
        median = sorted(self._times)[len(self._times) // 2]
        found = _Measured(limit, self._work / max(1e-9, self._now() - self._began))
        self._begin()
        best = self._best = median if self._best is None else min(self._best * 1.01, median)
        slow = limit > 1 and median >= self._rule.slower * best
        match self._phase:
            case _Phase.WATCHING:
                self._resting = max(0, self._resting - 1)
                self._phase = _Phase.HOLDING if slow and not self._resting else _Phase.WATCHING
            case _Phase.HOLDING:
                self._phase = _Phase.MEASURING
            case _Phase.CUT:
                self._phase = _Phase.TRYING
            case _Phase.TRYING if found.throughput < self._bearable(limit):
                return self._undo(self._base.limit / limit)
            case _Phase.MEASURING | _Phase.TRYING:
                self._base, self._wrong = found, 0 if self._phase is _Phase.TRYING else self._wrong
                self._phase = _Phase.CUT if slow else _Phase.WATCHING
                return self._rule.cut if slow else 1.0
        return 1.0

    def _bearable(self, limit: int) -> float:
        return self._base.throughput * (1 - self._rule.yield_share * (1 - limit / self._base.limit))

    def _undo(self, factor: float) -> float:
        """More calls do bring more replies, however slow: leave it alone for longer and longer."""
        self._resting = min(self._rule.most_rest, self._rule.rest * 2**self._wrong)
        self._wrong += 1
        self._phase = _Phase.WATCHING
        return factor


@dataclass(frozen=True, slots=True)
class _Measured:
    """One window: the limit, and what was written in a second."""

    limit: int
    throughput: float
