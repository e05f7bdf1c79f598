"""From an outcome to a verdict; a fault in the grader costs a verdict, never a reply."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

from causal_eval.errors import CausalEvalError
from causal_eval.providers.provider import Failure, Outcome, Refusal, Reply
from causal_eval.questions.question import Question
from causal_eval.scoring.verdict import MISSING, Mark, Reason, Verdict

ABSTAINED = Verdict(Mark.ABSTAINED, Mark.ABSTAINED, Fraction(0), reason=Reason.REFUSAL)
"""A refusal is the answerer's own doing: it counts against it."""

GRADER_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    CausalEvalError,
    LookupError,
    RuntimeError,  # contains RecursionError and NotImplementedError
    StopIteration,
    TypeError,
    ValueError,  # contains UnicodeError
)
"""All that a pure function over text and JSON can raise; whatever else comes is not the grader's fault."""


class Judge(Protocol):
    """Reads an answer out of a reply's text and compares it with the gold answer; pure and deterministic."""

    def __call__(self, text: str, finish: str, *, question: Question) -> Verdict:
        """The verdict on *text*, whose call ended for the reason *finish*."""


def verdict_on(outcome: Outcome, question: Question, *, judge: Judge) -> Verdict:
    """The verdict on any outcome: a Failure is missing, a Refusal abstained, a Reply what *judge* says.

    Where *judge* raises, the verdict is UNGRADED and names the fault.
    """
    match outcome:
        case Reply():
            try:
                return judge(outcome.text, outcome.finish, question=question)
            except GRADER_FAULTS as fault:
                reason = f"{type(fault).__name__}: {fault}"[:500]
                return Verdict(Mark.UNGRADED, Mark.UNGRADED, Fraction(0), reason=reason)
        case Refusal():
            return ABSTAINED
        case Failure():
            return MISSING
