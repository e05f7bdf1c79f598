"""The sections of a report on why answers are wrong and what follows: the same figures in every form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.answered import answered

from causal_eval.analysis.reports.data import ReportData
from causal_eval.analysis.reports.html import render
from causal_eval.analysis.reports.markdown import markdown
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


def test_every_form_says_why_and_what_follows(tmp_path: Path) -> None:
    """Page, Markdown and JSON name the cause with its interval, and the recommendation with its figure."""
    data = _data(tmp_path, "openai/<i>m</i>")
    page, text, document = render(data), markdown(data), json.loads(structured(data))
    for form in (page, text.replace("\\", "")):
        assert "= association taken for effect [" in form
        assert "cause association taken for effect" in form
    assert "<i>m</i>" not in page
    assert 'id="why"' in page
    assert document["profiles"][0]["diagnosis"]["causes"][0]["cause"] == "association"
    assert document["profiles"][0]["recommendations"]


def test_baselines_are_not_diagnosed(tmp_path: Path) -> None:
    """A report about shortcuts alone has no such section."""
    data = _data(tmp_path, "baseline/association")
    assert data.portraits == ()
    assert 'id="why"' not in render(data)


def test_a_large_run_is_told_to_be_looked_at_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answers of the random order, and the command that takes all."""
    monkeypatch.setattr(reporting, "MOST_PROFILED", 20)
    data = _data(tmp_path, "openai/m")
    [said] = [value for name, value in data.facts if name.startswith("Diagnosis and profile of ev-")]
    assert said.startswith("from the first 20 of ")
    assert "causal-eval profile ev-" in said
    assert sum(data.portraits[0].diagnosis.marks.values()) == 20
