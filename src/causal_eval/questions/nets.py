"""Random binary networks for questions about numbers: a structure by roles, tables in whole percentages."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from causal_eval.causal.intervene import Worlds
from causal_eval.questions.chances import Chances
from causal_eval.questions.facts import Fact, Facts, Literal, remembered
from causal_eval.questions.family import Value
from causal_eval.questions.margins import apart, guesses
from causal_eval.questions.network import Parents
from causal_eval.questions.numbering import linear_extension
from causal_eval.questions.tables import random_rows, share_facts
from causal_eval.seeds import Stream

MOST_DRAWS = 2000
"""So many draws that keep no margin are a bug."""


@dataclass(frozen=True, slots=True)
class Net:
    """A structure whose nodes have random numbers, so that these give no role away."""

    at: Mapping[str, int]
    """Role -> node."""
    parents: Parents
    order: tuple[int, ...]
    """A random topological order."""

    @classmethod
    def draw(cls, structure: str, stream: Stream) -> Net:
        """The structure ``"Z>X Z>Y X>Y"``, its roles numbered at random."""
        roles, pairs = _read(structure)
        number = stream.shuffled(range(len(roles)))
        arrows = [(number[cause], number[effect]) for cause, effect in pairs]
        causes: list[list[int]] = [[] for _ in roles]
        for cause, effect in arrows:
            causes[effect].append(cause)
        parents = tuple([tuple(sorted(one)) for one in causes])
        order = linear_extension(len(roles), arrows, stream=stream)
        return cls(dict(zip(roles, number, strict=True)), parents, order)

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.parents)


class _Structure(NamedTuple):
    """What a structure's text says."""

    roles: str
    pairs: tuple[tuple[int, int], ...]
    """(cause, effect), each by its place among the roles."""


@functools.lru_cache(1 << 8)  # families have few
def _read(structure: str) -> _Structure:
    pairs = [(part[0], part[2]) for part in structure.split()]
    roles = "".join(sorted({role for pair in pairs for role in pair}))
    return _Structure(roles, tuple([(roles.index(cause), roles.index(effect)) for cause, effect in pairs]))


def random_tables(net: Net, stream: Stream, *, fixed: Mapping[str, list[int]] | None = None) -> Facts:
    """Statements of :func:`random_percents`."""
    return (*share_facts(net.parents, random_percents(net, stream, fixed=fixed)), Fact("markov"))


def random_percents(net: Net, stream: Stream, *, fixed: Mapping[str, list[int]] | None = None) -> list[list[int]]:
    """Random tables for *net*; that of a role in *fixed* is given, rows by the states of its causes."""
    given = {net.at[role]: rows for role, rows in (fixed or {}).items()}
    return [given.get(node) or random_rows(len(causes), stream) for node, causes in enumerate(net.parents)]


@remembered
def chances_of(facts: Facts, n: int) -> Chances:
    """The probabilities of the printed tables."""
    return Chances.of_facts(facts, n)


def discriminating(facts: Facts, truth: Fraction, *, wrong: Callable[[], Mapping[str, Value]]) -> bool:
    """Whether no guess and no mistake comes near the truth; mistakes are worked out only where no guess does."""
    return apart(truth, guesses(facts)) and apart(truth, [one for one in wrong().values() if isinstance(one, Fraction)])


def risk(of: Chances | Worlds, y: Literal, *, do: Sequence[Literal] = (), given: Sequence[Literal] = ()) -> Fraction:
    """P(y | do, given)."""
    return of.probability((y,), tuple(sorted(given)), do=tuple(sorted(do)))


def gap(of: Chances | Worlds, y: Literal, x: int, *, do: bool, given: Sequence[Literal] = ()) -> Fraction:
    """P(y | x = 1, given) - P(y | x = 0, given), by intervention or by observation."""
    if isinstance(of, Chances):
        return of.gap(y, x, do=do, given=tuple(given))
    if do:
        return risk(of, y, do=((x, 1),), given=given) - risk(of, y, do=((x, 0),), given=given)
    return risk(of, y, given=((x, 1), *given)) - risk(of, y, given=((x, 0), *given))
