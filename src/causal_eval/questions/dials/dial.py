"""The shape of a design of linked questions: which kinds it suits, and how it turns a drawn twin group."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from causal_eval.questions.family import Family, Group, Kind
from causal_eval.seeds import Stream


@dataclass(frozen=True, slots=True)
class Drawn:
    """A twin group with the place that it was drawn for."""

    family: Family
    kind: Kind
    difficulty: int
    group: Group


class Claims(StrEnum):
    """What somebody in a prompt says is the answer."""

    WRONG = "wrong"
    """What a named mistake gives."""
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Stand:
    """One setting of a dial."""

    value: str
    drawn: Drawn
    regime: str = ""
    """Of its names; empty: that of the place."""
    claims: Claims | None = None
    """What is claimed in each of its prompts."""


Turn = Callable[[Drawn, Sequence[Fraction], Stream], tuple[Stand, ...]]
"""(what was drawn, every number of its answers, a stream) -> all settings, or nothing where it does not suit."""


@dataclass(frozen=True, slots=True)
class Design:
    """Questions that are linked because one thing differs between them."""

    name: str
    about: str
    """What differs, in one sentence."""
    kinds: Collection[str]
    """``family/kind`` of those that it suits; empty: all."""
    turn: Turn | None = None
    """None: the twins that these kinds draw are the design."""
    is_one_cast: bool = True
    """All settings are told in the same names, as far as they have the same nodes."""
    keeps_answers: bool = False
    """The right answers are the same in all settings, which is checked."""

    def suits(self, name: str) -> bool:
        """Whether the kind ``family/kind`` can be asked so."""
        return not self.kinds or name in self.kinds
