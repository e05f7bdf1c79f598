"""Small pictures beside numbers: intervals, differences and outcomes as SVG that classes of the style sheet colour.

Everything they say stands as text beside them, so they are hidden from those who hear the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from causal_eval.analysis.intervals import Interval
from causal_eval.scoring.verdict import Mark

ORDER = (
    Mark.CORRECT, Mark.PARTIAL, Mark.WRONG, Mark.UNPARSED, Mark.ABSTAINED, Mark.UNGRADED, Mark.MISSING,
)  # fmt: skip
"""In which outcomes stand."""

_WIDTH, _HEIGHT, _EDGE = 200.0, 20.0, 6.0
_BAR = 1000.0
_WIDE, _TALL, _COLUMNS = 600.0, 160.0, 200
_SQUARE, _MARGIN, _QUARTERS = 320.0, 32.0, (0.0, 0.25, 0.5, 0.75, 1.0)


def interval(low: float | None, estimate: float | None, *, high: float | None, chance: float | None = None) -> Markup:
    """Shares on an axis from 0 to 100 %: the interval, the estimate on it, chance as a dashed tick."""
    body = [_line(0, 1, kind="axis"), *(_tick(share, kind="tick") for share in (0.0, 0.5, 1.0))]
    if low is not None and high is not None:
        body.append(_line(low, high, kind="interval"))
    if chance is not None:
        body.append(_tick(chance, kind="chance", size=9))
    if estimate is not None:
        body.append(_dot(estimate))
    return _picture("interval-picture", (_WIDTH, _HEIGHT), body)


def difference(
    low: float | None, estimate: float | None, *, high: float | None, span: float, margin: float | None = None
) -> Markup:
    """A difference of shares on an axis from -*span* to *span*, zero in the middle; -*margin* as a dashed tick."""
    body = [_line(0, 1, kind="axis"), _tick(0.5, kind="zero", size=9)]
    if margin is not None:
        body.append(_tick(_centred(-margin, span), kind="chance", size=9))
    if low is not None and high is not None:
        body.append(_line(_centred(low, span), _centred(high, span), kind="interval"))
    if estimate is not None:
        body.append(_dot(_centred(estimate, span)))
    return _picture("interval-picture", (_WIDTH, _HEIGHT), body)


def path(steps: Sequence[tuple[float, float, float]], *, lowest: float) -> Markup:
    """Intervals one after the other, on an axis from *lowest* to 1: a band that narrows, the estimate in it.

    *steps*: lower end, estimate and upper end of each; many are thinned to what the picture can show.
    """
    every = max(1, len(steps) // _COLUMNS)
    kept = list(steps[::every]) + ([steps[-1]] if steps and (len(steps) - 1) % every else [])
    xs = [round(_EDGE + n * (_WIDE - 2 * _EDGE) / max(1, len(kept) - 1), 1) for n in range(len(kept))]

    def points(values: Sequence[float]) -> str:
        heights = (round(_TALL - (value - lowest) / (1.0 - lowest) * _TALL, 1) for value in values)
        return " ".join(f"{x:g},{y:g}" for x, y in zip(xs, heights, strict=True))

    low, middle, high = ([step[part] for step in kept] for part in range(3))
    back = points(high).split(" ")[::-1]
    zero = _TALL * 1.0 / (1.0 - lowest)
    body = [
        Markup('<polygon class="band" points="{} {}"/>').format(points(low), " ".join(back)),
        Markup('<line class="zero" x1="{:g}" x2="{:g}" y1="{:g}" y2="{:g}"/>').format(_EDGE, _WIDE - _EDGE, zero, zero),
        Markup('<polyline class="way" points="{}"/>').format(points(middle)),
    ]
    return _picture("path-picture", (_WIDE, _TALL), body, stretch=True)


def reliability(bins: Sequence[tuple[float, Interval]]) -> Markup:
    """Shares right over what was stated, in per cent: dots with intervals, and the line on which both are equal."""
    body = [_segment((at, 0.0), (at, 1.0), kind="axis") for at in _QUARTERS]
    body += [_segment((0.0, at), (1.0, at), kind="axis") for at in _QUARTERS]
    for at in _QUARTERS[::2]:
        words = Markup('<text x="{:g}" y="{:g}" text-anchor="{}">{:g}</text>')
        body.append(words.format(_across(at), _SQUARE - 4, "middle", 100 * at))
        body.append(words.format(_MARGIN - 6, _up(at) + 4, "end", 100 * at))
    body.append(_segment((0.0, 0.0), (1.0, 1.0), kind="chance"))
    for stated, right in bins:
        if right.low is not None and right.high is not None:
            body.append(_segment((stated, right.low), (stated, right.high), kind="interval"))
        if right.estimate is not None:
            dot = Markup('<circle class="estimate" cx="{:g}" cy="{:g}" r="5"/>')
            body.append(dot.format(_across(stated), _up(right.estimate)))
    return _picture("reliability-picture", (_SQUARE, _SQUARE), body)


def outcomes(marks: Mapping[Mark, int]) -> Markup:
    """A stacked bar."""
    total, x, body = sum(marks.values()), 0.0, [Markup("")]
    for mark in ORDER:
        if count := marks.get(mark, 0):
            width = _BAR * count / total
            body.append(_rect(x, width, kind=f"mark-{mark.value}", height=28))
            x += width
    return _picture("outcome-picture", (_BAR, 28.0), body, stretch=True)


def swatch(mark: str) -> Markup:
    """A small square in the colour of an outcome."""
    return _picture("swatch", (14.0, 14.0), [_rect(0, 14, kind=f"mark-{mark}", height=14)])


def _picture(kind: str, size: tuple[float, float], body: list[Markup], *, stretch: bool = False) -> Markup:
    aspect = Markup(' preserveAspectRatio="none"') if stretch else Markup("")
    head = Markup('<svg class="{}" viewBox="0 0 {:g} {:g}"{} aria-hidden="true" focusable="false">')
    return head.format(kind, *size, aspect) + Markup("").join(body) + Markup("</svg>")


def _across(share: float) -> float:
    return round(_MARGIN + share * (_SQUARE - _MARGIN - 2 * _EDGE), 1)


def _up(share: float) -> float:
    """Mirrors :func:`_across`: the margin is below."""
    return round(_SQUARE - _across(share), 1)


def _segment(one: tuple[float, float], other: tuple[float, float], *, kind: str) -> Markup:
    text = Markup('<line class="{}" x1="{:g}" y1="{:g}" x2="{:g}" y2="{:g}"/>')
    return text.format(kind, _across(one[0]), _up(one[1]), _across(other[0]), _up(other[1]))


def _at(share: float) -> float:
    return round(_EDGE + min(max(share, 0.0), 1.0) * (_WIDTH - 2 * _EDGE), 1)


def _centred(value: float, span: float) -> float:
    return 0.5 + value / (2 * span)


def _line(low: float, high: float, *, kind: str) -> Markup:
    return Markup('<line class="{}" x1="{:g}" x2="{:g}" y1="10" y2="10"/>').format(kind, _at(low), _at(high))


def _tick(share: float, *, kind: str, size: float = 3) -> Markup:
    text = Markup('<line class="{}" x1="{:g}" x2="{:g}" y1="{:g}" y2="{:g}"/>')
    return text.format(kind, _at(share), _at(share), 10 - size, 10 + size)


def _dot(share: float) -> Markup:
    return Markup('<circle class="estimate" cx="{:g}" cy="10" r="5"/>').format(_at(share))


def _rect(x: float, width: float, *, kind: str, height: float) -> Markup:
    return Markup('<rect class="{}" x="{:.2f}" y="0" width="{:.2f}" height="{:g}"/>').format(kind, x, width, height)
