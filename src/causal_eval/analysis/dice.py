"""Many random numbers at once that follow from a :class:`causal_eval.seeds.Stream`, the same on every NumPy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from causal_eval.seeds import Stream

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_GAMMA, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def uniforms(stream: Stream, rows: int, *, columns: int) -> Array:
    """Numbers in [0, 1), independent for every practical purpose; takes 64 bits of *stream*.

    SplitMix64 from a random state (Steele, Lea and Flood 2014, OOPSLA), in integer arithmetic alone.
    """
    import numpy as np  # heavy, and only what is resampled needs it

    with np.errstate(over="ignore"):
        z = np.arange(1, rows * columns + 1, dtype=np.uint64) * np.uint64(_GAMMA) + np.uint64(stream.bits(64))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(_FIRST)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(_SECOND)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64).reshape(rows, columns) * np.float64(2.0**-53)


def poisson(drawn: Array, mean: int) -> Array:
    """Poisson numbers from uniform ones, by the inverse of the distribution within twelve standard deviations."""
    import numpy as np  # heavy, and only what is resampled needs it

    reach = 12.0 * math.sqrt(mean) + 12.0
    places = np.arange(max(0, int(mean - reach)), int(mean + reach) + 1)
    logs = np.concatenate([[0.0], np.cumsum(np.log(mean / places[1:]))])
    heights = np.cumsum(np.exp(logs - logs.max()))
    return places[np.minimum(np.searchsorted(heights / heights[-1], drawn), len(places) - 1)].astype(np.float64)
