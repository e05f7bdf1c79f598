"""Words of SVG: escaped text, numbers with one decimal, and a figure that names and describes itself."""

from __future__ import annotations

from html import escape

from causal_eval.analysis.plain import one_line

INK = "var(--ink, #1b1f24)"
MUTED = "var(--muted, #57606a)"
GRID = "var(--grid, #d5d9de)"
PAPER = "var(--paper, #ffffff)"
PAGE = "var(--page, #ffffff)"
MAIN = "var(--main, #0b57a4)"
OTHER = "var(--other, #57606a)"
CHANCE = "var(--chance, #b3400b)"
"""Colours follow the page they stand in; alone, the figure is light."""


Point = tuple[float, float]
"""x and y (or width and height) in the figure's own units."""


def number(value: float) -> str:
    """A coordinate with at most one decimal."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def safe(text: str) -> str:
    """Foreign text as it may stand in SVG and in its attributes."""
    return escape(one_line(text), quote=True)


def text(at: Point, words: str, *, style: str = "", anchor: str = "start") -> str:
    """A line of text at its baseline."""
    fill = "" if "fill:" in style else f"fill:{INK};"
    place = f'x="{number(at[0])}" y="{number(at[1])}" text-anchor="{anchor}"'
    return f'<text {place} style="{fill}{style}">{safe(words)}</text>'


def line(start: Point, end: Point, *, style: str) -> str:
    """A straight line."""
    ends = f'x1="{number(start[0])}" y1="{number(start[1])}" x2="{number(end[0])}" y2="{number(end[1])}"'
    return f'<line {ends} style="{style}"/>'


def rect(corner: Point, size: Point, *, style: str) -> str:
    """A rectangle."""
    place = f'x="{number(corner[0])}" y="{number(corner[1])}" width="{number(size[0])}" height="{number(size[1])}"'
    return f'<rect {place} style="{style}"/>'


def figure(name: str, title: str, *, description: str, size: Point, body: list[str]) -> str:
    """The whole picture; *name* must be unique on the page, as title and description are found by it."""
    w, h = number(size[0]), number(size[1])
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" role="img" '
        f'aria-labelledby="{safe(name)}-t {safe(name)}-d" font-family="system-ui, sans-serif" font-size="13">'
        f'<title id="{safe(name)}-t">{safe(title)}</title><desc id="{safe(name)}-d">{safe(description)}</desc>'
    )
    return "\n".join([head, *body, "</svg>"])
