"""How sure an answerer says it is: the line that is asked for before the answer, and how it is read.

Read from the reply's text alone, apart from how the answer itself is read, which it never changes. The last line that
begins with ``CONFIDENCE:`` counts, in any case and markup, outside of reasoning blocks. It holds a number from 0 to 100
and nothing else, taken as per cent: ``80``, ``72.5``, ``80%``, ``80 %`` or ``80/100``. A decimal of at most 1 without
one of these signs (``0.8``, ``1.0``) could be a share or per cent, so it is unreadable, as are words and ranges.
"""

from __future__ import annotations

import re
from enum import StrEnum
from fractions import Fraction

from causal_eval.scoring.clean import clean
from causal_eval.scoring.strip import strip_reasoning

SURE = (
    "Then say how sure you are that your answer is right, in per cent, in one line before the last: "
    "CONFIDENCE: <a number from 0 to 100>"
)
"""What asks for it; the form of the answer follows."""

_MARK = re.compile(r"confidence", re.IGNORECASE)
_LINE = re.compile(r"(?:[-*•>#]\s*)*confidence\s*:(.*)", re.IGNORECASE)
_NUMBER = re.compile(r"(-?(?:\d{1,9}(?:\.\d{1,9})?|\.\d{1,9}))\s*(%|/\s*100)?\.?", re.ASCII)
_LONGEST = 200
_MOST = Fraction(100)
_CUT = frozenset({"length", "max_tokens"})


class Unstated(StrEnum):
    """Why a reply states no confidence."""

    ABSENT = "absent"
    """No line begins with ``CONFIDENCE:``, or what follows it is empty."""
    UNREADABLE = "unreadable"
    """No plain number stands there, or one that could be a share or per cent."""
    OUT_OF_RANGE = "out_of_range"
    """Below 0 or above 100."""


def confidence(text: str, *, finish: str = "stop") -> Fraction | Unstated:
    """The confidence that *text* states, from 0 to 1, or why it states none; total over strings and deterministic.

    *finish* is the provider's word for why the reply ended: of one that was cut off the last line is not trusted.
    """
    if _MARK.search(text) is None:  # almost every reply to other ways of asking
        return Unstated.ABSENT
    lines = _outside(text)
    if finish in _CUT:
        lines.pop()
    for line in reversed(lines):
        if len(line) <= _LONGEST and (found := _LINE.fullmatch(clean(line).strip())):
            return _read(found[1].strip())
    return Unstated.ABSENT


def unconfident(text: str) -> str:
    """*text* without the lines that say how sure somebody is: their number is no answer."""
    if _MARK.search(text) is None:
        return text
    return "\n".join(line for line in text.split("\n") if len(line) > _LONGEST or not _is_stated(line))


def _is_stated(line: str) -> bool:
    return _LINE.fullmatch(clean(line).strip()) is not None


def _outside(text: str) -> list[str]:
    """The lines outside of reasoning; of reasoning that never ends, the last two: where the answer is read, too."""
    stripped = strip_reasoning(text)
    if stripped.unfinished is not None and not stripped.text.strip():
        return stripped.unfinished.rstrip().split("\n")[-2:]
    return stripped.text.split("\n")


def _read(said: str) -> Fraction | Unstated:
    if not said:
        return Unstated.ABSENT
    found = _NUMBER.fullmatch(said)
    if found is None:
        return Unstated.UNREADABLE
    number = Fraction(found[1])
    if number < 0 or number > _MOST:
        return Unstated.OUT_OF_RANGE
    is_share = "." in found[1] and 0 < number <= 1 and found[2] is None
    return Unstated.UNREADABLE if is_share else number / _MOST
