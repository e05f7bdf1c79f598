"""How often the intervals of a score hold the truth when there are few clusters, of very different sizes.

``python -m benchmarks.analysis.coverage [RUNS] [CLUSTERS ...]``: a line for each number of clusters. Clusters hold 1,
2, 3 or 8 questions; how likely each is right is the cluster's own (beta, mean 0.6 or 0.9, correlation within it 0.2).
"""

from __future__ import annotations

import math
import random
import sys
from collections import Counter
from collections.abc import Iterator

from causal_eval.analysis.intervals import Exact, Tally, score_cluster, score_interval
from causal_eval.analysis.robust import bootstrap, cr2, wild

SIZES, ALIKE = (1, 2, 3, 8), 4.0
METHODS = ("wilson", "cr2", "bootstrap", "wild")
MOST_WILD = 20
"""Clusters up to which the wild bootstrap is looked at: the score table gives it below twenty."""

Ends = tuple[float, float]


def covered(clusters: int, *, share: float, runs: int, seed: int, methods: tuple[str, ...] = METHODS) -> Counter[str]:
    """Of so many simulated runs, how many intervals of each method hold *share*."""
    rng, held = random.Random(f"{seed} {clusters} {share}"), Counter[str]()
    for _ in range(runs):
        sums, kinds = _drawn(rng, clusters, share)
        held.update(name for name, (low, high) in _intervals(sums, kinds, methods) if low <= share <= high)
    return held


def _drawn(rng: random.Random, clusters: int, share: float) -> tuple[Tally, Counter[tuple[int, Exact]]]:
    sums, kinds = Tally(), Counter[tuple[int, Exact]]()
    for _ in range(clusters):
        luck = rng.betavariate(ALIKE * share, ALIKE * (1 - share))
        one = score_cluster([int(rng.random() < luck) for _ in range(rng.choice(SIZES))])
        sums = sums.plus(one)
        kinds[one.n, one.s] += 1
    return sums, kinds


def _intervals(sums: Tally, kinds: Counter[tuple[int, Exact]], methods: tuple[str, ...]) -> Iterator[tuple[str, Ends]]:
    """What cannot be given holds nothing: a method that falls silent is not credited."""
    head = score_interval(sums)
    yield "wilson", (head.low or 0.0, 1.0 if head.high is None else head.high)
    for name, method in (("cr2", cr2), ("bootstrap", bootstrap), ("wild", wild)):
        found = method(kinds) if name in methods else None
        if found is not None:
            yield name, (found.low, found.high)


def main(runs: int, counts: tuple[int, ...]) -> None:
    """The table."""
    for share in (0.6, 0.9):
        for clusters in counts:
            methods = METHODS if clusters <= MOST_WILD else METHODS[:-1]
            held = covered(clusters, share=share, runs=runs, seed=0, methods=methods)
            cells = ", ".join(f"{name} {100 * held[name] / runs:.1f} %" for name in methods)
            error = 100 * math.sqrt(0.05 * 0.95 / runs)
            print(f"score {share}, {clusters} clusters: {cells} (Monte-Carlo error {error:.1f})", flush=True)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(given[0] if given else 1000, tuple(given[1:]) or (8, 20, 50))
