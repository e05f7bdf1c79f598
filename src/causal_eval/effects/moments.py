"""Seconds since 1970 and the moments that rows of calls hold, one in the form of the other."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(at: float) -> str:
    """*at* as rows of calls hold it: UTC, ISO 8601 with milliseconds; in the order of time."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def seconds(moment: str) -> float:
    """The seconds that *moment*, of a row, says."""
    return datetime.fromisoformat(moment).timestamp()
