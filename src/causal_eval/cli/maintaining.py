"""``causal-eval maintenance``: announce that something is worked on, and take it back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from causal_eval.cli import incidents, output
from causal_eval.errors import UnknownName, UsageError
from causal_eval.incidents import maintenance
from causal_eval.incidents.maintenance import NewWindow, Window
from causal_eval.incidents.status.words import words
from causal_eval.settings import read_duration


def plan(components: Sequence[str], text: str, *, begin: str, until: str, lasts: str, json: bool) -> int:
    """Announce that *components* are worked on."""
    at = time.time()
    starts = incidents.moment_of(begin, "--from") if begin else at
    if bool(until) is bool(lasts):
        raise UsageError("say how long it lasts: either --for 2h or --until 2026-12-24T20:00Z")
    ends = incidents.moment_of(until, "--until") if until else starts + _seconds(lasts)
    known = [one.id for one in words().components]
    for name in components:
        if name.partition(":")[0] not in known:
            raise UnknownName("component", name, known)
    with incidents.kept_book(make=True) as book, book.writing() as rows:
        found = [
            maintenance.announce(rows, NewWindow(name, starts, ends, text), at=at) for name in dict.fromkeys(components)
        ]
    for one in found:
        _tell(one, json=json)
    return 0


def listed(*, over: bool, json: bool) -> int:
    """Say what is announced and going on."""
    since = 0.0 if over else time.time()
    with incidents.kept_book(make=True) as book, book.reading() as rows:
        found = maintenance.every(rows, since=since)
    for one in found:
        _tell(one, json=json)
    if not found and not json:
        output.say("no maintenance was ever announced" if over else "no maintenance is announced")
    return 0


def cancel(window: int, *, json: bool) -> int:
    """Take it back, or end it now."""
    with incidents.kept_book() as book, book.writing() as rows:
        found = maintenance.cancel(rows, window, at=time.time())
    if json:
        output.emit({"event": "cancelled", **asdict(found)})
    else:
        output.say(f"maintenance {found.id} of {found.component} is cancelled")
    return 0


def _tell(one: Window, *, json: bool) -> None:
    if json:
        output.emit({"event": "maintenance", **asdict(one)})
    else:
        output.say(f"{one.id:>4}  {_moment(one.starts_at)} to {_moment(one.ends_at)}  {one.component}: {one.text}")


def _seconds(text: str) -> float:
    try:
        return read_duration(text)
    except ValueError as error:
        raise UsageError(f"--for {text!r}: give a time such as 90m, 2h or 1d") from error


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="minutes")
