"""Forest plots: one line a row with its interval, the estimate on it, and what it is to be compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causal_eval.analysis import numbers
from causal_eval.analysis.charts import svg
from causal_eval.analysis.charts.axis import Axis, axis
from causal_eval.analysis.intervals import Interval
from causal_eval.analysis.plain import wrap


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One interval."""

    label: str
    interval: Interval
    reference: float | None = None
    """Chance, drawn as a dashed tick."""
    hollow: bool = False
    """A row to compare with (a baseline), drawn with a hollow diamond."""


@dataclass(frozen=True, slots=True)
class ForestGroup:
    """Rows under a common heading."""

    heading: str
    rows: tuple[ForestRow, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where labels, axis and numbers stand."""

    width: float
    left: float
    right: float
    columns: int
    """Characters a label line holds."""
    above: bool
    """Labels and numbers stand above their line instead of beside it."""


WIDE = Layout(width=860, left=300, right=690, columns=38, above=False)
NARROW = Layout(width=330, left=8, right=322, columns=28, above=True)

_LINE = 17.0
_GAP = 10.0
_HEADING = 27.0
_BAR = 20.0


def forest(
    name: str, title: str, *, groups: Sequence[ForestGroup], layout: Layout = WIDE, difference: bool = False
) -> str:
    """The forest plot of *groups* as SVG; *difference* draws zero as the line that matters, and signs the numbers."""
    scale = axis(_values(groups), left=layout.left, right=layout.right)
    body, y = [], 4.0
    for group in groups:
        if group.heading:
            y += _HEADING
            body.append(svg.text((0, y - 8), group.heading, style="font-weight:600"))
        for row in group.rows:
            height = _height(row, layout)
            body += _row(row, y, scale=scale, layout=layout, signed=difference)
            y += height
    grid = _grid(scale, y + 6, signed=difference)
    return svg.figure(
        name, title, description=_description(groups, signed=difference), size=(layout.width, y + 30), body=grid + body
    )


def _values(groups: Sequence[ForestGroup]) -> list[float | None]:
    rows = [row for group in groups for row in group.rows]
    ends = [value for row in rows for value in (row.interval.low, row.interval.high, row.interval.estimate)]
    return ends + [row.reference for row in rows]


def _height(row: ForestRow, layout: Layout) -> float:
    lines = len(wrap(row.label, layout.columns)) * _LINE
    return lines + _BAR + _GAP if layout.above else max(lines, _LINE) + _GAP


def _row(row: ForestRow, top: float, *, scale: Axis, layout: Layout, signed: bool) -> list[str]:
    lines = wrap(row.label, layout.columns)
    inset = 0.0 if layout.above else 12.0
    body = [
        svg.text((inset, top + 13 + _LINE * place), part, style=_over_lines(row)) for place, part in enumerate(lines)
    ]
    middle = top + len(lines) * _LINE + _BAR / 2 if layout.above else top + 9
    said = f"{numbers.hundredths(row.interval.estimate, signed=signed)} {numbers.ends(row.interval)}"
    style = f"font-variant-numeric:tabular-nums{f';fill:{svg.MUTED}' if row.hollow else ''}"
    body.append(svg.text((layout.width, top + 13), said, style=style, anchor="end"))
    return body + _mark(row, middle, scale=scale)


def _over_lines(row: ForestRow) -> str:
    """Labels keep a margin where a grid line runs behind them."""
    return f"fill:{svg.MUTED if row.hollow else svg.INK};paint-order:stroke;stroke:{svg.PAGE};stroke-width:4px"


def _mark(row: ForestRow, y: float, *, scale: Axis) -> list[str]:
    """Interval, chance tick and estimate, in drawing order."""
    body, colour = [], svg.OTHER if row.hollow else svg.MAIN
    if row.interval.low is not None and row.interval.high is not None:
        low, high = scale.at(row.interval.low), scale.at(row.interval.high)
        body.append(svg.line((low, y), (high, y), style=f"stroke:{colour};stroke-width:{2 if row.hollow else 3}"))
        body += [svg.line((end, y - 4), (end, y + 4), style=f"stroke:{colour};stroke-width:1.5") for end in (low, high)]
    if row.reference is not None:
        x = scale.at(row.reference)
        body.append(svg.line((x, y - 9), (x, y + 9), style=f"stroke:{svg.CHANCE};stroke-width:2;stroke-dasharray:3 2"))
    if row.interval.estimate is not None:
        body.append(_dot((scale.at(row.interval.estimate), y), colour, hollow=row.hollow))
    return body


def _dot(at: svg.Point, colour: str, *, hollow: bool) -> str:
    x, y = at
    if not hollow:
        style = f"fill:{colour};stroke:{svg.PAPER};stroke-width:1.5"
        return f'<circle cx="{svg.number(x)}" cy="{svg.number(y)}" r="5.5" style="{style}"/>'
    corners = " ".join(f"{svg.number(x + dx)},{svg.number(y + dy)}" for dx, dy in ((-5, 0), (0, -5), (5, 0), (0, 5)))
    return f'<polygon points="{corners}" style="fill:{svg.PAPER};stroke:{colour};stroke-width:1.5"/>'


def _grid(scale: Axis, bottom: float, *, signed: bool) -> list[str]:
    body = []
    for value in scale.ticks:
        x = scale.at(value)
        is_zero = abs(value) < scale.step / 2
        style = f"stroke:{svg.INK};stroke-width:1.2" if is_zero and signed else f"stroke:{svg.GRID};stroke-width:1"
        body.append(svg.line((x, 2), (x, bottom), style=style))
        label = f"{round(100 * value):+d}" if signed and not is_zero else f"{round(100 * value)}"
        anchor = "end" if value == scale.ticks[-1] else "start" if value == scale.ticks[0] else "middle"
        anchored = anchor if scale.left < _NEAR_EDGE else "middle"
        said = label.replace("-", "\u2212") + ("" if signed else " %")
        body.append(svg.text((x, bottom + 16), said, style=f"fill:{svg.MUTED};font-size:12px", anchor=anchored))
    return body


_NEAR_EDGE = 20.0
"""An axis that begins this near the edge keeps its outer labels inside."""


def _description(groups: Sequence[ForestGroup], *, signed: bool) -> str:
    """The same numbers as a sentence, for those who hear the picture."""
    said = []
    for group in groups:
        for row in group.rows:
            where = f"{group.heading}, {row.label}" if group.heading else row.label
            chance = "" if row.reference is None else f", chance {numbers.hundredths(row.reference)}"
            value = numbers.hundredths(row.interval.estimate, signed=signed)
            said.append(f"{where}: {value} {numbers.ends(row.interval)}{chance}")
    return ("Percentage points. " if signed else "Per cent. ") + "; ".join(said) + "."
