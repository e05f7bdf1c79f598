"""The pages as bytes: the same page, the same bytes."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from causal_eval.incidents.status.page import Component, Level, Shown, StatusPage
from causal_eval.incidents.status.summary import summary
from causal_eval.incidents.status.words import lasted, moment, named, percent, told, words
from causal_eval.incidents.uptime import DAY, Day

RECENT_DAYS, MOST_ENTRIES, MOST_DAYS = 14, 50, 200
TALL, SEEN = 30, 4
"""Of a bar: its height, and the least of it that is cut off where a probe failed."""
FOLDER = "incidents"
INDEX = "index.html"
_OURS = uuid.UUID("6f0f2d0e-4a44-4f27-8f0c-6b8f8d3f6a51")
"""Ids of entries are made from it where the page has no address."""
_DISC = "M8 0a8 8 0 1 0 0 16A8 8 0 0 0 8 0z"
_SHAPES = {
    Level.OPERATIONAL: f"{_DISC}M6.7 12 3 8.3l1.5-1.5 2.2 2.2 4.8-4.9L13 5.6z",
    Level.NOTED: f"{_DISC}M7 7h2v5H7zM7 4h2v2H7z",
    Level.MAINTENANCE: "M8 0l8 8-8 8-8-8zM5 7v2h6V7z",
    Level.DEGRADED: "M8 0l8 15H0zM7 5h2v5H7zM7 11h2v2H7z",
    Level.PARTIAL: "M2 0h12v16H2zM4 7v2h8V7z",
    Level.MAJOR: "M0 0h16v16H0zM4.5 3 3 4.5 6.5 8 3 11.5 4.5 13 8 9.5 11.5 13 13 11.5 9.5 8 13 4.5 11.5 3 8 6.5z",
}
"""A shape of its own for each: colour alone tells nobody anything. Drawn by the even-odd rule."""


def documents(page: StatusPage) -> Iterator[tuple[str, bytes]]:
    """Name below the folder and content of every file: what others point to first, what people open first last."""
    for name in ("status.css", "icon.svg"):
        yield name, _fixed(name)
    for one in page.incidents:
        yield f"{FOLDER}/{one.id}.html", _incident(one)
    bad = sorted(_bad_days(page), key=lambda found: found[1].day, reverse=True)[:MOST_DAYS]
    yield "history.html", _bytes(_template("history.html.j2").render(page=page, bad_days=bad, root="", here="history"))
    yield "feed.atom", _feed(page)
    yield "summary.json", _json(page)
    yield INDEX, _bytes(_index(page))


@dataclass(frozen=True, slots=True)
class Notice:
    """A page that says one thing."""

    title: str
    text: str
    """Keys of ``texts.toml``, below ``subscribe``."""
    deed: str = ""
    """What its button does: ``confirm``, ``unsubscribe``; empty: it has none."""
    token: str = ""


def notice(one: Notice) -> bytes:
    """The page, whose button sends what has to be sent."""
    return _bytes(_template("notice.html.j2").render(one=one, root="", here=""))


@functools.lru_cache(maxsize=1024)
def _incident(one: Shown) -> bytes:
    """Most incidents are over, and look as they did a moment ago."""
    return _bytes(_template("incident.html.j2").render(one=one, name=named(one.component).name, root="../", here=""))


def _index(page: StatusPage) -> str:
    names = {one.id: one.name for one in words().components}
    windows = [(one, "now_on") for one in page.maintenance] + [(one, "announced") for one in page.upcoming]
    recent = [one for one in page.past if (one.ended_at or 0) >= page.at - RECENT_DAYS * DAY]
    return _template("index.html.j2").render(
        page=page, names=names, windows=windows, recent=recent, root="", here="index"
    )  # fmt: skip


def _feed(page: StatusPage) -> bytes:
    newest = sorted((*page.current, *page.past), key=lambda one: -one.updated_at)[:MOST_ENTRIES]
    return _feed_of(page.address, tuple(newest))


@functools.lru_cache(maxsize=2)
def _feed_of(address: str, newest: tuple[Shown, ...]) -> bytes:
    """A feed says nothing of the moment, and is the same until somebody says something."""
    entries = [(one, _id(address, f"{FOLDER}/{one.id}.html", began=one.began_at)) for one in newest]
    updated = max((one.updated_at for one in newest), default=0.0)
    text = _template("feed.atom.j2").render(
        address=address, feed_id=_id(address, "feed.atom", began=0.0), updated=updated, entries=entries
    )  # fmt: skip
    return _bytes(text)


def _id(address: str, name: str, *, began: float) -> str:
    return f"{address}{name}" if address else f"urn:uuid:{uuid.uuid5(_OURS, f'{name} {began!r}')}"


def _bad_days(page: StatusPage) -> Iterator[tuple[str, Day]]:
    for one in page.components:
        yield from ((one.name, day) for day in one.days if day.down)


def bars(one: Component) -> Markup:
    """A picture of the days of *one*: one path a kind of bar, so that ninety days cost four elements."""
    paths: dict[str, list[str]] = {"up": [], "down": [], "none": [], "work": []}
    for left, day in enumerate(one.days):
        x = left * 10
        if day.uptime is None:
            paths["none"].append(f"M{x + 3} 14h3v3h-3z")
        else:
            cut = min(TALL, max(SEEN, round(TALL * (1 - day.uptime)))) if day.down else 0
            paths["down"].append(f"M{x + 3} 0h3v{cut}h-3z" if cut else "")
            paths["up"].append(f"M{x + 1} {cut}h8v{TALL - cut}h-8z" if cut < TALL else "")
        if day.maintenance:
            paths["work"].append(f"M{x} 31.5h10v2.5h-10z")
    values = {
        "name": one.name, "share": percent(one.uptime), "probes": sum(day.probes for day in one.days),
        "bad": sum(day.down > 0 for day in one.days), "empty": len(one.days) - one.probed_days,
    }  # fmt: skip
    drawn = Markup("").join(
        Markup('<path class="{}" d="{}"/>').format(kind, "".join(path)) for kind, path in paths.items() if any(path)
    )
    return Markup(
        '<svg class="bars" role="img" aria-label="{}" viewBox="0 0 {} 34" preserveAspectRatio="none">{}</svg>'
    ).format(words()("page.bars", values), len(one.days) * 10, drawn)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("causal_eval.incidents.status"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters |= {"moment": moment, "told": told, "lasted": lasted, "percent": percent}
    environment.globals |= {"t": words(), "shape": _SHAPES.__getitem__, "bars": bars}
    return environment


_template = functools.cache(lambda name: _environment().get_template(name))


@functools.cache
def _fixed(name: str) -> bytes:
    return (Path(__file__).parent / name).read_bytes()


def _json(page: StatusPage) -> bytes:
    """Fit to stand in a page of somebody else's, too."""
    found = msgspec.json.format(msgspec.json.encode(summary(page)), indent=2)
    return found.replace(b"<", rb"\u003c") + b"\n"


def _bytes(text: str) -> bytes:
    return text.encode()
