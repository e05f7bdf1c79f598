"""The causal profile as pictures: a heat map of parts by columns, and the radar that people ask for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from causal_eval.analysis.charts.chart import NARROW, WIDE, Chart, Json, colours, spec
from causal_eval.analysis.charts.dots import hundred, series_of, shown
from causal_eval.analysis.charts.palette import GRID, HEAT, INK, MUTED, ON_DARK, ON_LIGHT, PAPER
from causal_eval.analysis.charts.points import Point
from causal_eval.analysis.plain import one_line

_STEPS = [20, 40, 60, 80]
_RINGS = (20, 40, 60, 80, 100)
FEWEST_SPOKES = 3
_REACH, _RISE = 1.9, 1.25
"""How far the picture goes sideways, where words stand, and upwards, in lengths of a spoke."""


def heat(points: Sequence[Point], *, width: int = WIDE) -> Chart:
    """A share for each part and column, as colour and as number; what has no score is left blank."""
    parts = list(dict.fromkeys(one_line(one.part) for one in points))
    columns = sorted(series_of(points))
    values: list[Json] = [
        {
            "part": one_line(one.part), "series": one_line(one.series), "score": hundred(one.interval.estimate),
            "text": f"{100 * one.interval.estimate:.0f}" if width <= NARROW
            else f"{100 * one.interval.estimate:.0f}  (n {one.interval.n})",
        }
        for one in points if one.interval.estimate is not None
    ]  # fmt: skip
    bare: Json = {"ticks": False, "domain": False}
    place: Json = {
        "y": {"field": "part", "type": "nominal", "sort": parts, "title": None, "axis": bare},
        "x": {"field": "series", "type": "nominal", "sort": columns, "title": None,
              "axis": {**bare, "orient": "top", "labelAngle": 0}},
    }  # fmt: skip
    scale: Json = {"type": "threshold", "domain": _STEPS, "range": list(HEAT)}
    legend: Json = {"title": "per cent right", "orient": "bottom", "direction": "horizontal", "gradientLength": 160}
    layers: list[Json] = [
        {
            "mark": {"type": "rect", "stroke": PAPER, "strokeWidth": 2},
            "encoding": {
                **place,
                "color": {"field": "score", "type": "quantitative", "scale": scale, "legend": legend},
            },
        },
        {
            "mark": {"type": "text", "fontSize": 12},
            "encoding": {
                **place,
                "text": {"field": "text"},
                "color": {"condition": {"test": "datum.score < 60", "value": ON_LIGHT}, "value": ON_DARK},
            },
        },
    ]
    said = "Per cent right by part and column; darker is more"
    return Chart("profile", said, shown(said, points), spec(layers, values=values, size=(width, 110 + 24 * len(parts))))


def radar(points: Sequence[Point], *, width: int = WIDE) -> Chart:
    """Scores on spokes around a middle of 0. Areas mislead and there is no room for intervals: see the heat map too.

    Raises:
        ValueError: there are fewer than three parts.
    """
    parts = list(dict.fromkeys(one_line(one.part) for one in points))
    if len(parts) < FEWEST_SPOKES:
        raise ValueError(f"a radar needs {FEWEST_SPOKES} parts, and there are {len(parts)}")
    names = series_of(points)
    hue = colours(names)
    spokes = {part: _at(place, len(parts), radius=1.0) for place, part in enumerate(parts)}
    found = {(one_line(one.series), one_line(one.part)): one.interval.estimate for one in points}
    values: list[Json] = [
        {"series": name, "order": place, "x": (found.get((name, part)) or 0.0) * spokes[part][0],
         "y": (found.get((name, part)) or 0.0) * spokes[part][1]}
        for name in names
        for place, part in enumerate([*parts, parts[0]])
    ]  # fmt: skip
    x: Json = {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [-_REACH, _REACH]}}
    y: Json = {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": [-_RISE, _RISE]}}
    line: Json = {
        "mark": {"type": "line", "strokeWidth": 2.5, "point": False},
        "encoding": {"x": x, "y": y, "order": {"field": "order"}, "color": hue["color"]},
    }
    dot: Json = {
        "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
        "encoding": {"x": x, "y": y, **hue},
    }
    said = "Scores in per cent on spokes, 0 in the middle, a line for each answerer"
    web = _web(len(parts), x=x, y=y)[: 1 if width <= NARROW else 2]  # no room for what rings say
    layers = [*web, line, dot, _labels(spokes, x=x, y=y, size=12 if width > NARROW else 9)]
    height = round(width * _RISE / _REACH) + 24 * len(names)
    return Chart("radar", said, shown(said, points), spec(layers, values=values, size=(width, height)))


def _web(spokes: int, *, x: Json, y: Json) -> list[Json]:
    """Rings of equal score, and what they say."""
    rings: list[Json] = [
        {"ring": ring, "order": place, "x": at[0], "y": at[1]}
        for ring in _RINGS
        for place in range(spokes + 1)
        for at in (_at(place % spokes, spokes, radius=ring / 100),)
    ]
    said: list[Json] = [{"x": 0.0, "y": ring / 100, "text": str(ring)} for ring in _RINGS]
    return [
        {
            "data": {"values": rings},
            "mark": {"type": "line", "color": GRID, "strokeWidth": 1},
            "encoding": {"x": x, "y": y, "order": {"field": "order"}, "detail": {"field": "ring"}},
        },
        {
            "data": {"values": said},
            "mark": {"type": "text", "color": MUTED, "fontSize": 10, "dx": 3, "align": "left", "baseline": "bottom"},
            "encoding": {"x": x, "y": y, "text": {"field": "text"}},
        },
    ]


def _labels(spokes: dict[str, tuple[float, float]], *, x: Json, y: Json, size: int) -> Json:
    values: list[Json] = [{"x": 1.16 * at[0], "y": 1.16 * at[1], "text": part} for part, at in spokes.items()]
    angle: Json = {
        "align": {"expr": "datum.x > 0.1 ? 'left' : datum.x < -0.1 ? 'right' : 'center'"},
        "type": "text", "color": INK, "fontSize": size, "limit": 130, "baseline": "middle",
    }  # fmt: skip
    return {"data": {"values": values}, "mark": angle, "encoding": {"x": x, "y": y, "text": {"field": "text"}}}


def _at(place: int, spokes: int, *, radius: float) -> tuple[float, float]:
    turn = math.tau * place / spokes
    return round(radius * math.sin(turn), 4), round(radius * math.cos(turn), 4)
