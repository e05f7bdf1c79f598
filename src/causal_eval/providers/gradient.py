"""Whether more open calls still buy more replies: the throughput of one window of replies against that of the last.

A provider whose replies differ in length is not slow: times are divided by what was written, medians are compared, and
a window that is larger and slower but still yields more is left alone. Source of the idea: TCP Vegas, and the
gradient limit of Netflix's concurrency-limits, turned from latency to throughput.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GradientRule:
    """What counts as slower."""

    shortest: int = 20
    """Replies in a window at least; noise of the median falls with its root."""
    floor_ms: float = 50.0
    """Below this no server is overloaded; it is our own machine that is measured."""
    base_tokens: float = 100.0
    """What a reply costs before its first word, in words: time is divided by written tokens plus this."""
    slower: float = 1.5
    """A median at least so many times the best is suspicious ..."""
    yield_share: float = 0.25
    """... and a growth that brought less than this share of itself in replies is taken back."""
    collapse: float = 0.5
    """At an unchanged limit, throughput below this share of the usual one is a server in trouble."""


class Gradient:
    """Collects times of replies and says, once a window, by what the limit should be multiplied."""

    __slots__ = ("_best", "_last", "_limit", "_rule", "_times", "_usual")

    def __init__(self, rule: GradientRule | None = None) -> None:
        self._rule = rule or GradientRule()
        self._times: list[float] = []
        self._best: float | None = None
        self._limit = 0
        self._last = 0.0
        self._usual: float | None = None

    def note(self, latency_ms: float, written: int | None, limit: int) -> float:
        """Take note of a reply under a full window of *limit*; the factor for the limit (1: as it is)."""
        rule = self._rule
        if latency_ms < rule.floor_ms:
            return 1.0
        self._times.append(latency_ms if written is None else latency_ms / (written + rule.base_tokens))
        if len(self._times) < max(rule.shortest, limit):
            return 1.0
        times, self._times = sorted(self._times), []
        return self._judge(times[len(times) // 2], limit)

    def forget(self) -> None:
        """The limit was cut for another reason: begin a new window."""
        self._times.clear()
        self._limit, self._usual = 0, None

    def _judge(self, median: float, limit: int) -> float:
        rule, before, last = self._rule, self._limit, self._last
        best = self._best = median if self._best is None else min(self._best * 1.01, median)
        throughput = limit / median
        self._limit, self._last = limit, throughput
        if limit == before:
            return self._steady(throughput)
        self._usual = None
        if not 0 < before < limit or median < rule.slower * best:
            return 1.0
        growth = limit / before - 1
        if throughput >= last * (1 + rule.yield_share * growth):
            return 1.0
        return 0.9 * before / limit

    def _steady(self, throughput: float) -> float:
        usual = self._usual = throughput if self._usual is None else self._usual
        self._usual = 0.8 * usual + 0.2 * throughput
        return 0.7 if throughput < self._rule.collapse * usual else 1.0
