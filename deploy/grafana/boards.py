"""The dashboards of the service, as typed builders: ``python deploy/grafana/boards.py`` writes ``dashboards/*.json``.

What each panel shows stands in ``boards.toml``; how panels are laid out and what they have in common stands here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import GraphDrawStyle, StackingMode, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DataSourceRef, GridPos

FOLDER = Path(__file__).parent / "dashboards"
_WIDTH, _HEIGHT = 24, 8
_SOURCE = DataSourceRef(type_val="prometheus", uid="$datasource")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """An expression, and what its lines are called."""

    expr: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What one panel shows; ``kind`` is ``lines``, ``areas`` (that add up) or ``number``."""

    title: str
    about: str
    unit: str
    series: tuple[Series, ...]
    kind: str = "lines"
    width: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A dashboard; ``uid`` never changes, since links and runbooks name it."""

    uid: str
    title: str
    about: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    boards: tuple[Board, ...]


def read_boards() -> tuple[Board, ...]:
    """The dashboards of ``boards.toml``; msgspec's error names what is wrong in it."""
    return msgspec.toml.decode(Path(__file__).with_name("boards.toml").read_bytes(), type=_File).boards


def placed(panels: Sequence[Panel]) -> list[GridPos]:
    """Where each panel lies: from left to right, and on the next line where it does not fit."""
    places, x, y, line = [], 0, 0, 0
    for one in panels:
        height = _HEIGHT // 2 if one.kind == "number" else _HEIGHT
        if x + one.width > _WIDTH:
            x, y, line = 0, y + line, 0
        places.append(GridPos(h=height, w=one.width, x=x, y=y))
        x, line = x + one.width, max(line, height)
    return places


def built(board: Board) -> str:
    """The JSON of *board* that Grafana loads."""
    made = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.about)
        .tags(["causal-eval"])
        .timezone("utc")
        .time("now-1h", "now")
        .refresh("30s")
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    for number, (one, place) in enumerate(zip(board.panels, placed(board.panels), strict=True), 1):
        made = made.with_panel(_built(one).id(number).grid_pos(place))
    document = json.loads(JSONEncoder(sort_keys=True).encode(made.build()))
    for variable in document["templating"]["list"]:
        variable.pop("id", None)
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _built(one: Panel) -> stat.Panel | timeseries.Panel:
    made = _number() if one.kind == "number" else _lines(adding_up=one.kind == "areas")
    made = made.title(one.title).description(one.about).unit(one.unit).datasource(_SOURCE)
    for letter, series in zip("ABCDEF", one.series, strict=False):
        query = prometheus.Dataquery().expr(series.expr).legend_format(series.name).ref_id(letter).datasource(_SOURCE)
        made = made.with_target(query.instant() if one.kind == "number" else query.range())
    return made


def _number() -> stat.Panel:
    return stat.Panel().reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))


def _lines(*, adding_up: bool) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .draw_style(GraphDrawStyle.LINE)
        .min(0)
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    )
    return made.fill_opacity(30).stacking(common.StackingConfig().mode(StackingMode.NORMAL)) if adding_up else made


def main() -> None:
    """Write every dashboard."""
    FOLDER.mkdir(exist_ok=True)
    for board in read_boards():
        (FOLDER / f"{board.uid}.json").write_text(built(board), "utf-8")


if __name__ == "__main__":
    main()
