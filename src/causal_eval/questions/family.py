"""The shape of a task family: what it draws, which case its facts decide, and the classic mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.causal.query import Case
from causal_eval.questions.facts import Facts
from causal_eval.questions.posing import Posed, Value
from causal_eval.questions.question import AnswerSpec
from causal_eval.questions.wording import Lexicon
from causal_eval.seeds import Stream

__all__ = ["APART", "Family", "Group", "Kind", "Value"]


APART = Fraction(3, 200)
"""Every named mistake and every no-graph guess of a NUMBER lies at least this far from the truth."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing a family asks."""

    name: str
    rung: int
    size: int = 1
    """Questions in one twin group."""
    joint: bool = False
    """The twin group is one scoring unit."""
    weight: int = 1
    """Share among the family's groups."""
    exempt: tuple[str, ...] = ()
    """Baselines whose method is the right one here."""


@dataclass(frozen=True, slots=True)
class Group:
    """One twin group before it has names: questions over the same nodes."""

    kind: str
    n: int
    """Number of nodes; they are 0..n-1 in every member."""
    order: tuple[int, ...]
    """A topological order of the nodes, causes first, for casting names."""
    members: tuple[Facts, ...]
    """What each question states; exactly one fact of each is the ask."""


@dataclass(frozen=True, slots=True)
class Family:
    """A task family; everything but *draw* is a function of the printed facts alone."""

    name: str
    title: str
    number: int
    """Its place in the catalogue of families; 0: a user's own."""
    kinds: tuple[Kind, ...]
    draw: Callable[[Stream, Kind, int], Group]
    """(stream, kind, difficulty 1..5) -> a twin group that keeps all margins."""
    case: Callable[[Facts, int], Case | Posed]
    """(facts, n) -> the case, or the queries, that the facts decide, for the exact engine."""
    spec: Callable[[Facts, Lexicon], AnswerSpec]
    """(facts, lexicon) -> what an answer must look like."""
    answer: Callable[[Facts, Value], Value]
    """(facts, what the engine found) -> the answer to what is asked (mostly the value itself)."""
    mistakes: Callable[[Facts, int], Mapping[str, Value]]
    """(facts, n) -> named wrong method -> the answer it would give."""
    phrases: str = ""
    """Forms of its own, as TOML, of a family of another distribution; ours stand in ``phrases/``."""

    def kind(self, name: str) -> Kind:
        """The kind of that name."""
        return next(kind for kind in self.kinds if kind.name == name)
