"""The dashboards without Grafana, as they are now: ``python deploy/grafana/draw.py URL FOLDER [MINUTES]``.

Asks the Prometheus at URL everything that the panels show, and writes a page for each dashboard into FOLDER.
"""

from __future__ import annotations

import html
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

FOLDER = Path(__file__).parent / "dashboards"
COLOURS = ("#3b7dd8", "#d9822b", "#3a9a5b", "#c4453c", "#8a63c9", "#8c6d4f", "#c867a4", "#7a8087")
WIDTH, HEIGHT, LEFT, BOTTOM = 520, 190, 62, 20
STEPS, WINDOW, NAMED = 120, "1m", 12
"""Points of a line; what stands for ``$__rate_interval``; lines that are named below a chart."""
STYLE = Path(__file__).with_name("draw.css").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Line:
    """A series under the name that the panel gives it, its points as (seconds, value)."""

    name: str
    points: Sequence[tuple[float, float]]
    base: Sequence[float] = ()
    """What lies below each point, where series add up."""

    @property
    def most(self) -> float:
        """Its highest point."""
        return max(value for _, value in self.points)


class Source:
    """A Prometheus, and the time that is looked at."""

    def __init__(self, url: str, *, end: float, seconds: float) -> None:
        self._url = url
        self.end, self.start = end, end - seconds
        self.step = max(1.0, seconds / STEPS)

    def lines(self, panel: dict[str, Any]) -> list[Line]:
        """What *panel* shows; of a number, the last point alone."""
        return [line for target in panel["targets"] for line in self._asked(target, is_number=panel["type"] == "stat")]

    def _asked(self, target: dict[str, Any], *, is_number: bool) -> Iterator[Line]:
        expression = target["expr"].replace("$__rate_interval", WINDOW)
        when = {"time": self.end} if is_number else {"start": self.start, "end": self.end, "step": self.step}
        query = urlencode({"query": expression, **when})
        with urlopen(  # noqa: S310 - the address that was given
            f"{self._url}/api/v1/query{'' if is_number else '_range'}?{query}", timeout=30
        ) as answer:
            found = json.load(answer)["data"]["result"]
        for one in found:
            values = [one["value"]] if is_number else one["values"]
            points = [(float(at), float(value)) for at, value in values if value not in {"NaN", "+Inf", "-Inf"}]
            yield Line(named(target["legendFormat"], one["metric"]), points)


def named(form: str, labels: dict[str, str]) -> str:
    """*form* with its labels filled in."""
    for name, value in labels.items():
        form = form.replace("{{" + name + "}}", value)
    return form


def said(value: float, unit: str) -> str:
    """*value* with its unit, as short as can be."""
    if unit == "percentunit":
        return f"{value:.1%}"
    if unit == "dateTimeFromNow":
        return time.strftime("%Y-%m-%d %H:%M", time.gmtime(value / 1000))
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size and unit != "s":
            return f"{value / size:.3g} {letter}{'B' if unit == 'bytes' else ''}"
    tail = {"reqps": "/s", "ops": "/s", "s": " s", "bytes": " B"}.get(unit, "")
    return f"{value:.3g}{tail}"


def drawn(panel: dict[str, Any], lines: list[Line], *, source: Source) -> str:
    """*panel* as HTML."""
    unit = panel["fieldConfig"]["defaults"]["unit"]
    kept = sorted((line for line in lines if line.points), key=lambda line: -line.most)
    if not kept:
        body = "<p>nothing</p>"
    elif panel["type"] == "stat":
        values = ((said(line.points[-1][1], unit), line.name) for line in kept)
        body = "".join(f"<b>{value} <small>{html.escape(name)}</small></b>" for value, name in values)
    else:
        adding = panel["fieldConfig"]["defaults"].get("custom", {}).get("stacking", {}).get("mode") == "normal"
        body = _chart(_added(kept) if adding else kept, unit, source=source)
    place = panel["gridPos"]
    head = f"<h2>{html.escape(panel['title'])}</h2><p>{html.escape(panel['description'])}</p>"
    return f'<section style="grid-column: {place["x"] + 1} / span {place["w"]}">{head}{body}</section>'


def _added(lines: list[Line]) -> list[Line]:
    total: dict[float, float] = {}
    found = []
    for line in lines:
        base = [total.get(at, 0.0) for at, _ in line.points]
        for at, value in line.points:
            total[at] = total.get(at, 0.0) + value
        found.append(Line(line.name, line.points, base))
    return found


def _chart(lines: list[Line], unit: str, *, source: Source) -> str:
    heights = {id(line): _heights(line) for line in lines}
    most = max(height for line in lines for _, height in heights[id(line)]) or 1.0
    across, high = (WIDTH - LEFT) / (source.end - source.start), HEIGHT - BOTTOM - 8

    def place(at: float, value: float) -> str:
        return f"{LEFT + (at - source.start) * across:.1f},{8 + high * (1 - max(0.0, value) / most):.1f}"

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">']
    for share in (0, 0.5, 1):
        y = 8 + high * (1 - share)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{said(most * share, unit)}</text>')
    for at, anchor in ((source.start, "start"), (source.end, "end")):
        x = LEFT + (at - source.start) * across
        clock = time.strftime("%H:%M:%S", time.gmtime(at))
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 4}" text-anchor="{anchor}">{clock}</text>')
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        for piece in _pieces(heights[id(line)], 3 * source.step):
            points = " ".join(place(at, height) for at, height in piece)
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
    names = (
        f'<li><i style="background: {COLOURS[number % len(COLOURS)]}"></i>{html.escape(line.name)} '
        f"{said(line.points[-1][1], unit)}</li>"
        for number, line in enumerate(lines[:NAMED])
    )
    more = f"<li>and {len(lines) - NAMED} more</li>" if len(lines) > NAMED else ""
    return "".join([*parts, "</svg><ul>", *names, more, "</ul>"])


def _heights(line: Line) -> list[tuple[float, float]]:
    bases = line.base or [0.0] * len(line.points)
    return [(at, value + base) for (at, value), base in zip(line.points, bases, strict=True)]


def _pieces(points: list[tuple[float, float]], longest: float) -> Iterator[list[tuple[float, float]]]:
    """*points* without bridges over times of which nothing is known."""
    piece: list[tuple[float, float]] = []
    for point in points:
        if piece and point[0] - piece[-1][0] > longest:
            yield piece
            piece = []
        piece.append(point)
    yield piece


def page(board: dict[str, Any], source: Source) -> str:
    """*board* as a page of its own."""
    panels = (drawn(panel, source.lines(panel), source=source) for panel in board["panels"])
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{board["title"]}</title>'
    title = f"<h1>{html.escape(board['title'])}</h1><p>{html.escape(board['description'])}</p>"
    top = f"<!doctype html><html lang=en><head>{head}<style>{STYLE}</style></head>"
    return f"{top}<body>{title}<main>{''.join(panels)}</main></body></html>\n"


def main() -> None:
    """Draw every dashboard."""
    url, folder, *minutes = sys.argv[1:]
    source = Source(url.rstrip("/"), end=time.time(), seconds=60 * float(minutes[0] if minutes else 60))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for path in sorted(FOLDER.glob("*.json")):
        board = json.loads(path.read_text("utf-8"))
        (Path(folder) / f"{board['uid']}.html").write_text(page(board, source), "utf-8")


if __name__ == "__main__":
    main()
