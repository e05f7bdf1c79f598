"""The colours of charts, light and dark, told apart by every kind of eye.

Series have a contrast of 3:1 and more against their paper, and they stay apart for protanopia, deuteranopia
and tritanopia as simulated by Machado, Oliveira and Fernandes 2009 (tests compute both); shapes and words say the same,
so that no colour is needed to read a chart. Each light colour stands for one role alone: a chart is written in light
colours, and another theme, or a page's own variables, take their places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

PAPER, INK, MUTED, GRID, CHANCE = "#fffffe", "#1b1f24", "#555e68", "#dcdfe3", "#a8380a"
SERIES = ("#0b57a4", "#b45309", "#12602e", "#9000f0", "#481848", "#c078a8")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
HEAT = ("#f1f6fc", "#c6dcf3", "#8bbae5", "#3477b8", "#0a4585")
"""Five steps of a share, from nothing to all."""
ON_LIGHT, ON_DARK = "#1b1f25", "#fffffd"
"""Words on the first three steps, and on the last two."""

_DARK = {
    PAPER: "#1a1e23", INK: "#e9ebee", MUTED: "#a9b3bd", GRID: "#343b43", CHANCE: "#ff9f6b", SERIES[0]: "#7ab7ff",
    SERIES[1]: "#f5a742", SERIES[2]: "#6fd18b", SERIES[3]: "#a818f0", SERIES[4]: "#d80090", SERIES[5]: "#607830",
    HEAT[0]: "#1f2a36", HEAT[1]: "#24415e", HEAT[2]: "#2c6496", HEAT[3]: "#6aaee8", HEAT[4]: "#c4e0ff",
    ON_LIGHT: "#e9ebef", ON_DARK: "#0c1520",
}  # fmt: skip
_NAMES = {
    PAPER: "paper", INK: "ink", MUTED: "muted", GRID: "grid", CHANCE: "chance",
    **{colour: f"series-{place}" for place, colour in enumerate(SERIES, 1)},
    **{colour: f"heat-{place}" for place, colour in enumerate(HEAT, 1)}, ON_LIGHT: "on-light", ON_DARK: "on-dark",
}  # fmt: skip
_COLOUR = re.compile("|".join(_DARK))


class Theme(StrEnum):
    """What a chart is drawn for."""

    LIGHT = "light"
    DARK = "dark"
    PAGE = "page"
    """It follows the colours of the page that it stands in."""


def painted(text: str, theme: Theme) -> str:
    """The text (SVG or JSON) with the colours of *theme*."""
    match theme:
        case Theme.LIGHT:
            return text
        case Theme.DARK:
            return _COLOUR.sub(lambda found: _DARK[found[0]], text)
        case Theme.PAGE:
            return _COLOUR.sub(lambda found: f"var(--{_NAMES[found[0]]}, {found[0]})", text)


def variables(theme: Theme) -> Mapping[str, str]:
    """Name of a page's variable -> colour, for the style sheet of a page that shows charts."""
    return {name: (_DARK[colour] if theme is Theme.DARK else colour) for colour, name in _NAMES.items()}
