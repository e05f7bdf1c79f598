"""How many distinct twin groups each (family, difficulty) can make, as published with the package.

Estimated from draws (``benchmarks/families.py``): Chao's lower bound n + f1^2 / (2 f2) from the shapes seen once and
twice (Chao 1984, recalled); where no shape was seen twice, as many as make one repetition likely, d (d - 1) / 2 for d
draws. A plan that would need more is refused before any work.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections import Counter
from collections.abc import Iterable, Mapping

Key = tuple[str, int]
"""(family, difficulty)."""


@functools.cache
def published() -> Mapping[Key, int]:
    """(family, difficulty) -> distinct groups at least."""
    text = importlib.resources.files("causal_eval.questions").joinpath("distinct.json").read_text("utf-8")
    table: dict[str, int] = json.loads(text)["distinct"]
    return {(family, int(level)): count for name, count in table.items() for family, _, level in [name.rpartition("/")]}


def estimated(shapes: Iterable[str]) -> int:
    """How many different shapes there are at least, from those of independent draws."""
    seen = Counter(shapes)
    once, twice = (sum(1 for count in seen.values() if count == times) for times in (1, 2))
    draws = seen.total()
    if len(seen) == draws:
        return draws * (draws - 1) // 2
    return len(seen) + once * once // (2 * max(1, twice))
