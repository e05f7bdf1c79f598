"""Single pictures of evaluations over HTTP: drawn, or as the Vega-Lite definition that anybody can draw."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import Field
from starlette.responses import Response

from causal_eval.analysis.charts.chart import WIDE
from causal_eval.analysis.charts.palette import Theme
from causal_eval.api.evaluations import Id
from causal_eval.api.paging import Name
from causal_eval.api.reports import ALONE
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import In
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service import charts

router = make_router("/evaluations", tag="results")

Chart = Annotated[Name, Path(description="forest, differences, profile, radar, dose, cost, trend, mistakes ...")]


class ChartQuery(In):
    """How a picture is drawn, and of what besides."""

    format: Literal["svg", "png", "pdf", "json"] = Field(
        "svg", description="json: the Vega-Lite definition; the others where the server has that extra."
    )
    beside: str = Field("", max_length=2000, description="Ids of further evaluations, by comma.")
    by: str = Field("", max_length=20, description="family, kind, rung, domain, regime or difficulty.")
    theme: Literal["light", "dark"] = "light"
    width: int = Field(WIDE, ge=240, le=2400, description="In pixels, labels included.")


@router.get(
    "/{evaluation}/charts/{chart}",
    response_class=Response,
    responses={
        200: {
            "content": {media: {"schema": {"type": "string"}} for media in charts.MEDIA.values()},
            "description": "The picture.",
        }
    },
)
def get_chart(
    visit: Visiting, at: AtDoor, evaluation: Id, chart: Chart, query: Annotated[ChartQuery, Query()]
) -> Response:
    """One picture of an evaluation, or of it and those ``beside`` it, for whoever may see their results."""
    look = charts.Look(query.format, query.by, Theme(query.theme), query.width)
    with at.computing():
        found = charts.drawn(visit, chart, (evaluation, *filter(None, query.beside.split(","))), look=look)
    named = {"Content-Disposition": f'inline; filename="{found.name}"', **ALONE}
    return Response(found.content, media_type=found.media, headers=named)
