"""What providers of models say of themselves: Statuspage's ``summary.json``, in the timelines of their incidents."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from causal_eval.errors import UsageError
from causal_eval.incidents import timeline
from causal_eval.incidents.book import Rows, live
from causal_eval.incidents.incident import Incident
from causal_eval.incidents.templates import harmless
from causal_eval.incidents.timeline import Happened, Kind

LARGEST = 2**20
MOST, LONGEST = 20, 200
"""Changes that are told of one look, and characters of a name."""
COMPONENT = "model_api"
WELL = "operational"
OLD = 900.0
"""Seconds after which what a provider said of itself is no longer shown."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What a provider says at one moment; by id, the name and the state of each."""

    status: str
    """``none``, ``minor``, ``major``, ``critical``, or what a provider makes of it."""
    components: tuple[Item, ...] = ()
    incidents: tuple[Item, ...] = ()


class Item(msgspec.Struct, frozen=True):
    """A component or an incident of theirs."""

    id: str
    name: str
    status: str


class _Overall(msgspec.Struct):
    indicator: str


class _Summary(msgspec.Struct):
    status: _Overall
    components: list[Item] = []
    incidents: list[Item] = []


def read_feed(body: bytes) -> Feed:
    """What a ``summary.json`` says; fields that nobody needs may be anything.

    Raises:
        UsageError: it is none, or far too large for one.
    """
    if len(body) > LARGEST:
        raise UsageError(f"a status feed of {len(body)} bytes: at most {LARGEST} are read")
    try:
        read = msgspec.json.decode(body, type=_Summary)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"this is no summary.json of a status page (Statuspage v2): {error}") from error
    return Feed(read.status.indicator, tuple(read.components), tuple(read.incidents))


def changes(before: Feed | None, now: Feed) -> tuple[str, ...]:
    """What is otherwise than *before*, a line each; None: everything that is not well now."""
    if before is None:
        before = Feed("none")
    lines = [] if before.status == now.status else [f"status: {now.status}, no longer {before.status}"]
    were = {one.id: one for one in before.components}
    for one in now.components:
        was = were[one.id].status if one.id in were else WELL
        if one.status != was:
            lines.append(f"{one.name}: {one.status}, no longer {was}")
    known = {one.id: one for one in before.incidents}
    for one in now.incidents:
        was = known[one.id].status if one.id in known else ""
        if one.status != was:
            lines.append(f"incident {one.name!r}: {one.status}")
    listed = {one.id for one in now.incidents}
    lines += [f"incident {one.name!r}: no longer listed" for one in before.incidents if one.id not in listed]
    return tuple(_short(line) for line in lines[:MOST])


def follow(rows: Rows, provider: str, *, now: Feed, at: float) -> list[Incident]:
    """Write what changed into the timelines of live incidents of *provider*; the incidents that have a new entry.

    One that has opened since the last look learns everything that is not well: what was known before it began too.
    """
    before = _known(rows, provider)
    told = []
    for one in _of(rows, provider):
        heard = rows.execute(
            "SELECT 1 FROM timeline WHERE incident = ? AND kind = ? AND data ->> '$.provider' = ? LIMIT 1",
            (int(one.id.removeprefix("INC-")), Kind.PROVIDER.value, provider),
        ).fetchone()
        lines = changes(before if heard else None, now)
        if lines:
            text = f"{provider} says of itself: {'; '.join(lines)}"
            data = {"provider": provider, "indicator": now.status[:LONGEST]}
            timeline.add(rows, one.id, Happened(Kind.PROVIDER, text, data=data), at=at)
            told.append(one)
    _remember(rows, provider, now=now, at=at)
    return told


def _of(rows: Rows, provider: str) -> list[Incident]:
    """Live incidents of *provider*, and of all providers at once."""
    return [one for one in live(rows) if one.key.component in {f"{COMPONENT}:{provider}", COMPONENT}]


@dataclass(frozen=True, slots=True)
class Said:
    """What a provider says of itself, for the public."""

    provider: str
    status: str
    at: float


def troubles(rows: Rows, *, at: float) -> tuple[Said, ...]:
    """Providers that said lately that not all is well with them; who cannot be asked any more says nothing."""
    query = "SELECT name, value FROM notes WHERE name LIKE 'feed:%' ORDER BY name"
    found = []
    for row in rows.execute(query).fetchall():
        kept = msgspec.json.decode(row["value"], type=_Kept)
        if kept.status != "none" and at - kept.at < OLD:
            found.append(Said(row["name"].removeprefix("feed:"), _short(kept.status), kept.at))
    return tuple(found)


class _Kept(msgspec.Struct):
    status: str
    components: list[Item]
    incidents: list[Item]
    at: float = 0.0


def _known(rows: Rows, provider: str) -> Feed | None:
    row = rows.execute("SELECT value FROM notes WHERE name = ?", (f"feed:{provider}",)).fetchone()
    if row is None:
        return None
    kept = msgspec.json.decode(row["value"], type=_Kept)
    return Feed(kept.status, tuple(kept.components), tuple(kept.incidents))


def _remember(rows: Rows, provider: str, *, now: Feed, at: float) -> None:
    kept = msgspec.json.encode(_Kept(now.status, list(now.components), list(now.incidents), at)).decode()
    rows.execute(
        "INSERT INTO notes (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (f"feed:{provider}", kept),
    )


def _short(line: str) -> str:
    """Theirs, on one line and harmless to a terminal."""
    line = " ".join(harmless(line).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
