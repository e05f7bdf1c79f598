"""Random binary networks for questions about numbers: a structure by roles, tables in whole percentages."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.intervene import Worlds
from causal_eval.questions.facts import Fact, Facts, Literal
from causal_eval.questions.family import Value
from causal_eval.questions.margins import apart, guesses
from causal_eval.questions.network import Parents, scm_of
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
        pairs = [(part[0], part[2]) for part in structure.split()]
        roles = sorted({role for pair in pairs for role in pair})
        at = dict(zip(roles, stream.shuffled(range(len(roles))), strict=True))
        arrows = [(at[cause], at[effect]) for cause, effect in pairs]
        parents = tuple(
            tuple(sorted(cause for cause, effect in arrows if effect == node)) for node in range(len(roles))
        )
        return cls(at, parents, linear_extension(len(roles), arrows, stream=stream))

    @property
    def n(self) -> int:
        """Number of nodes."""
        return len(self.parents)


def random_tables(net: Net, stream: Stream, *, fixed: Mapping[str, Sequence[int]] | None = None) -> Facts:
    """Statements of random tables for *net*; that of a role in *fixed* is given, rows by the states of its causes."""
    given = {net.at[role]: rows for role, rows in (fixed or {}).items()}
    tables = [given.get(node) or random_rows(len(causes), stream) for node, causes in enumerate(net.parents)]
    return (*share_facts(net.parents, tables), Fact("markov"))


@functools.lru_cache(maxsize=8)  # a question is read for its answer and for each of its mistakes
def worlds_of(facts: Facts, n: int) -> Worlds:
    """The worlds of the printed model."""
    return Worlds(scm_of(facts, n))


def discriminating(facts: Facts, truth: Fraction, *, wrong: Callable[[], Mapping[str, Value]]) -> bool:
    """Whether no guess and no mistake comes near the truth; mistakes are worked out only where no guess does."""
    return apart(truth, guesses(facts)) and apart(truth, [one for one in wrong().values() if isinstance(one, Fraction)])


def risk(worlds: Worlds, y: Literal, *, do: Sequence[Literal] = (), given: Sequence[Literal] = ()) -> Fraction:
    """P(y | do, given)."""
    return worlds.probability((y,), tuple(sorted(given)), do=tuple(sorted(do)))


def gap(worlds: Worlds, y: Literal, x: int, *, do: bool, given: Sequence[Literal] = ()) -> Fraction:
    """P(y | x = 1, given) - P(y | x = 0, given), by intervention or by observation."""
    if do:
        return risk(worlds, y, do=((x, 1),), given=given) - risk(worlds, y, do=((x, 0),), given=given)
    return risk(worlds, y, given=((x, 1), *given)) - risk(worlds, y, given=((x, 0), *given))
