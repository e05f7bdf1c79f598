"""How long a worker waits between two tries while the database is away."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

_WAITS = (0.25, 0.5, 1.0, 2.0)
"""Seconds; the last for ever."""
LONGEST_WAIT = _WAITS[-1]


def waits() -> Iterator[float]:
    """Seconds, without end."""
    yield from _WAITS
    yield from itertools.repeat(LONGEST_WAIT)
