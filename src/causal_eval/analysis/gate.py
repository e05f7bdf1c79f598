"""A gate on a change: is the new run shown to be at most a margin worse than the baseline, or shown to be worse?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from causal_eval.analysis.compare import Comparison, Needed, needed
from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.outcomes import Cost, Tokens
from causal_eval.errors import UsageError

_MARGIN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:pts?|pp|points?|%)\s*")
_WHOLE = 100


class Ruling(StrEnum):
    """What a gate says."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Gate:
    """The ruling on a paired difference D = new - baseline."""

    comparison: Comparison
    """a is the new run, b the baseline."""
    margin: float
    """By how much the new run may be worse, as a share: 0.02 is two points."""
    ruling: Ruling
    needed: Needed | None
    """What a set must hold to decide, if D is what was seen; None where it is decided, or D lies on the margin."""
    if_missing_were_wrong: float | None
    """D, had every answer that only the new run lacks been wrong where the baseline's is right; None: it lacks none."""


@dataclass(frozen=True, slots=True)
class Took:
    """What the replies of a run took: a change that costs more is to be seen beside what it brings."""

    tokens: Tokens
    cost: Cost


def gate(comparison: Comparison, *, margin: float) -> Gate:
    """The ruling on *comparison* (new against baseline)."""
    seen, lost = comparison.difference, comparison.unpaired.missing_a
    found = ruling(seen, margin=margin)
    worst = None if seen.estimate is None or not lost else (seen.n * seen.estimate - lost) / (seen.n + lost)
    return Gate(
        comparison=comparison,
        margin=margin,
        ruling=found,
        needed=needed(seen, limit=-margin) if found is Ruling.INCONCLUSIVE else None,
        if_missing_were_wrong=worst,
    )


def ruling(difference: Interval, *, margin: float) -> Ruling:
    """Pass iff the lower bound of D lies above -m, fail iff its upper bound lies below -m, else inconclusive.

    A two-sided interval of 95 % leaves 2.5 % on either side: so rarely does a run that is worse by m pass, or one that
    is worse by less than m fail. Source: non-inferiority by the confidence interval (ICH E9, 1998, section 3.3.2).
    """
    if difference.low is not None and difference.low > -margin:
        return Ruling.PASS
    if difference.high is not None and difference.high < -margin:
        return Ruling.FAIL
    return Ruling.INCONCLUSIVE


def margin_of(text: str) -> float:
    """The share that *text* (``2pts``, ``0.5 points``, ``2%``) says.

    Raises:
        UsageError: it says none between 0 and 100 points, or leaves open what its number counts.
    """
    return share_of("margin", text)


def share_of(name: str, text: str) -> float:
    """The same of the field *name*."""
    found = _MARGIN.fullmatch(text)
    if found is None or (share := Fraction(found[1]) / _WHOLE) >= 1:
        raise UsageError(f"{name} is {text!r}: write points of the score, at least 0 and below 100, as in 2pts")
    return float(share)
