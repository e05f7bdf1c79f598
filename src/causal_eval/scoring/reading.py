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
Value = Fraction | str | Sets | Labels


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
