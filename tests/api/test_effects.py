"""What an incident did, over HTTP, by the client that people have."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.service.published import Published, published

from causal_eval.api.app import make_app
from causal_eval.service.wiring import Service


@pytest.fixture
def result(service: Service) -> Published:
    """A published result, three of whose twelve calls were open during an outage."""
    return published(service)


@pytest.fixture
def http(service: Service) -> TestClient:
    """Somebody at a laptop of his own."""
    return TestClient(make_app(service, open_to_all=True), base_url="http://127.0.0.1")


def test_effect_marks_and_asking_again(http: TestClient, result: Published) -> None:
    """Each where it belongs: the effect, the scores, the board; a second rerun is refused with its reason."""
    assert http.get("/api/v1/incidents/INC-1/effect").status_code == 404
    scores, board = f"/api/v1/evaluations/{result.run.id}/scores", "/api/v1/leaderboard?suite=quick"
    before = [http.get(where).json() for where in (scores, board)]
    assert before[0]["incidents"] == before[1]["items"][0]["incidents"] == []
    result.mark()
    effect = http.get("/api/v1/incidents/INC-1/effect").json()
    (touched,) = effect["evaluations"]
    assert (effect["calls"], touched["kept"], touched["wanted"], len(touched["items"])) == ("service", 3, 12, 3)
    assert touched["scores"]["given"]["estimate"] == pytest.approx(10 / 12)
    assert touched["scores"]["without"]["estimate"] == 1.0
    assert effect["total"]["without"]["n"] == 9
    body = {"evaluation": result.run.id}
    (link,) = http.post("/api/v1/incidents/INC-1/rerun", json=body).json()["ordered"]
    refused = http.post("/api/v1/incidents/INC-1/rerun", json=body)
    assert (refused.status_code, "asked again" in refused.json()["detail"]) == (409, True)
    assert http.post("/api/v1/incidents/INC-1/rerun", json={}).json()["left"][0]["evaluation"] == result.run.id
    told = {
        "incident": "INC-1", "title": "<b>the database</b> | was away", "severity": "P1", "marked": 3, "missing": 0,
        "wanted": 12, "again": [{"evaluation": link["rerun"], "score": None, "low": None, "high": None}],
    }  # fmt: skip
    after = [http.get(where).json() for where in (scores, board)]
    assert after[0].pop("incidents") == [told]
    assert after[1]["items"][0].pop("incidents") == [told]
    before[0].pop("incidents")
    before[1]["items"][0].pop("incidents")
    assert after == before
