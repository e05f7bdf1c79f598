"""The sections of a report on why answers are wrong and what follows: the same figures in every form."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import typst
from tests.answered import answered

from causal_eval.analysis.reports.data import ReportData
from causal_eval.analysis.reports.html import render
from causal_eval.analysis.reports.latex import latex
from causal_eval.analysis.reports.markdown import markdown
from causal_eval.analysis.reports.pdf import typst_source
from causal_eval.analysis.reports.structured import structured
from causal_eval.evaluation.baselines.fit import Fitted
from causal_eval.evaluation.baselines.shortcuts import association
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.prices import Prices
from causal_eval.questions.generate import Plan, generate
from causal_eval.scoring.format import example
from causal_eval.service import reporting
from causal_eval.service.reporting import gather, report_data
from causal_eval.store.database import open_store
from causal_eval.store.suites import keep_set

HOSTILE = 'openai/a_1 #$%&~^\\{}<b>|["]-a-rather-long-name-70b-instruct'
_PAPER = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{booktabs}
\begin{document}
\input{report}
\end{document}
"""
_NOTHING = Fitted({}, {}, {})


def _data(folder: Path, answerer: str) -> ReportData:
    store = open_store(f"sqlite:///{folder / 'report.db'}")
    kept = keep_set(store, generate(Plan(60, "why", families=("effect", "cde", "paths"))), name="why")
    run = answered(
        store, RunSpec(answerer, kept.digest),
        answer=lambda one: f"ANSWER: {example(one.answer, association(one, _NOTHING))}",
    )  # fmt: skip
    found = report_data(store, gather(store, [run], prices=Prices()))
    store.close()
    return found


@pytest.mark.slow
def test_every_form_says_why_and_what_follows(tmp_path: Path) -> None:
    """Page, Markdown and JSON name the cause with its interval, and the recommendation with its figure."""
    data = _data(tmp_path, "openai/<i>m</i>")
    page, text, document = render(data), markdown(data), json.loads(structured(data))
    for form in (page, text.replace("\\", "")):
        assert "= association taken for effect [" in form
        assert "cause association taken for effect" in form
    for source in (typst_source(data), latex(data)):
        assert "= association taken for effect " in source
        assert "cause association taken for effect" in source
        assert "Rungs and families, per cent" in source
        assert "Recommendations are made only where" in source
    assert "<i>m</i>" not in page
    assert 'id="why"' in page
    assert document["profiles"][0]["diagnosis"]["causes"][0]["cause"] == "association"
    assert document["profiles"][0]["recommendations"]


@pytest.mark.slow
def test_the_pdf_shows_why(tmp_path: Path) -> None:
    """The sections are headings of the typeset document, with the answerer's name as text."""
    source = typst_source(_data(tmp_path, "openai/#m"))
    found = [one.get("text", "") for one in json.loads(typst.query(source.encode(), "heading", field="body"))]
    assert "Why answers of openai/#m are wrong" in found
    assert "Profile of openai/#m, and what follows" in found


@pytest.mark.slow
def test_tables_of_paper_are_narrow(tmp_path: Path) -> None:
    """In LaTeX a row is one score of the matrix, and a first column that is long is broken."""
    source = latex(_data(tmp_path, "openai/m"))
    assert "family & rung & score & interval & units & clusters" in source
    assert r"\begin{tabular}{p{0.3\linewidth}rrrrrr}" in source


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="no pdflatex on the PATH: Debian's texlive-latex-recommended"
)
def test_the_latex_compiles_within_its_margins(tmp_path: Path, whole_data: ReportData) -> None:
    """The typesetter takes every part with hostile names, without an error or a line that is too wide."""
    data = replace(whole_data, title=HOSTILE, portraits=_data(tmp_path, HOSTILE).portraits)
    (tmp_path / "report.tex").write_text(latex(data), "utf-8")
    (tmp_path / "paper.tex").write_text(_PAPER, "utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "paper.tex"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
    assert (tmp_path / "paper.pdf").read_bytes().startswith(b"%PDF")


def test_baselines_are_not_diagnosed(tmp_path: Path) -> None:
    """A report about shortcuts alone has no such section."""
    data = _data(tmp_path, "baseline/association")
    assert data.portraits == ()
    assert 'id="why"' not in render(data)


@pytest.mark.slow
def test_a_large_run_is_told_to_be_looked_at_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answers of the random order, and the command that takes all."""
    monkeypatch.setattr(reporting, "MOST_PROFILED", 20)
    data = _data(tmp_path, "openai/m")
    [said] = [value for name, value in data.facts if name.startswith("Diagnosis and profile of ev-")]
    assert said.startswith("from the first 20 of ")
    assert "causal-eval profile ev-" in said
    assert sum(data.portraits[0].diagnosis.marks.values()) == 20


def test_every_form_says_whether_confidence_is_deserved(tmp_path: Path) -> None:
    """Every form has a section where confidences were asked for and stated, and none elsewhere."""
    store = open_store(f"sqlite:///{tmp_path / 'sure.db'}")
    kept = keep_set(store, generate(Plan(30, "sure", families=("effect",))), name="sure")
    spec = RunSpec("openai/<i>m</i>", kept.digest, elicitation="confidence@1")
    run = answered(store, spec, answer=lambda _: "CONFIDENCE: 95\nANSWER: 999")
    silent = answered(store, replace(spec, answerer="openai/silent"), answer=lambda _: "ANSWER: 999")
    data = report_data(store, gather(store, [run, silent], prices=Prices()))
    store.close()
    assert [one.answerer for one in data.calibrations] == ["openai/<i>m</i>"]
    page, text, document = render(data), markdown(data), json.loads(structured(data))
    for form in (page, text.replace("\\", "")):
        assert "shows over-confidence" in form
        assert "90 to 100" in form
    for source in (typst_source(data), latex(data)):
        assert "shows over-confidence" in source
        assert "90 to 100" in source
    assert 'id="calibration"' in page
    assert "<i>m</i>" not in page
    (line,) = document["calibrations"]
    assert line["stated"] == line["answers"] == 30 - line["no_answer"] > 0
    assert line["right"]["estimate"] == 0
    assert 'id="calibration"' not in render(replace(data, calibrations=()))
