"""Reports in every form, made of the rows as they are while somebody waits: for whoever may read the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from causal_eval.analysis.reports.forms import FORMS, written
from causal_eval.errors import Conflict, UnknownName, UsageError
from causal_eval.providers.prices import read_prices
from causal_eval.service import jobs, reports
from causal_eval.service.reporting import gather, report_data
from causal_eval.service.reports import LARGEST_BROWSED, together
from causal_eval.service.splits import check_open
from causal_eval.service.whole import tickets, whole_data
from causal_eval.service.wiring import Visit

LARGEST_SUMMARY = 20_000
"""Outcomes of all evaluations that are summed up while somebody waits."""
MEDIA = {
    "html": "text/html",
    "pdf": "application/pdf",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
    "latex": "application/x-tex",
}


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report as a file."""

    name: str
    media: str
    content: bytes


def file_of(visit: Visit, report: str, *, form: str, summary: bool) -> ReportFile:
    """The report with that id in another form, as the rows are now.

    Raises:
        UnknownName: there is none that the caller may read, or no such form.
        Conflict: it is not written.
        UsageError: as :func:`made`.
    """
    found = reports.find(visit, report)
    if found.status != "done":
        raise Conflict(f"report {found.id} is not written: ask for its status")
    return made(visit, found.evaluations, form=form, summary=summary)


def made(visit: Visit, evaluations: Sequence[str], *, form: str, summary: bool) -> ReportFile:
    """One report about *evaluations* of one question set and project; a *summary* leaves the questions out.

    Raises:
        UnknownName: the caller may not see one of them, or there is no such form.
        Conflict: one is of a verified submission that is not scored yet, or of a set that is not revealed.
        UsageError: they are no subject of one report, they are too large, or the form's extra is not installed.
    """
    if form not in FORMS:
        raise UnknownName("format", form, FORMS)
    ordered = [jobs.find(visit, name) for name in dict.fromkeys(evaluations)]
    together(ordered)
    found = [one.evaluation for one in ordered]
    store = visit.service.store
    with store.reading() as connection:
        for one in found:
            check_open(connection, one.id)
    size, most = sum(map(reports.outcomes, found)), LARGEST_SUMMARY if summary else LARGEST_BROWSED
    if size > most:
        more = "ask for a summary, or use" if size <= LARGEST_SUMMARY else "use"
        raise UsageError(
            f"evaluations have {size} outcomes: at most {most} are told of so here; {more} `causal-eval report`"
        )
    gathered = gather(store, found, prices=read_prices(visit.service.now.prices))
    data = (
        replace(report_data(store, gathered, examples=0), tickets=tickets(store, gathered))
        if summary
        else whole_data(store, gathered)
    )
    return ReportFile(f"{found[0].id}.{form.replace('latex', 'tex')}", MEDIA[form], written(data, form))
