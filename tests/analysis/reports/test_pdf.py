"""The report as PDF is tagged, the same for the same data, and foreign text in it is text."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest
import typst

from causal_eval.analysis.profile import Profile
from causal_eval.analysis.reports.data import ReportData
from causal_eval.analysis.reports.pdf import pdf, quoted, typst_source
from causal_eval.errors import UsageError

HOSTILE = '"); #panic("x") \\ " #emph[a] $x$ <l> @r /* // \u202e\nnext `raw` = head'


def _headings(data: ReportData) -> list[str]:
    found = json.loads(typst.query(typst_source(data).encode(), "heading", field="body"))
    return [one.get("text", "") for one in found]


def test_the_document_is_tagged_and_reproducible(whole_data: ReportData) -> None:
    """PDF/UA-1 is claimed and accepted by the typesetter, which refuses what breaks it; equal data give equal bytes."""
    page = pdf(whole_data)
    assert page.startswith(b"%PDF-1.7")
    assert b"pdfuaid" in page
    assert b"StructTreeRoot" in page
    assert pdf(whole_data) == page
    assert len(page) < 5_000_000


def test_foreign_text_is_no_markup(whole_data: ReportData) -> None:
    """A hostile title, fact, prompt and reply compile, and are the text of their places."""
    card = whole_data.questions[0]
    bad = replace(card, prompt=HOSTILE, question="q", family="f", kind="k", gold=HOSTILE,
                  given=(replace(card.given[0], reply=HOSTILE, parsed=HOSTILE),))  # fmt: skip
    data = replace(whole_data, title=HOSTILE, facts=((HOSTILE, HOSTILE),), command=HOSTILE, questions=(bad,))
    assert pdf(data)
    headings = _headings(data)
    assert "/* //" in headings[0]
    assert headings[-1] == "q: f/k, rung 2"
    assert "\u202e" not in quoted(HOSTILE)


def test_nothing_is_a_document(whole_data: ReportData) -> None:
    """An empty run has the sections and no picture."""
    assert pdf(ReportData("Nothing", Profile(())))
    assert "Questions" not in _headings(replace(whole_data, questions=()))


def test_without_the_extra_it_says_what_to_install(whole_data: ReportData, monkeypatch: pytest.MonkeyPatch) -> None:
    """The core install has no typesetter; the message names the extra."""
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(UsageError, match=r"causal-eval-bench\[pdf\]"):
        pdf(whole_data)
