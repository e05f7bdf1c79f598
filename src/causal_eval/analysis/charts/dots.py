"""Charts of shares with intervals: scores and differences as forests, dose-response, causes of misses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from causal_eval.analysis.charts.chart import NARROW, WIDE, Chart, Json, colours, spec
from causal_eval.analysis.charts.palette import CHANCE, INK, PAPER
from causal_eval.analysis.charts.points import Point
from causal_eval.analysis.numbers import NONE, count, ends, hundredths
from causal_eval.analysis.plain import one_line, wrap
from causal_eval.analysis.shown import Shown

_ROW, _STEP, _LINE = 12, 15, 15
_COLUMNS = 20
"""Characters of a label's line on a telephone."""
_SCORE: Json = {"title": "per cent right", "scale": {"domain": [0, 100]}}
_GAP: Json = {"title": "difference in percentage points", "scale": {"zero": True}}
_SHARE: Json = {"title": "per cent of misses", "scale": {"domainMin": 0}}


def forest(points: Sequence[Point], *, width: int = WIDE) -> Chart:
    """Scores with intervals, a row for each part, a colour for each answerer, chance as a tick."""
    said = "Scores in per cent with their intervals, by part and answerer; ticks are chance"
    return Chart("forest", said, shown(said, points), _rows(points, _SCORE, width=width))


def differences(points: Sequence[Point], *, width: int = WIDE) -> Chart:
    """Paired differences with intervals; the line is zero: right of it the first is better."""
    said = "Paired differences in percentage points with their intervals; right of zero the first is better"
    zero: Json = {"mark": {"type": "rule", "color": INK, "strokeWidth": 1.5}, "encoding": {"x": {"datum": 0}}}
    return Chart("differences", said, shown(said, points, signed=True), _rows(points, _GAP, width=width, under=[zero]))


def mistakes(points: Sequence[Point], *, width: int = WIDE) -> Chart:
    """How large a share of the misses each classic mistake explains; ticks are what coincidence would explain."""
    said = "Share of wrong answers that each classic mistake explains, with intervals; ticks are what chance explains"
    return Chart("mistakes", said, shown(said, points), _rows(points, _SHARE, width=width))


def dose(points: Sequence[Point], *, by: str, width: int = WIDE) -> Chart:
    """Scores along the levels of a dial, a line for each answerer."""
    names, values = series_of(points), values_of(points)
    x: Json = {"field": "part", "type": "ordinal", "sort": list(dict.fromkeys(one_line(one.part) for one in points)),
               "title": by, "axis": {"labelAngle": 0}}  # fmt: skip
    offset: Json = {"xOffset": {"field": "series", "sort": names}} if len(names) > 1 else {}
    hue = colours(names)
    y: Json = {"field": "score", "type": "quantitative", **_SCORE}
    line: Json = {
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {"x": x, "y": y, "color": hue["color"], **offset},
    }
    bar: Json = {
        "mark": {"type": "rule", "strokeWidth": 2},
        "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": hue["color"], **offset},
    }
    dot: Json = {"mark": _dot(), "encoding": {"x": x, "y": y, **hue, **offset}}
    said = f"Scores in per cent with their intervals, by {by}"
    table = shown(said, points)
    return Chart("dose", said, table, spec([bar, line, dot], values=values, size=(width, 320)))


def _rows(points: Sequence[Point], axis: Json, *, width: int, under: Iterable[Json] = ()) -> Json:
    names, columns = series_of(points), _COLUMNS if width <= NARROW else 2 * _COLUMNS
    broken = {one.part: wrap(one.part, columns) for one in points}
    parts = ["\n".join(lines) for lines in broken.values()]
    values = [{**row, "part": "\n".join(broken[one.part])} for one, row in zip(points, values_of(points), strict=True)]
    look: Json = {"ticks": False, "domain": False, "labelExpr": r"split(datum.label, '\n')"}
    y: Json = {"field": "part", "type": "nominal", "sort": parts, "title": None, "axis": look}
    offset: Json = {"yOffset": {"field": "series", "sort": names}} if len(names) > 1 else {}
    x: Json = {"field": "score", "type": "quantitative", **axis}
    hue = colours(names)
    layers: list[Json] = [
        *under,
        {
            "mark": {"type": "rule", "strokeWidth": 2.5},
            "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}, "color": hue["color"], **offset},
        },
        {
            "transform": [{"filter": "datum.chance !== null"}],
            "mark": {"type": "tick", "color": CHANCE, "thickness": 2, "size": 11},
            "encoding": {"y": y, "x": {**x, "field": "chance"}, **offset},
        },
        {"mark": _dot(), "encoding": {"y": y, "x": x, **hue, **offset}},
    ]
    step = max(_ROW + _STEP * len(names), 8 + _LINE * max(map(len, broken.values()), default=1))
    height = 70 + 22 * (len(names) if names != [""] else 0) + len(parts) * step
    return spec(layers, values=values, size=(width, height))


def _dot() -> Json:
    return {"type": "point", "filled": True, "size": 75, "stroke": PAPER, "strokeWidth": 1, "opacity": 1}


def series_of(points: Iterable[Point]) -> list[str]:
    """The names of series, in order of appearance."""
    return list(dict.fromkeys(one_line(one.series) for one in points))


def values_of(points: Iterable[Point]) -> list[Json]:
    """Points as rows of data, in per cent."""
    return [
        {
            "part": one_line(one.part), "series": one_line(one.series), "score": hundred(one.interval.estimate),
            "low": hundred(one.interval.low), "high": hundred(one.interval.high), "chance": hundred(one.chance),
        }
        for one in points
    ]  # fmt: skip


def hundred(share: float | None) -> float | None:
    """Per cent, to the hundredth that a picture can show."""
    return None if share is None else round(100.0 * share, 2)


def shown(title: str, points: Iterable[Point], *, signed: bool = False) -> Shown:
    """The numbers of a chart."""
    rows = [
        (
            one.part, one.series or NONE, hundredths(one.interval.estimate, signed=signed), ends(one.interval),
            hundredths(one.chance), count(one.interval.n), count(one.interval.clusters),
        )
        for one in points
    ]  # fmt: skip
    return Shown(title, ("part", "series", "value", "interval", "chance", "n", "clusters"), tuple(rows))
