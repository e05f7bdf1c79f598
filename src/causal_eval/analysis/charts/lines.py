"""Charts with a measure on both axes: cost against score, scores over time, confidence against what is right."""

from __future__ import annotations

from collections.abc import Sequence

from causal_eval.analysis.charts.chart import WIDE, Chart, Json, colours, spec
from causal_eval.analysis.charts.dots import hundred
from causal_eval.analysis.charts.palette import CHANCE, MUTED, PAPER
from causal_eval.analysis.charts.points import Bin, Moment, Priced
from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.numbers import NONE, count, ends, hundredths
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.shown import Shown

_HEIGHT = 340
_DOT: Json = {"type": "point", "filled": True, "size": 80, "stroke": PAPER, "strokeWidth": 1, "opacity": 1}
_SCORE: Json = {"field": "score", "type": "quantitative", "title": "per cent right", "scale": {"domain": [0, 100]}}
_WIDE_RANGE = 20.0
_ASIDE = 7.0
"""Pixels between series that state the same confidence."""


def frontier(points: Sequence[Priced]) -> tuple[Priced, ...]:
    """Those that nobody beats: no other costs as little or less and scores higher, or scores as much for less."""
    ordered = sorted(points, key=lambda one: (one.dollars, -_score(one), one.series))
    best, found = -1.0, []
    for one in ordered:
        if _score(one) > best:
            best = _score(one)
            found.append(one)
    return tuple(found)


def cost(points: Sequence[Priced], *, width: int = WIDE) -> Chart:
    """What a run cost against its score; the line joins those that nobody beats."""
    names = [one_line(one.series) for one in points]
    ahead = frontier(points)
    least = min((one.dollars for one in points), default=0.0)
    is_wide = least > 0 and max(one.dollars for one in points) / least > _WIDE_RANGE
    x: Json = {"field": "dollars", "type": "quantitative", "title": "US dollars for the run",
               "scale": {"type": "log"} if is_wide else {"zero": True, "nice": True}}  # fmt: skip
    values: list[Json] = [
        {"series": one_line(one.series), "dollars": one.dollars, **_ends(one.interval)} for one in points
    ]
    edge: list[Json] = [{"dollars": one.dollars, "score": hundred(one.interval.estimate)} for one in ahead]
    hue = colours(names)
    layers: list[Json] = [
        {
            "data": {"values": edge},
            "mark": {"type": "line", "interpolate": "step-after", "color": MUTED, "strokeDash": [5, 4]},
            "encoding": {"x": x, "y": _SCORE},
        },
        _bars(x, hue),
        {"mark": _DOT, "encoding": {"x": x, "y": _SCORE, **hue}},
    ]
    said = "Cost in dollars against the score in per cent; the dashed line joins runs that no other beats"
    rows = tuple(
        (one.series, f"${one.dollars:,.4f}", *_cells(one.interval), "yes" if one in ahead else "no") for one in points
    )
    table = Shown(said, ("series", "dollars", "score", "interval", "n", "on the frontier"), rows)
    return Chart("cost", said, table, spec(layers, values=values, size=(width, _HEIGHT + 22 * len(names))))


def trend(moments: Sequence[Moment], *, width: int = WIDE) -> Chart:
    """Scores of the same answerers over time; a dashed line stands where a change begins."""
    names = list(dict.fromkeys(one_line(one.series) for one in moments))
    values: list[Json] = [{"series": one_line(one.series), "when": one.when, **_ends(one.interval)} for one in moments]
    changes: list[Json] = [
        {"when": one.when, "text": f"{one_line(one.series)} changes"} for one in moments if one.is_change
    ]
    x: Json = {"field": "when", "type": "temporal", "title": "begun (UTC)", "scale": {"type": "utc"}}
    hue = colours(names)
    layers: list[Json] = [
        {
            "data": {"values": changes},
            "mark": {"type": "rule", "color": CHANCE, "strokeWidth": 2, "strokeDash": [5, 4]},
            "encoding": {"x": x},
        },
        _bars(x, hue),
        {"mark": {"type": "line", "strokeWidth": 1.5}, "encoding": {"x": x, "y": _SCORE, "color": hue["color"]}},
        {"mark": _DOT, "encoding": {"x": x, "y": _SCORE, **hue}},
    ]
    said = "Scores in per cent with their intervals over time; a dashed line is where a change begins"
    rows = tuple(
        (one.when[:16].replace("T", " "), one.series, *_cells(one.interval), "begins" if one.is_change else "")
        for one in moments
    )
    table = Shown(said, ("begun (UTC)", "series", "score", "interval", "n", "change"), rows)
    return Chart("trend", said, table, spec(layers, values=values, size=(width, _HEIGHT + 22 * len(names))))


def calibration(bins: Sequence[Bin], *, width: int = WIDE) -> Chart:
    """How often answers of a stated confidence are right; on the line confidence is deserved, below it too high."""
    names = list(dict.fromkeys(one_line(one.series) for one in bins))
    values: list[Json] = [
        {"confidence": hundred(one.confidence), "n": one.interval.n, "series": one_line(one.series),
         "place": names.index(one_line(one.series)), **_ends(one.interval)}
        for one in bins
    ]  # fmt: skip
    x: Json = {"field": "confidence", "type": "quantitative", "title": "stated confidence, per cent",
               "scale": {"domain": [0, 100]}}  # fmt: skip
    ideal: list[Json] = [{"confidence": 0, "score": 0}, {"confidence": 100, "score": 100}]
    line: Json = {
        "data": {"values": ideal},
        "mark": {"type": "line", "color": MUTED, "strokeDash": [5, 4]},
        "encoding": {"x": x, "y": _SCORE},
    }
    marks = [layer for place in range(len(names)) for layer in _beside(place, names, x=x)]
    said = "Stated confidence against how often answers are right, per cent; below the dashed line it is too high"
    rows = tuple((one.series or NONE, hundredths(one.confidence), *_cells(one.interval)) for one in bins)
    table = Shown(said, ("series", "confidence", "right", "interval", "n"), rows)
    legend = 0 if names == [""] else 22 * len(names)
    return Chart("calibration", said, table, spec([line, *marks], values=values, size=(width, _HEIGHT + legend)))


def _beside(place: int, names: list[str], *, x: Json) -> list[Json]:
    """The bins of one series, moved aside by a few pixels: where others state the same, all are seen."""
    hue, aside = colours(names), round(_ASIDE * (place - (len(names) - 1) / 2), 1)
    own: list[Json] = [{"filter": f"datum.place === {place}"}]
    size: Json = {"field": "n", "type": "quantitative", "scale": {"range": [30, 300]}, "legend": None}
    bars = _bars(x, hue)
    return [
        {**bars, "transform": own, "mark": {"type": "rule", "strokeWidth": 2, "xOffset": aside}},
        {"transform": own, "mark": {**_DOT, "xOffset": aside}, "encoding": {"x": x, "y": _SCORE, "size": size, **hue}},
    ]


def _bars(x: Json, hue: Json) -> Json:
    y: Json = {**_SCORE, "field": "low"}
    encoding: Json = {"x": x, "y": y, "y2": {"field": "high"}, "color": hue["color"]}
    return {"mark": {"type": "rule", "strokeWidth": 2}, "encoding": encoding}


def _ends(interval: Interval) -> Json:
    return {"score": hundred(interval.estimate), "low": hundred(interval.low), "high": hundred(interval.high)}


def _cells(interval: Interval) -> tuple[str, str, str]:
    return hundredths(interval.estimate), ends(interval), count(interval.n)


def _score(one: Priced) -> float:
    return -1.0 if one.interval.estimate is None else one.interval.estimate
