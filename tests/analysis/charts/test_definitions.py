"""Charts are Vega-Lite that its schema accepts and its renderer draws, in colours that everybody tells apart."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import altair as alt
import pytest

from causal_eval.analysis.charts import dots, lines, profile
from causal_eval.analysis.charts.chart import NARROW, WIDE, Chart
from causal_eval.analysis.charts.palette import HEAT, ON_DARK, ON_LIGHT, PAPER, SERIES, Theme, painted, variables
from causal_eval.analysis.charts.points import Bin, Moment, Point, Priced
from causal_eval.analysis.intervals import Interval
from causal_eval.errors import UsageError

HOSTILE = '<script>alert("&")</script>\u202e'
NOTHING = Interval(None, None, None, 0, 0)


def _at(estimate: float, width: float = 0.1) -> Interval:
    return Interval(estimate, estimate - width, estimate + width, 20, 40)


POINTS = tuple(
    Point(part, series, _at(0.2 + 0.1 * place), 0.25)
    for place, (part, series) in enumerate(itertools.product(("rung 1", "rung 2", HOSTILE), ("a/model", HOSTILE)))
)
MAKERS: dict[str, Callable[[int], Chart]] = {
    "forest": lambda width: dots.forest(POINTS, width=width),
    "differences": lambda width: dots.differences([Point("overall", "a - b", _at(-0.05))], width=width),
    "mistakes": lambda width: dots.mistakes(POINTS, width=width),
    "dose": lambda width: dots.dose([*POINTS, Point("5", "a/model", NOTHING)], by="difficulty", width=width),
    "profile": lambda width: profile.heat([*POINTS, Point("rung 9", "a/model", NOTHING)], width=width),
    "radar": lambda width: profile.radar(POINTS, width=width),
    "cost": lambda width: lines.cost([Priced("a", 0.01, _at(0.3)), Priced(HOSTILE, 4.0, _at(0.5))], width=width),
    "trend": lambda width: lines.trend(
        [Moment(f"2030-0{month}-01T00:00:00+00:00", "a", _at(0.4), month == 2) for month in (1, 2, 3)], width=width
    ),
    "calibration": lambda width: lines.calibration(
        [Bin(0.1, _at(0.2), "a"), Bin(0.9, _at(0.7), "a"), Bin(0.9, _at(0.6), HOSTILE)], width=width
    ),
}


@pytest.mark.sampled(6)
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", MAKERS)
def test_the_schema_accepts_and_the_renderer_draws(name: str, width: int) -> None:
    """Altair's schema takes it; the SVG is as wide as asked and names itself; no text is markup."""
    chart = MAKERS[name](width)
    assert chart.name == name
    assert chart.altair().to_dict()["$schema"] == chart.spec["$schema"] == alt.SCHEMA_URL
    svg = chart.svg()
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == chart.said
    assert float(root.get("width") or 0) == pytest.approx(width, abs=1)
    assert not root.findall(".//{http://www.w3.org/2000/svg}script")
    assert "\u202e" not in svg
    assert "http" not in svg.replace("http://www.w3.org/", "")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["forest", "radar"])
def test_every_form_is_made(name: str) -> None:
    """PNG in both themes differ, PDF and JSON are what they are called, a notebook shows the picture."""
    chart = MAKERS[name](WIDE)
    light, dark = chart.png(), chart.png(Theme.DARK)
    assert light.startswith(b"\x89PNG")
    assert light != dark
    assert chart.pdf().startswith(b"%PDF")
    assert json.loads(chart.json()) == chart.spec
    assert "<svg" in chart._repr_html_()
    assert str(chart).count(chart.said) == 1


def test_numbers_stand_beside_the_picture() -> None:
    """The table of a chart has every point with value, interval, n and clusters."""
    chart = MAKERS["forest"](WIDE)
    assert [row[0] for row in chart.numbers.rows] == [point.part for point in POINTS]
    assert chart.numbers.rows[0][2:] == ("20.0", "[10.0,\u00a030.0]", "25.0", "40", "20")


def test_marks_stand_where_the_numbers_are() -> None:
    """The data of a forest are the shares in per cent, ends and chance included."""
    data: Any = MAKERS["forest"](WIDE).spec["data"]
    first = data["values"][0]
    assert (first["low"], first["score"], first["high"], first["chance"]) == (10.0, 20.0, 30.0, 25.0)
    assert "\u202e" not in json.dumps(data)


def test_series_that_state_the_same_are_side_by_side() -> None:
    """Each series has marks of its own, moved aside by as many pixels to either side; a lone one stands in place."""
    layers: Any = lines.calibration([Bin(0.9, _at(0.7), "a"), Bin(0.9, _at(0.6), "b")]).spec["layer"]
    assert [layer["mark"].get("xOffset") for layer in layers] == [None, -3.5, -3.5, 3.5, 3.5]
    alone: Any = lines.calibration([Bin(0.9, _at(0.7))]).spec["layer"]
    assert [layer["mark"].get("xOffset") for layer in alone] == [None, 0.0, 0.0]


def test_the_frontier_is_who_nobody_beats() -> None:
    """Dearer and no better is behind; cheaper or better is not."""
    runs = [Priced("cheap", 1, _at(0.3)), Priced("dear", 9, _at(0.9)), Priced("worse", 5, _at(0.25)),
            Priced("as good", 9.5, _at(0.9)), Priced("middle", 4, _at(0.6)), Priced("none", 0.5, NOTHING)]  # fmt: skip
    assert [one.series for one in lines.frontier(runs)] == ["cheap", "middle", "dear"]


def test_a_radar_needs_three_spokes() -> None:
    """Two parts are a line."""
    with pytest.raises(ValueError, match="3 parts"):
        profile.radar(POINTS[:4])


def test_without_the_extra_the_numbers_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The core install draws nothing: JSON is there, a picture says what to install, a notebook shows the table."""
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    monkeypatch.setitem(sys.modules, "altair", None)
    chart = MAKERS["forest"](WIDE)
    assert json.loads(chart.json()) == chart.spec
    for drawn in (chart.svg, chart.png, chart.pdf, chart.altair):
        with pytest.raises(UsageError, match=r"causal-eval-bench\[charts\]"):
            drawn()
    assert chart._repr_html_().startswith("<table>")


def test_a_picture_takes_the_colours_of_its_page() -> None:
    """On a page every colour is a variable, the light one its fallback; each has a colour in both themes."""
    svg = MAKERS["forest"](WIDE).svg(Theme.PAGE)
    assert f"var(--series-1, {SERIES[0]})" in svg
    assert variables(Theme.LIGHT).keys() == variables(Theme.DARK).keys()
    assert len(set(variables(Theme.LIGHT).values())) == len(variables(Theme.LIGHT))
    assert painted(PAPER, Theme.DARK) == variables(Theme.DARK)["paper"]


def _linear(colour: str) -> tuple[float, ...]:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def _contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""
    low, high = sorted(
        sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), _linear(x), strict=True)) for x in (one, other)
    )
    return (high + 0.05) / (low + 0.05)


SEEN = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""Machado, Oliveira and Fernandes 2009, whole severity, over linear light (recalled)."""


def _lab(colour: str, matrix: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    """CIELAB under D65 of the colour as it is seen."""
    rgb = [min(1.0, max(0.0, sum(w * c for w, c in zip(row, _linear(colour), strict=True)))) for row in matrix]
    to_xyz = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.9505, 1.0, 1.089)
    x, y, z = (
        value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116
        for value in (
            sum(w * c for w, c in zip(row, rgb, strict=True)) / n for row, n in zip(to_xyz, white, strict=True)
        )
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_everybody_can_tell_series_apart(theme: Theme) -> None:
    """Series stand out from their paper by 3:1, words on every step by 4.5:1, and series from each other."""
    paper = painted(PAPER, theme)
    series = [painted(colour, theme) for colour in SERIES]
    assert min(_contrast(colour, paper) for colour in series) >= 3
    for place, step in enumerate(HEAT):
        words = ON_LIGHT if place < 3 else ON_DARK
        assert _contrast(painted(step, theme), painted(words, theme)) >= 4.5, (step, theme)
    for name, matrix in SEEN.items():
        for one, other in itertools.combinations(series, 2):
            distance = sum((a - b) ** 2 for a, b in zip(_lab(one, matrix), _lab(other, matrix), strict=True)) ** 0.5
            assert distance > 12, (name, one, other, distance)
