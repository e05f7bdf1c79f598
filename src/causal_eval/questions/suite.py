"""Named plans of fresh questions over all families, and the disjoint seeds that training and examples use."""

from __future__ import annotations

from causal_eval.errors import UnknownName
from causal_eval.questions.generate import Plan

SUITES = {"quick": 60, "standard": 400, "full": 2000}
"""Name -> number of questions, over all families, domains, regimes and difficulties."""


def suite(name: str, seed: str) -> Plan:
    """The plan of that name for *seed*.

    Raises:
        UnknownName: no such suite; the nearest names are suggested.
    """
    if name not in SUITES:
        raise UnknownName("suite", name, SUITES)
    return Plan(n=SUITES[name], seed=f"suite/{seed}")


def training(n: int, *, families: tuple[str, ...] = ()) -> Plan:
    """Questions for fitting the baselines: no suite and no user's seed can contain them."""
    return Plan(n=n, seed="\x00training", families=families)


def examples(n: int, *, families: tuple[str, ...] = ()) -> Plan:
    """Questions for worked examples in prompts: disjoint from every suite, every user's seed and the training set."""
    return Plan(n=n, seed="\x00examples", families=families)
