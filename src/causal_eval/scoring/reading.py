"""What was read out of a reply: an answer, nothing readable, or an abstention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from causal_eval.questions.question import AnswerSpec
from causal_eval.scoring.verdict import Reason

Sets = frozenset[frozenset[str]]
"""SET: no set (none exists) or exactly one; SETS: all of them."""
Labels = tuple[tuple[str, str], ...]
"""(item, label) pairs in the order of the spec's items; unlabelled items are left out."""
Numbers = tuple[tuple[str, Fraction], ...]
"""NUMBERS: (item, number) pairs in the order of the spec's items; items without a number are left out."""


@dataclass(frozen=True, slots=True)
class Span:
    """INTERVAL: the two ends; a lower end above the upper one is an answer too, and never right."""

    low: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class Edges:
    """GRAPH: every pair of nodes at most once."""

    directed: frozenset[tuple[str, str]]
    """(cause, effect)."""
    undirected: frozenset[tuple[str, str]]
    """The two ends, sorted."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """ORDER: all items, first to last."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Estimand:
    """FORMULA: its canonical text over the spec's items; None: not identifiable."""

    formula: str | None


Value = Fraction | str | Sets | Labels | Numbers | Span | Edges | Ranking | Estimand


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that can be judged."""

    value: Value


@dataclass(frozen=True, slots=True)
class Unparsed:
    """No answer can be read."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Abstained:
    """The answerer refused or said that it cannot tell."""

    reason: Reason = Reason.REFUSAL


Reading = Answer | Unparsed | Abstained

BAD_FORMAT = Unparsed(Reason.BAD_FORMAT)
AMBIGUOUS = Unparsed(Reason.AMBIGUOUS)
TRUNCATED = Unparsed(Reason.TRUNCATED)
NO_RESPONSE = Unparsed(Reason.NO_RESPONSE)


@dataclass(frozen=True, slots=True)
class Parse:
    """The two readings of one reply."""

    lenient: Reading
    """Any unambiguous form counts; the headline."""
    strict: Reading
    """Only the asked-for last line counts. Where it gives an answer, *lenient* is the same answer."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How one answer kind is read; all three are pure and total over strings."""

    strict: Callable[[str, AnswerSpec], Value | None]
    """The text after ``ANSWER:``, exactly as asked; None where it is anything else."""
    marked: Callable[[str, AnswerSpec], Reading]
    """What follows a mark such as ``Answer:`` in any unambiguous form; it may hold explanations after it."""
    loose: Callable[[str, AnswerSpec], Reading]
    """A whole reply without any mark; reads only what cannot be meant otherwise."""


def agree(readings: list[Reading]) -> Reading:
    """The one answer among *readings*; ambiguous where they differ, bad format where none is an answer."""
    answers = {reading.value for reading in readings if isinstance(reading, Answer)}
    if len(answers) == 1 and AMBIGUOUS not in readings:
        return Answer(answers.pop())
    return AMBIGUOUS if answers or AMBIGUOUS in readings else BAD_FORMAT
