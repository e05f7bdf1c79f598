"""Reports over HTTP: ordered, looked after, read as a page that can do nothing and as JSON."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from causal_eval.service import reports
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
    for part in ("", "/page", "/document"):
        assert stranger.get(f"{where}{part}").status_code == 404
    assert stranger.get(PATH).json()["items"] == []
