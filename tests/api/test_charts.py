"""Single pictures over HTTP: drawn or as a definition, for whoever may see the results."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from tests.answered import answered

from causal_eval.evaluation.baselines.fit import Fitted
from causal_eval.evaluation.baselines.shortcuts import association
from causal_eval.evaluation.spec import RunSpec
from causal_eval.providers.prices import Prices
from causal_eval.questions.generate import Plan, generate
from causal_eval.scoring.format import example
from causal_eval.service import charts, splits
from causal_eval.service.pictures import Subject, chart_of
from causal_eval.service.wiring import Service
from causal_eval.store.evaluations import Evaluation
from causal_eval.store.suites import keep_set

Client = Callable[..., TestClient]
_NOTHING = Fitted({}, {}, {})
BEGINS = {"svg": b"<svg role", "png": b"\x89PNG", "pdf": b"%PDF-", "json": b"{"}


def _run(service: Service, name: str = "m", *, right: bool = False) -> Evaluation:
    kept = keep_set(service.store, generate(Plan(60, "charts", families=("effect", "cde", "paths"))), name="charts")
    return answered(
        service.store, RunSpec(f"openai/{name}", kept.digest),
        answer=lambda one: f"ANSWER: {example(one.answer, one.gold if right else association(one, _NOTHING))}",
    )  # fmt: skip


@pytest.mark.parametrize("form", sorted(BEGINS))
def test_a_picture_is_had_in_every_form(client: Client, service: Service, form: str) -> None:
    """With its type and a name, in its own sandbox; the definition is that of the command."""
    one = _run(service)
    sent = client("viewer").get(f"/api/v1/evaluations/{one.id}/charts/mistakes", params={"format": form, "width": 340})
    assert sent.status_code == 200, sent.text
    assert sent.headers["Content-Type"].partition(";")[0] == charts.MEDIA[form]
    assert sent.headers["Content-Disposition"] == f'inline; filename="{one.id}-mistakes.{form}"'
    assert "sandbox" in sent.headers["Content-Security-Policy"]
    assert sent.content.startswith(BEGINS[form])
    if form == "json":
        assert sent.text == chart_of("mistakes", Subject(service.store, [one], width=340, prices=Prices())).json()


def test_a_comparison_is_drawn(client: Client, service: Service) -> None:
    """Of one evaluation and those beside it; one alone is told what is lacking."""
    one, other = _run(service), _run(service, "n", right=True)
    at = f"/api/v1/evaluations/{one.id}/charts/differences"
    found = client("viewer").get(at, params={"format": "json", "beside": other.id, "theme": "dark"})
    assert "openai/m - openai/n" in found.text
    assert client("viewer").get(at).json()["detail"] == "differences are of two runs and more: name another"


def test_what_cannot_be_drawn_is_said(client: Client, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another chart or trait, too large a run, the extra that is missing."""
    one, viewer = _run(service), client("viewer")
    at = f"/api/v1/evaluations/{one.id}/charts"
    assert viewer.get(f"{at}/pie").status_code == 404
    assert viewer.get(f"{at}/forest", params={"by": "colour"}).status_code == 404
    assert viewer.get(f"{at}/forest", params={"format": "gif"}).status_code == 422
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "vl_convert", None)
        missing = viewer.get(f"{at}/forest", params={"format": "png"})
        assert (missing.status_code, "causal-eval-bench[charts]" in missing.json()["detail"]) == (422, True)
        assert viewer.get(f"{at}/forest", params={"format": "json"}).status_code == 200
    monkeypatch.setattr(charts, "LARGEST_SUMMARY", 1)
    assert "causal-eval chart forest" in viewer.get(f"{at}/forest").json()["detail"]


def test_whoever_may_not_see_the_results_sees_no_picture(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger finds neither the evaluation nor it beside another; of sealed questions nobody has a picture."""
    one = _run(service)
    at = f"/api/v1/evaluations/{one.id}/charts/forest"
    assert client("stranger").get(at).status_code == 404
    assert client().get(at).status_code == 401
    monkeypatch.setattr(splits, "sealed_evaluation", lambda _connection, name: name == one.id)
    assert client("admin").get(at).status_code == 409
