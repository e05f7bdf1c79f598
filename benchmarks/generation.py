"""Questions a second of one core, every one agreed on by both solvers: python benchmarks/generation.py [N]."""

from __future__ import annotations

import sys
import time

from causal_eval.questions.catalog import FAMILIES
from causal_eval.questions.generate import Plan, generate

CORE = ("attribution", "effect", "counterfactual", "chain", "confounding")


def main(n: int) -> None:
    """Questions a second of the whole mix, of the five core families, and of each family on a tenth of *n*."""
    list(generate(Plan(n=3 * len(FAMILIES), seed="warm")))
    print(f"whole mix, {n} questions: {rate(Plan(n=n, seed='benchmark')):.0f}/s of processor time, no disagreement")
    print(f"five core families together: {rate(Plan(n=n, seed='benchmark', families=CORE)):.0f}/s")
    for family in FAMILIES:
        print(f"{family:16} {rate(Plan(n=n // 10, seed='benchmark', families=(family,))):6.0f}/s")


def rate(plan: Plan) -> float:
    """Questions of the plan a second of processor time."""
    began = time.process_time()
    return sum(1 for _ in generate(plan)) / (time.process_time() - began)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000)
