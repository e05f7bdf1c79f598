"""Rules and configurations in which everything waits a fraction of the time, for drills."""

from __future__ import annotations

import re

SHORTEST_RANGE = 5
"""Seconds: a rate needs several values, and they come once a second at best."""
STARTS_RANGE = 60
"""Seconds in which starts of a process are counted: it starts none the quicker for a drill."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_WAITING = re.compile(
    r"\b(for|interval|scrape_interval|scrape_timeout|evaluation_interval|group_wait|group_interval|repeat_interval"
    r"|refresh_interval): (\d+)([smhd])\b"
)
_RANGE = re.compile(
    r"(?:\b(?P<by>increase|changes)\((?P<what>[^()\[\]]*))?\[(?P<number>\d+)(?P<unit>[smhd])\](?P<end>\)?)"
)


def compressed(text: str, times: int) -> str:
    """*text* of Prometheus or Alertmanager, whose durations are *times* shorter.

    A wait becomes a second at least (0 stays 0), the range of a rate :data:`SHORTEST_RANGE`. Thresholds stay: a rate is
    told by the second whatever its range, and what is counted in a shorter time is told as if it went on so for as long
    as it is usually counted. Starts of a process are counted as they are, in :data:`STARTS_RANGE` at least.
    """
    if times == 1:
        return text
    text = _WAITING.sub(lambda found: f"{found[1]}: {_shorter(found[2], found[3], times=times, least=1)}", text)
    return _RANGE.sub(lambda found: _ranged(found, times), text)


def _ranged(found: re.Match[str], times: int) -> str:
    by, number, unit = found["by"], found["number"], found["unit"]
    kept = _shorter(number, unit, times=times, least=STARTS_RANGE if by == "changes" else SHORTEST_RANGE)
    whole = f"[{kept}]{found['end']}" if by is None else f"{by}({found['what']}[{kept}]{found['end']}"
    return whole if by != "increase" else f"({whole} * {int(number) * _UNITS[unit] / int(kept[:-1]):g})"


def _shorter(number: str, unit: str, *, times: int, least: int) -> str:
    seconds = int(number) * _UNITS[unit]
    return f"{max(least, round(seconds / times))}s" if seconds else "0s"
