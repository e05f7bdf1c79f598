"""Conditional probability tables as whole percentages: what a network's nodes do for every state of their causes.

Hundredths, because an answer keeps its distance from every printed number: on a coarse grid the gaps between printed
numbers are where all answers lie, and a constant guess into the middle of a gap would be right too often.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction

from causal_eval.questions.facts import Fact, share
from causal_eval.questions.network import Parents
from causal_eval.seeds import Stream

PERCENT = 100
"""Entries are counts out of so many: exact in percent, as decimals and as fractions."""

SHARES = tuple(Fraction(count, PERCENT) for count in range(PERCENT + 1))
"""Every probability that is printed."""

Rows = Sequence[int]
"""P(node = 1) in percent; row *r* is for the state in which the *k*-th of the causes is the *k*-th bit of *r*."""

LOWEST, HIGHEST = 2, PERCENT - 2
"""Entries lie between these: nothing is certain."""


def share_facts(parents: Parents, tables: Iterable[Rows]) -> list[Fact]:
    """A fact for every row of every table."""
    return [
        share(node, SHARES[p], zip(causes, values, strict=True))
        for (node, causes), rows in zip(enumerate(parents), tables, strict=True)
        for values, p in zip(states_of(len(causes)), rows, strict=True)
    ]


@functools.cache
def states_of(count: int) -> tuple[tuple[int, ...], ...]:
    """The states of *count* causes in the order of the rows."""
    return tuple(values[::-1] for values in itertools.product((0, 1), repeat=count))


def random_rows(count: int, stream: Stream) -> list[int]:
    """A table for *count* causes, entries uniform."""
    return stream.betweens(5, PERCENT - 5, count=1 << count)


def about(level: int, reach: int, *, side: int, stream: Stream) -> int:
    """An entry at most *reach* above *level* (*side* 1), below it (-1), or either, *level* being the mean (0)."""
    below, above = min(reach, level - LOWEST), min(reach, HIGHEST - level)
    if side == 0:
        side = 1 if stream.chance(below, below + above) else -1
    return level + stream.between(above // 4, above) if side > 0 else level - stream.between(below // 4, below)
