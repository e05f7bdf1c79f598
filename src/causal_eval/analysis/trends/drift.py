"""A sequential test that a model has drifted, valid however often and whenever it is looked at.

While nothing changes, the results of one cluster in all measurements of one set come in an order that means nothing
(they are exchangeable); so do the results of all clusters where each measurement has fresh ones. Each new result gets
its rank among those before it, ties at random: a p value that is uniform and independent of all before (Vovk, Gammerman
and Shafer 2005, Algorithmic Learning in a Random World, theorem 2.8). No first measurement is taken for the truth, so
its luck is no drift afterwards. Capital is bet on small ranks and, apart from that, on large ones; it reaches 1/alpha
at any time with probability at most alpha (Ville 1939).

The bets are those of the Simple Jumper (Vovk and others 2021, Retrain or not retrain: conformal test martingales for
change-point detection): they can become successful at any time, since a part of the capital always begins anew.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from causal_eval.analysis.trends.measurement import Measurement
from causal_eval.seeds import Stream

ALPHA = 0.05
"""How often a model that does not change may be said to have, over all time."""
JUMP = 0.01
"""The share of the capital that changes sides before each bet."""
_STAKES = (0.0, 0.5, 1.0)
_BITS = 53


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known after a measurement."""

    evaluation: str
    down: float
    """Capital of who bet that scores fall, from 1/2; natural logarithm."""
    up: float
    """The same for rising."""


@dataclass(frozen=True, slots=True)
class Drift:
    """The test, measurement by measurement."""

    path: tuple[Evidence, ...]
    alarm: str | None
    """The first evaluation after which capital had reached 1/alpha; None: never."""
    is_fall: bool
    """With an alarm: scores fell."""
    alpha: float = ALPHA


class Jumper:
    """Capital of who bets, with changing stakes, that p values lie below 1/2 (*sign* -1), or above (+1)."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._parts = [1.0 / len(_STAKES)] * len(_STAKES)
        self.log = 0.0

    def bet(self, p: float) -> None:
        """One more p value: a stake e multiplies its part by 1 + e (p - 1/2) in the wanted direction."""
        even = JUMP / len(_STAKES)
        parts = [
            ((1.0 - JUMP) * part + even) * (1.0 + self._sign * stake * (p - 0.5) * 2.0)
            for part, stake in zip(self._parts, _STAKES, strict=True)
        ]
        total = math.fsum(parts)
        self._parts = [part / total for part in parts]
        self.log += math.log(total)


@dataclass
class _Past:
    """Earlier results that a new one is exchangeable with."""

    results: list[Fraction] = field(default_factory=list)

    def rank(self, result: Fraction, toss: float) -> float:
        """The share of results, the new one among them, below it; ties by *toss*, which is uniform."""
        bisect.insort(self.results, result)
        low, high = bisect.bisect_left(self.results, result), bisect.bisect_right(self.results, result)
        return (low + toss * (high - low)) / len(self.results)


def is_anchored(measurements: Sequence[Measurement]) -> bool:
    """Whether the same clusters are asked again and again."""
    return len(measurements) > 1 and not measurements[0].clusters.keys().isdisjoint(measurements[1].clusters)


def drift(measurements: Sequence[Measurement], *, alpha: float = ALPHA) -> Drift:
    """The test over *measurements* (of one suite, asked in one way), oldest first.

    Where the second asks clusters of the first, each cluster is compared with itself; else all with all, each once.
    Bets begin with the second. The order within one is that of its run; ties are tossed by its evaluation's name.
    """
    down, up = Jumper(-1), Jumper(+1)
    anchored = is_anchored(measurements)
    known: dict[str, _Past] = {}
    fresh = _Past()
    path: list[Evidence] = []
    alarm, is_fall = None, False
    for number, one in enumerate(measurements):
        toss = Stream("drift", one.evaluation)
        for cluster, result in one.clusters.items():
            uniform = (toss.bits(_BITS) + 0.5) / 2**_BITS
            is_new = cluster not in known
            own = known.setdefault(cluster, _Past())
            if not anchored and not is_new:
                continue
            p = (own if anchored else fresh).rank(result, uniform)
            if (anchored and is_new) or not number:
                continue
            down.bet(p)
            up.bet(p)
            if alarm is None and max(down.log, up.log) >= math.log(2.0 / alpha):
                alarm, is_fall = one.evaluation, down.log > up.log
        path.append(Evidence(one.evaluation, down.log - math.log(2.0), up.log - math.log(2.0)))
    return Drift(tuple(path), alarm, is_fall, alpha)
