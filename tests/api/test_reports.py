"""Reports over HTTP: ordered, looked after, read as a page that can do nothing and as JSON."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from tests.read_pdf import pages_of, texts_of

from causal_eval.service import report_files, reports, splits
from causal_eval.service.wiring import Service
from causal_eval.store.suites import StoredSet

Client = Callable[..., TestClient]
PATH = "/api/v1/reports"


@pytest.fixture
def evaluation(client: Client, question_set: StoredSet, answered: Callable[[str], None]) -> str:
    """One whose every question was answered."""
    order = {"answerer": "baseline/oracle", "question_set": question_set.hash}
    made: str = client("evaluator").post("/api/v1/evaluations", json=order).json()["id"]
    answered(made)
    return made


def test_a_report_is_ordered_written_and_read(client: Client, service: Service, evaluation: str) -> None:
    """201 and its address, 409 until a worker has written it, then a page under a policy and its JSON."""
    evaluator = client("evaluator")
    made = evaluator.post(PATH, json={"evaluations": [evaluation]}, headers={"Idempotency-Key": "one"})
    again = evaluator.post(PATH, json={"evaluations": [evaluation]}, headers={"Idempotency-Key": "one"})
    assert (made.status_code, again.json()) == (201, made.json())
    where = made.headers["Location"]
    assert evaluator.get(where).json()["status"] == "open"
    for part in ("page", "document"):
        waits = evaluator.get(f"{where}/{part}")
        assert (waits.status_code, waits.headers["Content-Type"]) == (409, "application/problem+json")
    assert reports.settle(service)
    viewer = client("viewer")
    assert viewer.get(where).json()["status"] == "done"
    page = viewer.get(f"{where}/page")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "sandbox" in page.headers["Content-Security-Policy"]
    [script] = re.findall(r"<script>(.*?)</script>", page.text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = page.headers["Content-Security-Policy"]
    assert policy.endswith(f"sandbox allow-scripts; script-src 'sha256-{digest}'")
    assert "unsafe" not in policy.replace("style-src 'unsafe-inline'", "")
    assert 'class="asked"' in page.text
    assert viewer.get(f"{where}/document").json()["scores"][0]["scope"] == "overall"
    assert [one["id"] for one in viewer.get(PATH).json()["items"]] == [made.json()["id"]]


def test_strangers_find_no_report(client: Client, evaluation: str) -> None:
    """Neither order nor read; nothing is listed."""
    where = client("evaluator").post(PATH, json={"evaluations": [evaluation]}).headers["Location"]
    stranger = client("stranger")
    assert stranger.post(PATH, json={"evaluations": [evaluation]}).status_code == 404
    for part in ("", "/page", "/document", "/file"):
        assert stranger.get(f"{where}{part}").status_code == 404
    assert stranger.get(PATH).json()["items"] == []


def test_a_written_report_is_had_in_every_form(
    client: Client, service: Service, evaluation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """409 before; then a file with its name and type; what its extra is missing for says what to install."""
    where = client("evaluator").post(PATH, json={"evaluations": [evaluation]}).headers["Location"]
    viewer = client("viewer")
    assert viewer.get(f"{where}/file").status_code == 409
    assert reports.settle(service)
    found = viewer.get(f"{where}/file", params={"format": "json"})
    assert found.headers["Content-Disposition"] == f'attachment; filename="{evaluation}.json"'
    document = json.loads(found.text)
    assert document["tickets"][0]["evaluation"] == evaluation
    assert document["questions"]
    short = viewer.get(f"{where}/file", params={"format": "json", "summary": "true"})
    assert json.loads(short.text) == document | {"questions": []}
    assert viewer.get(f"{where}/file").text.startswith("# Causal evaluation of baseline/oracle")
    assert viewer.get(f"{where}/file", params={"format": "latex"}).headers["Content-Type"] == "application/x-tex"
    assert viewer.get(f"{where}/file", params={"format": "docx"}).status_code == 422
    monkeypatch.setitem(sys.modules, "typst", None)
    missing = viewer.get(f"{where}/file", params={"format": "pdf"})
    assert (missing.status_code, "causal-eval-bench[pdf]" in missing.json()["detail"]) == (422, True)
    monkeypatch.setattr(report_files, "LARGEST_BROWSED", 1)
    large = viewer.get(f"{where}/file")
    assert (large.status_code, "ask for a summary" in large.json()["detail"]) == (422, True)


def test_a_report_is_a_pdf_where_the_extra_is(client: Client, service: Service, evaluation: str) -> None:
    """Real bytes of several pages, with the score, the sections and the commands that the other forms have."""
    where = client("evaluator").post(PATH, json={"evaluations": [evaluation]}).headers["Location"]
    assert reports.settle(service)
    sent = client("viewer").get(f"{where}/file", params={"format": "pdf"})
    assert (sent.status_code, sent.headers["Content-Type"]) == (200, "application/pdf")
    assert sent.headers["Content-Disposition"] == f'attachment; filename="{evaluation}.pdf"'
    assert sent.content.startswith(b"%PDF-")
    assert pages_of(sent.content) > 1
    said = texts_of(sent.content)
    document = client("viewer").get(f"{where}/document").json()
    score = f"{100 * document['scores'][0]['score']:.1f}"
    for words in (f"baseline/oracle scores {score} %", "Outcomes and cost", f"causal-eval reproduce {evaluation}@res-"):
        assert any(words in text for text in said), words


def test_sealed_questions_are_in_no_file(
    client: Client, service: Service, evaluation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the report was written before."""
    where = client("evaluator").post(PATH, json={"evaluations": [evaluation]}).headers["Location"]
    assert reports.settle(service)
    monkeypatch.setattr(splits, "sealed_evaluation", lambda _connection, name: name == evaluation)
    assert client("admin").get(f"{where}/file").status_code == 409
