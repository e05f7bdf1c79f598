"""What happened elsewhere: deployments, switches, health, workers and breakers, in the timelines of live incidents.

The sentinel knows no database. It reads what others show (metrics in Prometheus' text format, ``/health``), and what is
otherwise than at the last look has happened.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from causal_eval.incidents import timeline
from causal_eval.incidents.book import Rows, live, number_of
from causal_eval.incidents.incident import Incident
from causal_eval.incidents.templates import harmless, moment
from causal_eval.incidents.timeline import Data, Happened, Kind

BEFORE = 7200.0
"""Seconds before an incident was opened in which what happened belongs to its story."""
MOST_KEYS, MOST_RECENT, LONGEST = 500, 200, 120
WELL = frozenset({"ok", "not configured"})
"""Words of ``/health`` for a part that needs nobody."""
_NOTE = "elsewhere"
_SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(?:\s+-?\d+)?")
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')

State = Mapping[str, str]
"""What is seen, by kind and name: ``switch:READ_ONLY`` -> ``1``."""


class Event(msgspec.Struct, frozen=True):
    """Something that happened."""

    key: str
    """What it happened to."""
    kind: Kind
    text: str
    at: float
    """As who shows it says; else when it was seen."""


class _Kept(msgspec.Struct):
    state: dict[str, str]
    recent: list[Event]


@dataclass(frozen=True, slots=True)
class _Sample:
    name: str
    labels: Mapping[str, str]
    value: float


def read_metrics(text: str, source: str) -> State:
    """What metrics say of deployments, switches, breakers, workers and processes; *source* names who shows them."""
    found: dict[str, float] = {}
    for one in _samples(text):
        if (key := _key(one, source)) is not None:
            found[key] = max(one.value, found.get(key, one.value))
    return {key: f"{value:.0f}" for key, value in found.items()}


def read_health(body: bytes) -> State:
    """How ``/health`` says that each part is; nothing, where it is none of ours."""
    try:
        read = msgspec.json.decode(body, type=_Health)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}
    return {f"part:{name[:LONGEST]}": status[:LONGEST] for name, status in read.components.items()}


def follow(rows: Rows, seen: State, *, at: float) -> list[Incident]:
    """Write what is otherwise than at the last look into live incidents; those that have a new entry.

    One that has opened since learns what happened in the two hours before it began.
    """
    before = _kept(rows)
    events = [*before.recent, *_changes(before.state, seen, at=at)]
    recent = [one for one in events if one.at > at - 2 * BEFORE][-MOST_RECENT:]
    state = {**before.state, **seen} if len(before.state) < MOST_KEYS else dict(seen)
    now = _Kept(dict(list(state.items())[:MOST_KEYS]), recent)
    if now != before:
        _keep(rows, now)
    return [one for one in live(rows) if _tell(rows, one, events=recent, at=at)] if recent else []


def recent(rows: Rows) -> tuple[Event, ...]:
    """What happened lately."""
    return tuple(_kept(rows).recent)


def known(rows: Rows) -> State:
    """What was seen last, whoever can be asked now."""
    return _kept(rows).state


class _Health(msgspec.Struct):
    components: dict[str, str] = {}


def _samples(text: str) -> Iterator[_Sample]:
    for line in text.splitlines():
        match = None if line.startswith("#") else _SAMPLE.fullmatch(line.strip())
        if match is None:
            continue
        try:
            value = float(match["value"])
        except ValueError:
            continue
        if math.isfinite(value):
            yield _Sample(match["name"], dict(_LABEL.findall(match["labels"] or "")), value)


_NAMED = {
    "deployment_timestamp_seconds": ("deployed", "version"),
    "runtime_switch": ("switch", "name"),
    "model_api_circuit_open": ("breaker", "provider"),
}


METRICS = "|".join((*_NAMED, "read_only_mode", "evaluation_workers", "up", "process_start_time_seconds"))
"""Names of all that is read, as an expression of Prometheus."""


def _key(one: _Sample, source: str) -> str | None:
    """What *one* is about; None: nothing that is told of."""
    if one.name in _NAMED:
        kind, label = _NAMED[one.name]
        return f"{kind}:{one.labels.get(label, '')[:LONGEST]}"
    if one.name == "read_only_mode":
        return "switch:READ_ONLY"
    if one.name == "evaluation_workers":
        return "workers:"
    place = one.labels.get("instance", source)[:LONGEST]
    name = f"{one.labels['job'][:LONGEST]} {place}" if "job" in one.labels else place
    kinds = {"up": "up", "process_start_time_seconds": "started"}
    return f"{kinds[one.name]}:{name}" if one.name in kinds else None


def _changes(before: State, now: State, *, at: float) -> Iterator[Event]:
    """What happened between two looks; at the first one, what says itself when it was."""
    for key, value in sorted(now.items()):
        was = before.get(key)
        kind, _, name = key.partition(":")
        if was == value or (was is None and kind != "deployed"):
            continue
        found = _TEXTS[kind](harmless(name, most=LONGEST), harmless(was or "", most=LONGEST), harmless(value))
        if found is not None:
            when = float(value) if kind in {"deployed", "started"} else at
            yield Event(key, _KINDS[kind], found, min(when, at))


def _switched(name: str, _: str, value: str) -> str:
    return f"switch {name} is {'overridden' if value != '0' else 'as the settings say again'}"


def _broken(name: str, _: str, value: str) -> str:
    return f"calls to {name} are {'held back: a breaker is open' if value != '0' else 'made again: the breaker closed'}"


def _worked(_: str, was: str, value: str) -> str:
    return f"{value} workers live, no longer {was}"


def _seen(name: str, _: str, value: str) -> str:
    return f"{name} {'answers Prometheus again' if value != '0' else 'no longer answers Prometheus'}"


def _parted(name: str, was: str, value: str) -> str | None:
    return None if {was, value} <= WELL else f"{name}: {value}, no longer {was}"


_TEXTS = {
    "deployed": lambda name, _was, _value: f"version {name} was started",
    "switch": _switched,
    "breaker": _broken,
    "workers": _worked,
    "up": _seen,
    "started": lambda name, _was, _value: f"{name} died or was ended, and is started anew",
    "part": _parted,
}
_KINDS = {
    "deployed": Kind.DEPLOYMENT,
    "switch": Kind.SWITCH,
    **dict.fromkeys(("breaker", "workers", "up", "started", "part"), Kind.HEALTH),
}


def _tell(rows: Rows, incident: Incident, *, events: Iterable[Event], at: float) -> bool:
    """Whether *incident* had something to learn."""
    query = "SELECT data ->> '$.event' AS event FROM timeline WHERE incident = ? AND data ->> '$.event' IS NOT NULL"
    told = {row["event"] for row in rows.execute(query, (number_of(incident.id),))}
    news = [
        (f"{one.key}@{one.at:.0f}", one)
        for one in sorted(events, key=lambda one: one.at)
        if one.at > incident.opened_at - BEFORE
    ]
    news = [(name, one) for name, one in news if name not in told][: max(0, MOST_RECENT - len(told))]
    for name, one in news:
        data: Data = {"event": name, "happened_at": one.at}
        text = one.text if at - one.at < 1 else f"{moment(one.at)}: {one.text}"
        timeline.add(rows, incident.id, Happened(one.kind, text, data=data), at=at)
    return bool(news)


def _kept(rows: Rows) -> _Kept:
    row = rows.execute("SELECT value FROM notes WHERE name = ?", (_NOTE,)).fetchone()
    return _Kept({}, []) if row is None else msgspec.json.decode(row["value"], type=_Kept)


def _keep(rows: Rows, now: _Kept) -> None:
    rows.execute(
        "INSERT INTO notes (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (_NOTE, msgspec.json.encode(now).decode()),
    )
