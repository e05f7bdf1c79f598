"""Questions a second on one core, every one agreed on by both solvers: python benchmarks/generation.py [N]."""

from __future__ import annotations

import sys
import time
from collections import Counter

from causal_eval.questions.catalog import FAMILIES
from causal_eval.questions.generate import Plan, generate


def main(n: int) -> None:
    """Generate *n* questions over all families, then a tenth of that per family."""
    list(generate(Plan(n=50, seed="warm")))
    start, cpu = time.perf_counter(), time.process_time()
    counts = Counter(question.family for question in generate(Plan(n=n, seed="benchmark")))
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    print(f"{n} questions, no disagreement: {n / wall:.0f}/s of wall time, {n / used:.0f}/s of processor time")
    print(dict(counts))
    for family in FAMILIES:
        cpu = time.process_time()
        list(generate(Plan(n=n // 10, seed="benchmark", families=(family,))))
        print(f"{family:15} {1000 * (time.process_time() - cpu) / (n // 10):.2f} ms of processor time each")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
