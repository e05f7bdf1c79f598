"""Rules and configurations in which everything waits a fraction of the time, for drills."""

from __future__ import annotations

import re

SHORTEST_RANGE = 5
"""Seconds: a rate needs several values, and they come once a second at best."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_WAITING = re.compile(
    r"\b(for|interval|scrape_interval|scrape_timeout|evaluation_interval|group_wait|group_interval|repeat_interval"
    r"|refresh_interval): (\d+)([smhd])\b"
)
_RANGE = re.compile(r"\[(\d+)([smhd])\]")


def compressed(text: str, times: int) -> str:
    """*text* of Prometheus or Alertmanager, whose durations are *times* shorter.

    A wait becomes a second at least (0 stays 0), the range of a rate :data:`SHORTEST_RANGE`. Thresholds stay: a rate is
    told by the second whatever its range.
    """
    if times == 1:
        return text
    text = _WAITING.sub(lambda found: f"{found[1]}: {_shorter(found[2], found[3], times=times, least=1)}", text)
    return _RANGE.sub(lambda found: f"[{_shorter(found[1], found[2], times=times, least=SHORTEST_RANGE)}]", text)


def _shorter(number: str, unit: str, *, times: int, least: int) -> str:
    seconds = int(number) * _UNITS[unit]
    return f"{max(least, round(seconds / times))}s" if seconds else "0s"
