"""Single pictures of evaluations as files, made of the rows as they are while somebody waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from causal_eval.analysis.charts.chart import WIDE, Chart
from causal_eval.analysis.charts.palette import Theme
from causal_eval.errors import UnknownName, UsageError
from causal_eval.providers.prices import read_prices
from causal_eval.service import jobs, reports
from causal_eval.service.comparing import MOST_COMPARED
from causal_eval.service.pictures import Subject, chart_of
from causal_eval.service.report_files import LARGEST_SUMMARY, ReportFile
from causal_eval.service.splits import check_open
from causal_eval.service.wiring import Visit

MEDIA = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf", "json": "application/json"}
_DRAWN: Mapping[str, Callable[[Chart, Theme], str | bytes]] = {
    "svg": Chart.svg,
    "png": Chart.png,
    "pdf": Chart.pdf,
    "json": Chart.json,
}
OF_ONE = ("forest", "profile", "radar", "dose", "cost", "mistakes", "calibration")
"""Pictures that a page of one evaluation offers."""
OF_SEVERAL = ("differences", "forest", "radar", "dose", "cost", "mistakes", "calibration")
"""Those that a page of several offers."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is drawn."""

    form: str = "svg"
    by: str = ""
    """A trait of the questions; empty: the chart's usual one."""
    theme: Theme = field(default=Theme.LIGHT)
    width: int = WIDE


def drawn(visit: Visit, chart: str, evaluations: Sequence[str], *, look: Look) -> ReportFile:
    """The chart of that name of *evaluations*, as a file.

    Raises:
        UnknownName: the caller may not see one of them, or there is no such chart, form or trait.
        Conflict: one is of a verified submission that is not scored yet, or of a set that is not revealed.
        UsageError: too many or too large, no subject of this chart, or the extra [charts] is not installed.
    """
    if look.form not in MEDIA:
        raise UnknownName("format", look.form, MEDIA)
    names = tuple(dict.fromkeys(evaluations))
    if len(names) > MOST_COMPARED:
        raise UsageError(f"{len(names)} evaluations are named: at most {MOST_COMPARED} are drawn at once")
    found = [jobs.find(visit, name).evaluation for name in names]
    store = visit.service.store
    with store.reading() as connection:
        for one in found:
            check_open(connection, one.id)
    if (size := sum(map(reports.outcomes, found))) > LARGEST_SUMMARY:
        raise UsageError(
            f"evaluations have {size} outcomes: at most {LARGEST_SUMMARY} are drawn here; use "
            f"`causal-eval chart {chart}`"
        )
    prices = read_prices(visit.service.now.prices)
    made = _DRAWN[look.form](chart_of(chart, Subject(store, found, look.by, look.width, prices)), look.theme)
    content = made if isinstance(made, bytes) else made.encode()
    return ReportFile(f"{found[0].id}-{chart}.{look.form}", MEDIA[look.form], content)
