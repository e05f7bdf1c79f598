"""Reports over HTTP: ordered, looked after until a worker has written them, read as a page or as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from causal_eval.analysis.reports.browse import script_hash
from causal_eval.api.once import Made, Once
from causal_eval.api.paging import UNCHANGED, After, Limit, Name, cursor, place, tagged
from causal_eval.api.routing import make_router
from causal_eval.api.shapes import In, Out
from causal_eval.api.who import AtDoor, Visiting
from causal_eval.service import report_files, reports
from causal_eval.service.reports import MOST_EVALUATIONS

router = make_router("/reports", tag="reports")

Id = Annotated[Name, Path(description="Id of a report.")]
HTML = "text/html"
Form = Literal["html", "pdf", "md", "json", "latex"]
ALONE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
"""The page may ask for nothing and run nothing, whatever a reply in it holds."""
BROWSED = {"Content-Security-Policy": f"{ALONE['Content-Security-Policy']} allow-scripts; script-src '{script_hash()}'"}
"""The same, but for the one script of ours that shows the questions: it has no origin and may ask for nothing."""


class ReportRequest(In):
    """A report that is to be written: about evaluations of one question set and project, as they are by then."""

    evaluations: tuple[Name, ...] = Field(min_length=1, max_length=MOST_EVALUATIONS)


class Report(Out):
    """A report and whether it is written."""

    id: str
    project: str
    evaluations: list[str]
    status: Literal["open", "done", "failed"]
    requested_by: str
    created_at: float = Field(description="Seconds since 1970.")
    ended_at: float | None
    note: str = Field(description="Why it could not be written; else empty.")


class ReportPage(Out):
    """Reports, newest first."""

    items: list[Report]
    next: str | None


class ReportedSet(Out):
    """The questions that a report is about."""

    hash: str
    name: str


class ReportedEvaluation(Out):
    """An evaluation that a report is about."""

    id: str
    answerer: str


class ReportedScore(Out):
    """An answerer's score of a scope; shares are between 0 and 1."""

    answerer: str
    scope: str
    score: float | None
    low: float | None
    high: float | None
    chance: float | None
    against_chance: str
    strict: float | None
    units: int
    clusters: int
    unparsed: int
    abstained: int
    missing: int
    ungraded: int
    excluded: int
    cost: float | None = Field(description="Dollars; null: not known.")
    time_ms: float | None
    cached: int


class ReportedComparison(Out):
    """The paired difference a - b, and what it allows to say about a."""

    a: str
    b: str
    finding: str
    difference: float | None
    low: float | None
    high: float | None
    units: int
    clusters: int
    units_needed: int | None


class ReportDocument(Out):
    """What a report says, as JSON."""

    question_set: ReportedSet
    evaluations: list[ReportedEvaluation]
    scores: list[ReportedScore]
    comparisons: list[ReportedComparison]
    prices: str = Field(description="The tables of prices that costs are from; empty: nothing cost anything.")


@router.post("", status_code=201, response_model=Report)
def create_report(visit: Visiting, wanted: ReportRequest, once: Once) -> Response:
    """Have a report written: a worker does within seconds; its status is under the address in ``Location``."""

    def make() -> Made:
        found = reports.order(visit, wanted.evaluations)
        return Made(f"/api/v1/reports/{found.id}", Report.model_validate(found))

    return once.done(visit, make)


@router.get("")
def list_reports(visit: Visiting, project: Name | None = None, after: After = None, limit: Limit = 50) -> ReportPage:
    """The newest reports of a project, or of all of the caller's; they are kept for 30 days."""
    found = reports.listed(visit, project=project, before=place(after, tuple[float, str]), limit=limit)
    following = cursor((found[-1].created_at, found[-1].id)) if len(found) == limit else None
    return ReportPage(items=[Report.model_validate(one) for one in found], next=following)


@router.get("/{report}", response_model=Report, responses=UNCHANGED)
def get_report(visit: Visiting, report: Id, request: Request) -> Response:
    """One report and whether it is written."""
    return tagged(request, Report.model_validate(reports.find(visit, report)))


@router.get(
    "/{report}/page",
    response_class=Response,
    responses={200: {"content": {HTML: {"schema": {"type": "string"}}}, "description": "A page that loads nothing."}},
)
def get_report_page(visit: Visiting, report: Id) -> Response:
    """The report as one HTML page with everything in it; 409 until it is written."""
    return Response(reports.texts(visit, report).page, media_type=HTML, headers=BROWSED)


@router.get("/{report}/document", response_model=ReportDocument)
def get_report_document(visit: Visiting, report: Id) -> Response:
    """Scores and comparisons of the report; 409 until it is written."""
    return Response(reports.texts(visit, report).document, media_type="application/json")


@router.get(
    "/{report}/file",
    response_class=Response,
    responses={
        200: {
            "content": {media: {"schema": {"type": "string"}} for media in report_files.MEDIA.values()},
            "description": "The file.",
        }
    },
)
def get_report_file(
    visit: Visiting, at: AtDoor, report: Id, *,
    form: Annotated[Form, Query(alias="format", description="pdf where the server has that extra.")] = "md",
    summary: Annotated[bool, Query(description="Without the questions.")] = False,
) -> Response:  # fmt: skip
    """A written report in another form, of the rows as they are now; 409 until it is written."""
    with at.computing():
        found = report_files.file_of(visit, report, form=form, summary=summary)
    named = {"Content-Disposition": f'attachment; filename="{found.name}"', **ALONE}
    return Response(found.content, media_type=found.media, headers=named)
