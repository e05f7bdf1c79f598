"""Counts, tokens, cost and time of many rows: exact, order-free, of fixed size however many rows there are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.analysis.observation import Observation
from causal_eval.scoring.verdict import Mark

ALARM = Fraction(2, 100)
"""More unparsed replies than this share of all replies: the score says more about the format than about causality."""

_NANO = 10**6
"""Times are added as whole nanoseconds, so that sums do not depend on the order."""

_STEP = 1.02
"""Latencies are counted in bins this factor wide, so quantiles are within one per cent."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of all replies that reported them."""

    input: int
    output: int
    unknown: int
    """Replies that do not say how many tokens they took."""


@dataclass(frozen=True, slots=True)
class Cost:
    """US dollars; what is unknown is counted, never taken for zero."""

    known: Fraction | None
    """Sum over the replies with a known price; None if there is none."""
    unknown: int
    """Replies without a known price."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Time per reply in milliseconds; quantiles are within one per cent."""

    count: int
    total_ms: float
    median_ms: float
    p95_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of every asked (question, sample)."""

    marks: Mapping[Mark, int]
    """Lenient reading; every mark has an entry."""
    strict: Mapping[Mark, int]
    """Strict reading; every mark has an entry."""
    reasons: Mapping[str, int]
    """Why replies were unparsed, by reason."""
    share: float | None
    """Mean share of the answer that is right over scored replies (partial credit); None where none was scored."""
    tokens: Tokens
    cost: Cost
    latency: Latency | None
    """None where no reply has a time."""
    cached: int = 0
    """Replies from the cache: observations of an earlier run, which cost nothing now."""

    @property
    def asked(self) -> int:
        """All (question, sample) pairs."""
        return sum(self.marks.values())

    @property
    def replies(self) -> int:
        """Those with a reply or refusal."""
        return self.asked - self.marks[Mark.MISSING]

    @property
    def alarm(self) -> bool:
        """More than 2 % of the replies could not be parsed."""
        return self.marks[Mark.UNPARSED] > ALARM * self.replies


class OutcomeCounter:
    """Collects rows; two counters of disjoint rows can be joined."""

    def __init__(self) -> None:
        self.marks: Counter[Mark] = Counter()
        self.strict: Counter[Mark] = Counter()
        self.reasons: Counter[str] = Counter()
        #: Denominator -> sum of numerators: exact, and much faster than adding fractions.
        self.shares: Counter[int] = Counter()
        self.tokens: Counter[str] = Counter()
        #: As the shares.
        self.cost: Counter[int] = Counter()
        self.priced = 0
        self.bins: Counter[int] = Counter()
        self.total_ns = 0
        self.max_ms = 0.0
        self.cached = 0

    def add(self, row: Observation) -> None:
        """Count one row."""
        self.marks[row.mark] += 1
        self.strict[row.strict] += 1
        if row.mark is Mark.UNPARSED:
            self.reasons[row.reason or "unknown"] += 1
        elif row.share:
            self.shares[row.share.denominator] += row.share.numerator
        if row.mark is Mark.MISSING:
            return
        self._add_tokens(row)
        self.cached += row.is_cached
        if row.cost is not None:
            self.cost[row.cost.denominator] += row.cost.numerator
            self.priced += 1
        if row.latency_ms is not None:
            self.bins[_bin(row.latency_ms)] += 1
            self.total_ns += round(row.latency_ms * _NANO)
            self.max_ms = max(self.max_ms, row.latency_ms)

    def join(self, other: OutcomeCounter) -> None:
        """Add everything *other* has counted."""
        self.marks.update(other.marks)
        self.strict.update(other.strict)
        self.reasons.update(other.reasons)
        self.shares.update(other.shares)
        self.tokens.update(other.tokens)
        self.cost.update(other.cost)
        self.bins.update(other.bins)
        self.priced += other.priced
        self.total_ns += other.total_ns
        self.max_ms = max(self.max_ms, other.max_ms)
        self.cached += other.cached

    def outcomes(self) -> Outcomes:
        """The frozen result."""
        asked, missing = self.marks.total(), self.marks[Mark.MISSING]
        scored = asked - missing - self.marks[Mark.UNGRADED]
        return Outcomes(
            marks={mark: self.marks[mark] for mark in Mark},
            strict={mark: self.strict[mark] for mark in Mark},
            reasons=dict(sorted(self.reasons.items())),
            share=float(_total(self.shares) / scored) if scored else None,
            tokens=Tokens(self.tokens["input"], self.tokens["output"], self.tokens["unknown"]),
            cost=Cost(_total(self.cost) if self.priced else None, asked - missing - self.priced),
            latency=self._latency(),
            cached=self.cached,
        )

    def _add_tokens(self, row: Observation) -> None:
        self.tokens["input"] += row.input_tokens or 0
        self.tokens["output"] += row.output_tokens or 0
        self.tokens["unknown"] += row.input_tokens is None or row.output_tokens is None

    def _latency(self) -> Latency | None:
        count = self.bins.total()
        if not count:
            return None
        median, p95 = (min(self._quantile(share), self.max_ms) for share in (0.5, 0.95))
        return Latency(count, self.total_ns / _NANO, median, p95, self.max_ms)

    def _quantile(self, share: float) -> float:
        left = math.ceil(share * self.bins.total())
        for place in sorted(self.bins):
            left -= self.bins[place]
            if left <= 0:
                return math.exp((place + 0.5) * math.log(_STEP))
        raise AssertionError("unreachable: the bins hold every row")


def _bin(latency_ms: float) -> int:
    """The bin [1.02^k, 1.02^(k+1)) of a time; what is below a microsecond counts as one."""
    return math.floor(math.log(max(latency_ms, 1e-3)) / math.log(_STEP))


def _total(parts: Counter[int]) -> Fraction:
    """The sum that is kept as numerators by denominator."""
    return sum((Fraction(total, denominator) for denominator, total in parts.items()), Fraction(0))
