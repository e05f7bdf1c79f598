"""How many threads computing may use: llama.cpp's threads wait for each other by spinning.

Measured on 2 busy processors: two threads took 94 s where one took 12 s, with equal log-probabilities. So threads are
counted by what is idle, not by what is there.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

_TOTALS = Path("/proc/stat")
_GLANCE = 0.2
"""Seconds over which idleness is measured."""
_IDLE, _WAITING = 3, 4


def processors() -> int:
    """Processors this process may use, where the system says so; else all of the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def idle_threads(most: int) -> int:
    """At least 1 and at most *most* threads, as many as processors were idle during a glance (blocks for it).

    Where the system does not tell, *most*.
    """
    if most <= 1 or not _TOTALS.is_file():
        return most
    before = _TOTALS.read_text()
    time.sleep(_GLANCE)
    return threads_for(idle_share(before, _TOTALS.read_text()), os.cpu_count() or 1, most=most)


def threads_for(share: float, count: int, *, most: int) -> int:
    """Threads for an idle *share* (0 to 1) of *count* processors."""
    return max(1, min(most, round(share * count)))


def idle_share(before: str, after: str) -> float:
    """Share of all processors' time between two texts of ``/proc/stat`` in which nothing ran."""
    spent = [late - early for early, late in zip(_ticks(before), _ticks(after), strict=True)]
    total = sum(spent)
    return (spent[_IDLE] + spent[_WAITING]) / total if total > 0 else 0.0


def _ticks(text: str) -> list[int]:
    """The first eight counters of the line of totals: user, nice, system, idle, iowait, irq, softirq, steal."""
    return [int(field) for field in text.split("\n", 1)[0].split()[1:9]]
