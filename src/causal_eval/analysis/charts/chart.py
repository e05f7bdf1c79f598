"""A chart: one Vega-Lite definition for notebook, page, PNG, SVG and PDF, and its numbers as a table."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec

from causal_eval.analysis.charts.palette import GRID, INK, MUTED, PAPER, SERIES, SHAPES, Theme, painted
from causal_eval.analysis.shown import Shown
from causal_eval.errors import UsageError

if TYPE_CHECKING:
    import altair as alt

Json = dict[str, object]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.4.1.json"
"""A name, which nobody fetches."""
VEGA_LITE = "6.4"
"""Of what draws."""
WIDE, NARROW = 760, 340
"""Pixels, labels included: a page of 1280 and a telephone of 390."""
_BIG, _SCALE = 4.0, 2.0


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of numbers; *spec* is written in the light colours of the palette."""

    name: str
    """``forest``."""
    said: str
    """What it shows, in one sentence, for those who do not see it."""
    numbers: Shown
    spec: Json

    def json(self, theme: Theme = Theme.LIGHT) -> str:
        """The Vega-Lite definition: any tool of Vega draws it."""
        return painted(msgspec.json.format(msgspec.json.encode(self.spec), indent=1).decode(), theme)

    def svg(self, theme: Theme = Theme.LIGHT) -> str:
        """A picture that names itself; on a page it takes the page's colours.

        Raises:
            UsageError: the extra [charts] is not installed.
        """
        drawn: str = _converter().vegalite_to_svg(self.json(), vl_version=VEGA_LITE)
        return painted(_titled(drawn, self.said), theme)

    def png(self, theme: Theme = Theme.LIGHT, *, scale: float = _SCALE) -> bytes:
        """The same as pixels, *scale* to a unit (at most 4).

        Raises:
            UsageError: the extra [charts] is not installed.
        """
        drawn: bytes = _converter().vegalite_to_png(self.json(theme), vl_version=VEGA_LITE, scale=min(scale, _BIG))
        return drawn

    def pdf(self, theme: Theme = Theme.LIGHT) -> bytes:
        """The same for print.

        Raises:
            UsageError: the extra [charts] is not installed.
        """
        drawn: bytes = _converter().vegalite_to_pdf(self.json(theme), vl_version=VEGA_LITE)
        return drawn

    def altair(self) -> alt.LayerChart:
        """The same as a chart of Altair, to be changed.

        Raises:
            UsageError: the extra [charts] is not installed.
        """
        try:
            import altair as alt  # the extra [charts]
        except ImportError as error:
            raise UsageError(_MISSING) from error
        return alt.LayerChart.from_dict(self.spec)

    def _repr_html_(self) -> str:
        """The picture, or its numbers where nothing draws."""
        try:
            return f'<div style="background:{PAPER};color:{INK}">{self.svg()}</div>'
        except UsageError:
            return self.numbers._repr_html_()

    def _repr_markdown_(self) -> str:
        """The numbers."""
        return self.numbers._repr_markdown_()

    def __str__(self) -> str:
        """The numbers, for a terminal."""
        return str(self.numbers)


_MISSING = "pictures need the extra: pip install 'causal-eval-bench[charts]' (the definition as .json needs none)"


def _converter() -> ModuleType:
    try:
        import vl_convert  # the extra [charts]
    except ImportError as error:
        raise UsageError(_MISSING) from error
    return vl_convert


def _titled(svg: str, said: str) -> str:
    """The picture with a role and a name; its width gives way to that of the page."""
    name = said.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    head = f'<svg role="img" aria-label="{name}" style="max-width:100%;height:auto" '
    return svg.replace("<svg ", head, 1)


def spec(layers: list[Json], *, values: list[Json], size: tuple[int, int]) -> Json:
    """A definition of *layers* over *values*, *size* wide and high in all, in the house's look."""
    width, height = size
    return {
        "$schema": SCHEMA,
        "background": PAPER,
        "width": width,
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {"values": values},
        "layer": layers,
        "config": {
            "font": "DejaVu Sans, Verdana, sans-serif",
            "view": {"stroke": None},
            "axis": {
                "labelColor": INK, "titleColor": MUTED, "gridColor": GRID, "domainColor": MUTED, "tickColor": MUTED,
                "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
                "labelLimit": 150 if width <= NARROW else 260,
            },
            "legend": {
                "labelColor": INK, "titleColor": MUTED, "labelFontSize": 12, "orient": "top", "title": None,
                "labelLimit": width - 60, "columns": 1 if width <= NARROW else 2, "symbolSize": 90,
            },
        },
    }  # fmt: skip


def colours(names: list[str]) -> Json:
    """Colour and shape by series, both said in one legend; a lone unnamed series needs none."""
    if names == [""]:
        return {"color": {"value": SERIES[0]}, "shape": {"value": SHAPES[0]}}
    kinds = {
        "color": [SERIES[place % len(SERIES)] for place in range(len(names))],
        "shape": [SHAPES[place % len(SHAPES)] for place in range(len(names))],
    }
    return {
        channel: {"field": "series", "type": "nominal", "sort": names, "scale": {"domain": names, "range": range_}}
        for channel, range_ in kinds.items()
    }
