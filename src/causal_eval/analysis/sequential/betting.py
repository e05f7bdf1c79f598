"""Capital of a bettor against every possible mean: where it has grown a lot, the mean is not.

Source: Waudby-Smith and Ramdas (2024, recalled), Estimating means of bounded random variables by betting, J. R. Stat.
Soc. B 86, 1-27: hedged capital (section 4.2) with the bets of aGRAPA (appendix B.3) truncated at 1/2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from causal_eval.analysis.intervals import LEVEL

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

SCORE_STEPS = 1000
"""Candidates for a mean in [0, 1] lie a tenth of a point apart; ends are rounded outwards to one."""
DIFFERENCE_STEPS = 2000
"""The same for a difference in [-1, 1], which is bet on as (1 + d) / 2."""
_TRUNCATION = 0.5
"""At most so much of the capital can be lost at once."""


def candidates(steps: int) -> Array:
    """0, 1/steps, ..., 1."""
    import numpy as np  # heavy, and only who bets needs it

    return np.arange(steps + 1, dtype=np.float64) / steps


class Betting:
    """Two bettors against each candidate m: one gains where observations lie above m, one where they lie below.

    Each begins with half of the capital of 1. Where observations are independent with mean mu (or have the conditional
    mean mu given all before them), the first bettor's wealth against any m >= mu is a supermartingale from 1/2, so it
    ever reaches 1/alpha with probability at most alpha/2 (Ville 1939, recalled); likewise the second against any
    m <= mu.

    An observation may be known only within bounds: each bettor is paid by the bound that is worse for him, so his
    wealth is at most what it would be, had it been seen. Bets follow from *earlier* observations alone, and learn only
    from those that the caller lets them learn from.

    With *at* of shape (G,) and single observations it finds an interval; with a single candidate and observations
    of shape (R,) it plays R games at once.
    """

    def __init__(self, at: Array, *, level: float = LEVEL) -> None:
        import numpy as np  # heavy, and only who bets needs it

        self._at = at
        self._threshold = math.log(2.0 / (1.0 - level))
        with np.errstate(divide="ignore"):
            self._most_up, self._most_down = _TRUNCATION / at, _TRUNCATION / (1.0 - at)
        self._up, self._down = np.zeros_like(at), np.zeros_like(at)
        self._sum: Array | float = 0.5
        self._squares: Array | float = 0.25
        self._learned = 1
        self.above = np.zeros(np.shape(at), dtype=bool)
        """Candidates that the mean was shown to lie above, at some time."""
        self.below = np.zeros(np.shape(at), dtype=bool)
        """Candidates that the mean was shown to lie below."""

    def bet(self, low: Array | float, high: Array | float, *, learns: bool = True) -> None:
        """Bet on one more observation in [0, 1], which lies between *low* and *high*; *learns* only where it is seen.

        The stake against m is (mean - m) / (variance + (mean - m)^2) of the capital (aGRAPA), from the mean and
        variance so far, which begin as those of one observation at 1/2 and a variance of 1/4.
        """
        import numpy as np  # heavy, and only who bets needs it

        mean = self._sum / self._learned
        away = mean - self._at
        stake = away / (self._squares / self._learned + away * away)
        self._up = self._up + np.log1p(np.clip(stake, 0.0, self._most_up) * (low - self._at))
        self._down = self._down + np.log1p(np.clip(-stake, 0.0, self._most_down) * (self._at - high))
        self.above = self.above | (self._up >= self._threshold)
        self.below = self.below | (self._down >= self._threshold)
        if learns:
            self._learned += 1
            self._sum = self._sum + low
            self._squares = self._squares + (low - self._sum / self._learned) ** 2

    def ends(self) -> tuple[float, float]:
        """The interval so far: it holds the mean at all times at once with probability *level*.

        The lower end is the last of the unbroken run of candidates from 0 that the mean was shown to lie above. It
        lies above the mean only if the *one* smallest candidate not below the mean was refuted, whatever the bets
        against others are: no union over candidates is paid, and the grid costs validity nothing.
        """
        import numpy as np  # heavy, and only who bets needs it

        from_low, from_high = int(np.argmin(self.above)), int(np.argmin(self.below[::-1]))
        low = float(self._at[from_low - 1]) if from_low else 0.0
        high = float(self._at[len(self._at) - from_high]) if from_high else 1.0
        return low, max(low, high)
