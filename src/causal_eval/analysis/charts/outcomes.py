"""A stacked bar of outcomes: told apart by pattern, order and label, not by colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from causal_eval.analysis import numbers
from causal_eval.analysis.charts import svg
from causal_eval.scoring.verdict import Mark

WIDE, NARROW = 860.0, 345.0
"""Widths that fit a page and a telephone."""

_HEIGHT = 30.0
_ROOM = 8.0
"""Width of a digit in a segment's label."""


@dataclass(frozen=True, slots=True)
class _Look:
    fill: str
    ink: str
    pattern: str = ""


LOOKS: Mapping[Mark, _Look] = {
    Mark.CORRECT: _Look("var(--correct, #0b57a4)", "var(--on-correct, #ffffff)"),
    Mark.PARTIAL: _Look("var(--partial, #a9cdf1)", "var(--on-partial, #10233a)", "rising"),
    Mark.WRONG: _Look("var(--wrong, #c9ced4)", "var(--on-wrong, #1b1f24)"),
    Mark.UNPARSED: _Look("var(--unparsed, #f5c76b)", "var(--on-unparsed, #33260a)", "falling"),
    Mark.ABSTAINED: _Look("var(--abstained, #e9e3f5)", "var(--on-abstained, #2d2245)", "dots"),
    Mark.MISSING: _Look("var(--paper, #ffffff)", "var(--ink, #1b1f24)", "rising"),
    Mark.UNGRADED: _Look("var(--paper, #ffffff)", "var(--ink, #1b1f24)", "dots"),
}
"""In the order in which segments stand."""

_PATTERNS = {
    "rising": '<path d="M0 8L8 0" style="stroke:{ink};stroke-width:1;opacity:.45"/>',
    "falling": '<path d="M0 0L8 8" style="stroke:{ink};stroke-width:1;opacity:.45"/>',
    "dots": '<circle cx="4" cy="4" r="1.2" style="fill:{ink};opacity:.55"/>',
}


def outcome_bar(name: str, title: str, *, marks: Mapping[Mark, int], width: float = WIDE) -> str:
    """The bar of *marks* as SVG; segments of width zero are left out."""
    total = sum(marks.values())
    body, x = [_definitions(name)], 1.0
    for mark in LOOKS:
        share = marks.get(mark, 0) / total if total else 0.0
        body += _segment(name, mark, count=marks.get(mark, 0), x=x, width=share * (width - 2))
        x += share * (width - 2)
    said = ", ".join(f"{numbers.count(marks[mark])} {mark.value}" for mark in LOOKS if marks.get(mark))
    return svg.figure(name, title, description=f"{said or 'nothing asked'}.", size=(width, _HEIGHT), body=body)


def swatch(name: str, mark: Mark) -> str:
    """A small square in the look of *mark*, for a legend; decorative, as the word stands beside it."""
    body = [_definitions(name, mark), *_square(name, mark, corner=(1, 1), size=(16, 16))]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 18 18" width="18" height="18" aria-hidden="true" '
        f'focusable="false">{"".join(body)}</svg>'
    )


def _definitions(name: str, only: Mark | None = None) -> str:
    marks = [mark for mark in LOOKS if LOOKS[mark].pattern and only in {None, mark}]
    return "<defs>" + "".join(_pattern(name, mark) for mark in marks) + "</defs>"


def _pattern(name: str, mark: Mark) -> str:
    look = LOOKS[mark]
    drawn = _PATTERNS[look.pattern].format(ink=look.ink)
    where = f'id="{svg.safe(name)}-{mark.value}" width="8" height="8" patternUnits="userSpaceOnUse"'
    return f"<pattern {where}>{drawn}</pattern>"


def _segment(name: str, mark: Mark, *, count: int, x: float, width: float) -> list[str]:
    if not count:
        return []
    body = _square(name, mark, corner=(x, 1), size=(width, _HEIGHT - 2))
    label = numbers.count(count)
    if width > _ROOM * len(label) + _ROOM:
        ink, paper = LOOKS[mark].ink, LOOKS[mark].fill
        style = f"fill:{ink};stroke:{paper};stroke-width:4px;paint-order:stroke;font-weight:600"
        body.append(svg.text((x + width / 2, _HEIGHT / 2 + 4.5), label, style=style, anchor="middle"))
    return body


def _square(name: str, mark: Mark, *, corner: svg.Point, size: svg.Point) -> list[str]:
    look, edge = LOOKS[mark], f"stroke:{svg.MUTED};stroke-width:1"
    body = [svg.rect(corner, size, style=f"fill:{look.fill};{edge}")]
    if look.pattern:
        body.append(svg.rect(corner, size, style=f"fill:url(#{svg.safe(name)}-{mark.value});stroke:none"))
    return body
