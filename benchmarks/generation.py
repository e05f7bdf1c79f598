"""Questions a second of one core, every one agreed on by both solvers: python benchmarks/generation.py [N] [ROUNDS].

Medians of the rounds, each of which goes through everything once; other work on the machine then troubles all alike.
"""

from __future__ import annotations

import statistics
import sys
import time

from causal_eval.questions.catalog import FAMILIES
from causal_eval.questions.generate import Plan, generate

CORE = ("attribution", "effect", "counterfactual", "chain", "confounding")


def main(n: int, rounds: int) -> None:
    """Questions a second of the whole mix, of the five core families, and of each family on a tenth of *n*."""
    list(generate(Plan(n=3 * len(FAMILIES), seed="warm")))
    plans = {
        f"whole mix, {n} questions": Plan(n=n, seed="benchmark"),
        "five core families together": Plan(n=n, seed="benchmark", families=CORE),
        **{family: Plan(n=n // 10, seed="benchmark", families=(family,)) for family in FAMILIES},
    }
    found: dict[str, list[float]] = {name: [] for name in plans}
    for _ in range(rounds):
        for name, plan in plans.items():
            found[name].append(rate(plan))
    for name, rates in found.items():
        print(f"{name:28} {statistics.median(rates):6.0f}/s of processor time ({min(rates):.0f} to {max(rates):.0f})")


def rate(plan: Plan) -> float:
    """Questions of the plan a second of processor time."""
    began = time.process_time()
    return sum(1 for _ in generate(plan)) / (time.process_time() - began)


if __name__ == "__main__":
    given = [*map(int, sys.argv[1:]), *(3_000, 3)[len(sys.argv) - 1 :]]
    main(given[0], given[1])
