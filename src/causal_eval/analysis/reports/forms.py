"""A report in every form that it is written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from causal_eval.analysis.reports.data import ReportData
from causal_eval.analysis.reports.html import render
from causal_eval.analysis.reports.latex import latex
from causal_eval.analysis.reports.markdown import markdown
from causal_eval.analysis.reports.pdf import pdf
from causal_eval.analysis.reports.structured import structured
from causal_eval.errors import UnknownName

FORMS: Mapping[str, Callable[[ReportData], str | bytes]] = {
    "html": render,
    "pdf": pdf,
    "md": markdown,
    "json": structured,
    "latex": latex,
}
"""Name -> what writes it."""


def written(data: ReportData, form: str) -> bytes:
    """The report in that form.

    Raises:
        UnknownName: there is no such form.
        UsageError: its extra is not installed.
    """
    if form not in FORMS:
        raise UnknownName("format", form, FORMS)
    page = FORMS[form](data)
    return page if isinstance(page, bytes) else page.encode()
