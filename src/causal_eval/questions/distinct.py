"""How many distinct twin groups each family, and each kind with few of them, can make at a difficulty, at least.

Bounds from independent draws (``benchmarks/families.py``), *k* of *d* of which were different. However often each
shape comes, *k* or more different ones are likeliest where all come equally often (Wong and Yue 1973, recalled). So a
number N of shapes is refuted, at 95 %, if of N equal ones that many differ with a chance of at most 5 %; published is
the least that is not: 26,772 where none of 400 repeats. Where they do, up to 2,000 are drawn, and what is counted is a
bound itself. A plan that needs more is refused before any work.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections.abc import Collection, Mapping

Key = tuple[str, int]
"""(family or ``family/kind``, difficulty)."""
_RISK = 0.05
_MOST = 10**7


@functools.cache
def published() -> Mapping[Key, int]:
    """(family, difficulty) -> distinct groups at least."""
    return _table("distinct")


@functools.cache
def of_kinds() -> Mapping[Key, int]:
    """(``family/kind``, difficulty) -> the same of a kind by itself, where it has so few that shapes repeat soon."""
    return _table("kinds")


def at_least(shapes: Collection[str]) -> int:
    """How many different shapes there are at least, at 95 %, from those of independent draws."""
    draws, different = len(shapes), len(set(shapes))
    low, high = different - 1, _MOST
    if _chance(high, draws, different=different) <= _RISK:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if _chance(middle, draws, different=different) > _RISK:
            high = middle
        else:
            low = middle
    return high


def _chance(equal: int, draws: int, *, different: int) -> float:
    """That so many *draws* from so many *equal* shapes show so many *different* ones or more."""
    if equal < different:
        return 0.0
    missing = [1.0]  # by how many draws showed nothing new; more than that is too late
    for draw in range(1, draws + 1):
        spare = draws - different
        fresh = [0.0] * (min(draw, spare) + 1)
        for old, chance in enumerate(missing):
            seen = draw - 1 - old
            again = seen / equal
            fresh[old] += chance * (1.0 - again) if old < len(fresh) else 0.0
            if old + 1 < len(fresh):
                fresh[old + 1] += chance * again
        missing = fresh
    return sum(missing)


def _table(name: str) -> Mapping[Key, int]:
    text = importlib.resources.files("causal_eval.questions").joinpath("distinct.json").read_text("utf-8")
    table: dict[str, int] = json.loads(text)[name]
    return {(what, int(level)): count for key, count in table.items() for what, _, level in [key.rpartition("/")]}
