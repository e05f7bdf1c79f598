"""What the log says of requests, read back: the slowest of them, from text or JSON, whatever stands before a line."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class Timed:
    """A line that says how long something took."""

    duration_ms: float
    time: str
    event: str
    """Method and path of a request."""
    status: int | None
    request_id: str


class _Json(msgspec.Struct):
    duration_ms: float
    time: str = ""
    event: str = ""
    status: int | None = None
    request_id: str = ""


_TEXT = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\S+) [A-Z]+ \S+ duration (?P<ms>\d+(?:\.\d+)?)ms "
    r"(?P<event>.*?)(?= [a-z_]+=|$)(?P<more>.*)"
)
_STATUS, _REQUEST = re.compile(r" status=(\d{3})\b"), re.compile(r" request_id=([\w.-]+)")


def slowest(lines: Iterable[str], most: int) -> list[Timed]:
    """The *most* slowest, the slowest first."""
    return heapq.nlargest(most, _timed(lines), key=lambda one: one.duration_ms)


def _timed(lines: Iterable[str]) -> Iterator[Timed]:
    for line in lines:
        found = _of_json(line) if '"duration_ms"' in line else _of_text(line)
        if found is not None:
            yield found


def _of_text(line: str) -> Timed | None:
    match = _TEXT.search(line)
    if match is None:
        return None
    status, request = _STATUS.search(match["more"]), _REQUEST.search(match["more"])
    return Timed(
        float(match["ms"]),
        match["time"],
        match["event"],
        int(status[1]) if status else None,
        request[1] if request else "",
    )


def _of_json(line: str) -> Timed | None:
    try:
        one = msgspec.json.decode(line[line.index("{") : line.rindex("}") + 1], type=_Json)
    except (ValueError, msgspec.DecodeError):
        return None
    return Timed(one.duration_ms, one.time, one.event, one.status, one.request_id)
