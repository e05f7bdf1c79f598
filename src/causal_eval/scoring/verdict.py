"""What became of an answer: the outcomes, and a verdict that carries its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

SCORER = "1"
"""Scorer version: it changes whenever the same reply could get another verdict."""


class Mark(StrEnum):
    """The outcomes; every asked question ends in exactly one."""

    CORRECT = "correct"
    WRONG = "wrong"
    PARTIAL = "partial"
    """Kinds with parts: some right, some wrong; the headline score of it is 0, the share is kept beside."""
    UNPARSED = "unparsed"
    """The reply holds no answer that can be read; ``reason`` says why. Scores 0."""
    ABSTAINED = "abstained"
    """A refusal or an explicit "I cannot tell": the answerer's own doing. Scores 0."""
    MISSING = "missing"
    """The call failed: ours, the network's or the provider's doing. Never scored."""
    UNGRADED = "ungraded"
    """The reply is kept but the grader failed on it: our doing. Never scored."""


class Reason(StrEnum):
    """Why a reply could not be parsed."""

    NO_RESPONSE = "no_response"
    BAD_FORMAT = "bad_format"
    REFUSAL = "refusal"
    TRUNCATED = "truncated"
    AMBIGUOUS = "ambiguous"
    """Several different final answers, none of them marked as final."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one reply, lenient (headline) and strict side by side."""

    mark: Mark
    """Lenient reading: any unambiguous form of the answer counts."""
    strict: Mark
    """Strict reading: only the asked-for last line ``ANSWER: ...`` counts."""
    share: Fraction
    """Share of the answer that is right: 1 correct, 0 wrong, between for PARTIAL."""
    answer: Any = None
    """The parsed answer as JSON, None where nothing was parsed."""
    reason: str = ""
    """UNPARSED, ABSTAINED, UNGRADED: why."""
    scorer: str = SCORER


MISSING = Verdict(Mark.MISSING, Mark.MISSING, Fraction(0))
