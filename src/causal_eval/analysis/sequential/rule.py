"""When a run may stop by what it has found: narrow enough, or decided against a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from causal_eval.analysis.gate import margin_of
from causal_eval.analysis.intervals import LEVEL
from causal_eval.errors import UsageError

_LEVELS = (0.5, 0.9999)
_ROUNDING = 1e-9
"""Of ends that lie on a grid."""


class Reached(StrEnum):
    """Why a run may stop."""

    NARROW = "narrow enough"
    BETTER = "better"
    WORSE = "worse"
    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class StopRule:
    """What is waited for; with both, whichever comes first."""

    until: float | None = None
    """Half of the width of the score's interval, as a share: 0.03 is three points on either side. None: no matter."""
    baseline: str | None = None
    """Evaluation against which the difference is to be decided; None: there is none."""
    margin: float | None = None
    """Decided is whether the run is no more than this worse (a share); None: whether it is better or worse."""
    level: float = LEVEL

    def __post_init__(self) -> None:
        if self.margin is not None and self.baseline is None:
            raise UsageError("margin is given without a baseline: name the evaluation that it counts from")
        if not _LEVELS[0] <= self.level <= _LEVELS[1]:
            raise UsageError(f"level is {self.level}: give a share between {_LEVELS[0]} and {_LEVELS[1]}, as in 0.95")

    @property
    def stops(self) -> bool:
        """Whether it waits for anything."""
        return self.until is not None or self.baseline is not None

    def narrow(self, low: float, high: float) -> bool:
        """Whether a score's interval is narrow enough."""
        return self.until is not None and (high - low) / 2.0 <= self.until + _ROUNDING

    def decided(self, low: float, high: float) -> Reached | None:
        """What an interval of the difference (new - baseline) decides; None: nothing yet.

        Its ends are excluded themselves, so one that lies on the limit decides.
        """
        limit = 0.0 if self.margin is None else -self.margin
        if low >= limit - _ROUNDING:
            return Reached.BETTER if self.margin is None else Reached.PASS
        if high <= limit + _ROUNDING:
            return Reached.WORSE if self.margin is None else Reached.FAIL
        return None


def width_of(text: str) -> float:
    """The half width that *text* (``3pts``) says, as a share.

    Raises:
        UsageError: it says none above 0 and below 100 points.
    """
    try:
        share = margin_of(text)
    except UsageError:
        share = 0.0
    if share <= 0.0:
        raise UsageError(
            f"until_ci is {text!r}: write how many points the interval may reach to either side, above 0, as in 3pts"
        )
    return share
