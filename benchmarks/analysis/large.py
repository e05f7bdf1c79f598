"""The full score table of a million attempts, and the comparison of two runs of a hundred thousand.

``python -m benchmarks.analysis.large table`` or ``compare``: each in a process of its own, as memory is measured.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Iterator
from fractions import Fraction

from causal_eval.analysis.compare import compare
from causal_eval.analysis.observation import Observation
from causal_eval.analysis.scores import score_tables
from causal_eval.scoring.verdict import Mark

ATTEMPTS, COMPARED, FAMILIES = 1_000_000, 100_000, 24
REGIMES = ("real", "anti", "nonsense", "placeholder")
SIZES = (1, 2, 2, 3, 4, 5)


def rows(count: int, answerer: str, *, skill: float, seed: int) -> Iterator[Observation]:
    """*count* attempts in clusters of 1 to 5 whose luck is shared, 24 families; some pairs are scored jointly."""
    rng, sizes = random.Random(seed), random.Random(0)
    made = cluster = 0
    while made < count:
        size = min(sizes.choice(SIZES), count - made)
        lean = rng.betavariate(4 * skill, 4 * (1 - skill))
        joint = size == 2 and cluster % 3 == 0
        for place in range(size):
            mark = Mark.CORRECT if rng.random() < lean else Mark.WRONG
            yield Observation(
                answerer, f"q{cluster}-{place}", 0, f"family {cluster % FAMILIES}", "kind", 1 + cluster % 3,
                "medicine", REGIMES[place % 4], 1 + cluster % 5, f"c{cluster}", f"t{cluster}" if joint else None,
                joint, (), mark, mark, Fraction(mark is Mark.CORRECT),
            )  # fmt: skip
        made, cluster = made + size, cluster + 1


def table() -> None:
    """Time and memory of the table with 2,000 resamples for each of its 25 rows, rows made on the fly."""
    clock, cpu = time.perf_counter(), time.process_time()
    for _ in rows(ATTEMPTS, "a", skill=0.6, seed=1):
        pass
    making, making_cpu = time.perf_counter() - clock, time.process_time() - cpu
    clock, cpu = time.perf_counter(), time.process_time()
    found = score_tables(rows(ATTEMPTS, "a", skill=0.6, seed=1))["a"]
    took, busy = time.perf_counter() - clock - making, time.process_time() - cpu - making_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{took:.2f} s by the clock, {busy:.2f} s of a core, without making the rows; peak {peak:.0f} MB")
    print(found.overall.score, found.overall.bootstrap, len(found.parts))


def pair() -> None:
    """Time of one comparison, every test and scope included; rows are in memory before."""
    left, right = (list(rows(COMPARED, name, skill=skill, seed=n)) for n, (name, skill) in enumerate(SIDES))
    clock, cpu = time.perf_counter(), time.process_time()
    found = compare(left, right)
    print(f"{time.perf_counter() - clock:.2f} s by the clock, {time.process_time() - cpu:.2f} s of a core")
    print(found.finding.value, found.difference, found.evidence.sign_flip)


SIDES = (("a", 0.6), ("b", 0.59))

if __name__ == "__main__":
    {"table": table, "compare": pair}[sys.argv[1]]()
