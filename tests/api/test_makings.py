"""Large sets over HTTP: answered at once with how far they are, waited for by evaluations, checked with a page."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from causal_eval.questions.question import CANARY
from causal_eval.service import makings
from causal_eval.service.wiring import Service

LARGE = {"n": 301, "seed": "large", "families": ["attribution", "separation"]}
SETS, MAKINGS, EVALUATIONS = "/api/v1/question-sets", "/api/v1/makings", "/api/v1/evaluations"


@pytest.fixture
def work(service: Service) -> Callable[[], bool]:
    """A worker that carries out one making."""
    return lambda: makings.settle(service, worker="w", others=frozenset(), stop=lambda: False)


def test_a_large_set_is_made_off_the_request(client: Callable[..., TestClient], work: Callable[[], bool]) -> None:
    """202 with where to look; once made, the same request gives the set, and the same key what it gave at first."""
    somebody = client("evaluator")
    first = somebody.post(SETS, json=LARGE, headers={"Idempotency-Key": "k"})
    assert (first.status_code, first.json()["status"], first.json()["wanted"]) == (202, "open", 301)
    place = first.headers["Location"]
    assert somebody.post(SETS, json=LARGE).json() == first.json()
    assert work()
    done = somebody.get(place).json()
    assert (done["status"], done["made"], done["note"]) == ("done", 301, "")
    again = somebody.post(SETS, json=LARGE)
    assert (again.status_code, again.json()["digest"], again.json()["count"]) == (201, done["question_set"], 301)
    assert again.headers["Location"] == f"{SETS}/{done['question_set']}"
    replayed = somebody.post(SETS, json=LARGE, headers={"Idempotency-Key": "k"})
    assert (replayed.status_code, replayed.json(), replayed.headers["Location"]) == (202, first.json(), place)
    assert [one["id"] for one in client("viewer").get(MAKINGS).json()["items"]] == [done["id"]]


def test_an_evaluation_of_a_set_that_is_being_made_waits(
    client: Callable[..., TestClient], work: Callable[[], bool]
) -> None:
    """202 and its own place to look; then it is an evaluation like any, and a later one begins at once."""
    somebody = client("evaluator")
    making = somebody.post(SETS, json=LARGE).json()["id"]
    order = {"answerer": "baseline/oracle", "question_set": making, "limit": 5}
    waiting = somebody.post(EVALUATIONS, json=order)
    assert (waiting.status_code, waiting.json()["after"], waiting.json()["evaluation"]) == (202, making, None)
    assert work()
    assert work()
    begun = somebody.get(waiting.headers["Location"]).json()
    assert somebody.get(f"{EVALUATIONS}/{begun['evaluation']}").json()["progress"]["wanted"] in {4, 5}
    at_once = somebody.post(EVALUATIONS, json=order)
    assert (at_once.status_code, at_once.json()["question_set"]) == (201, begun["question_set"])
    assert somebody.post(EVALUATIONS, json={**order, "answerer": "no/such"}).status_code in {404, 422}


def test_what_is_under_way_is_cancelled_by_whoever_ordered_it(
    client: Callable[..., TestClient], work: Callable[[], bool]
) -> None:
    """Or by an admin; it is made no further, what waits for it says why, and the same order makes it again."""
    somebody = client("evaluator")
    place = somebody.post(SETS, json=LARGE).headers["Location"]
    waits = somebody.post(
        EVALUATIONS, json={"answerer": "baseline/oracle", "question_set": place.rpartition("/")[2], "limit": 5}
    )
    for who, status in (("viewer", 403), ("operator", 403), ("stranger", 404)):
        assert client(who).post(f"{place}/cancel").status_code == status
    cancelled = somebody.post(f"{place}/cancel").json()
    assert (cancelled["status"], cancelled["note"]) == ("failed", "cancelled by user:evaluator")
    assert somebody.post(f"{place}/cancel").status_code == 409
    assert work()
    told = somebody.get(waits.headers["Location"]).json()
    assert (told["status"], "cancelled by user:evaluator" in told["note"]) == ("failed", True)
    assert somebody.post(SETS, json=LARGE).json()["status"] == "open"
    assert client("admin").post(f"{place}/cancel").json()["note"] == "cancelled by user:admin"


def test_a_set_is_checked_with_page_and_card(client: Callable[..., TestClient], work: Callable[[], bool]) -> None:
    """Ordered, 409 until it is done, then a page that runs nothing and JSON that holds the card."""
    somebody = client("evaluator")
    made = somebody.post(SETS, json={"n": 12, "families": ["attribution"], "renderers": ["story"]}).json()
    ordered = somebody.post(f"{SETS}/{made['hash']}/checks")
    assert (ordered.status_code, ordered.json()["kind"]) == (202, "check")
    place = ordered.headers["Location"]
    assert somebody.get(f"{place}/document").status_code == 409
    assert work()
    document, page = somebody.get(f"{place}/document").json(), somebody.get(f"{place}/page")
    assert (document["set"], document["sound"], document["families"][0]["family"]) == (
        made["hash"],
        True,
        "attribution",
    )
    assert document["families"][0]["distinct"]["1"] > 0
    assert "Canary" in document["card"]
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<svg" in page.text
    assert client("viewer").post(f"{SETS}/{made['hash']}/checks").status_code == 403
    assert client("stranger").get(place).status_code == 404


def test_a_set_leaves_with_its_canary_and_answers_apart(client: Callable[..., TestClient]) -> None:
    """Files, the list of questions and a project's export hold it with each question; the public file no answer."""
    somebody = client("evaluator")
    digest = somebody.post(SETS, json={"n": 12, "seed": "canary"}).json()["digest"]
    files = {}
    for part in ("public", "gold"):
        sent = client("viewer").get(f"{SETS}/{digest}/file", params={"part": part})
        assert (sent.status_code, sent.headers["content-type"]) == (200, "application/x-ndjson")
        files[part] = [json.loads(line) for line in sent.text.splitlines()]
    listed = somebody.get(f"{SETS}/{digest}/questions").json()["items"]
    assert len(files["public"]) == len(files["gold"]) == len(listed) == 12
    assert all(one["gold"] is None and one["certificate"] is None for one in files["public"])
    assert files["gold"] == [one["document"] for one in listed]
    assert {one["canary"] for one in (*files["public"], *files["gold"])} == {CANARY}
    somebody.post(EVALUATIONS, json={"answerer": "baseline/oracle", "question_set": digest})
    rows = map(json.loads, client("admin").get("/api/v1/projects/local/export").text.splitlines())
    kept = [json.loads(row["body"]) for row in rows if row["table"] == "questions"]
    assert [one["canary"] for one in kept] == [CANARY] * 12
    assert client().get(f"{SETS}/{digest}/file").status_code == 401
    assert client("stranger").get(f"{SETS}/{digest}/file").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ({"n": 6, "language": "de", "families": ["effect"]}, {"language": "de"}),
        ({"n": 6, "renderers": ["dialogue"]}, {"renderer": "dialogue"}),
        ({"n": 6, "graph": "Z->X, Z->Y, X->Y"}, {"regime": "placeholder", "domain": "everyday_life"}),
        ({"n": 6, "families": ["attribution"], "rephrased": True}, {"family": "attribution"}),
        ({"n": 6, "split": "public", "regimes": ["nonsense"]}, {"regime": "nonsense"}),
        ({"n": 6, "adversarial": ["collider"]}, {"family": "selection"}),
    ],
    ids=["language", "renderer", "graph", "rephrased", "split", "traps"],
)
def test_whatever_the_command_line_offers_is_offered(
    client: Callable[..., TestClient], wanted: dict[str, object], shown: dict[str, str]
) -> None:
    """Each choice shows in every question that is made."""
    somebody = client("evaluator")
    made = somebody.post(SETS, json=wanted)
    assert made.status_code == 201, made.text
    items = somebody.get(f"{SETS}/{made.json()['digest']}/questions").json()["items"]
    assert items
    for one in items:
        assert {name: one["document"].get(name, one.get(name)) for name in shown} == shown


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"n": 5, "language": "xx"}, "xx"),
        ({"n": 5, "renderers": ["opera"]}, "opera"),
        ({"n": 5, "graph": "X->Y, Y->X"}, "cycle"),
        ({"n": 5, "adversarial": ["nonsense"]}, "nonsense"),
        ({"n": 5, "split": "secret"}, "public"),
        ({"suite": "full", "renderers": ["story"]}, "suite"),
    ],
)
def test_what_cannot_be_made_is_refused_with_its_name(
    client: Callable[..., TestClient], wanted: dict[str, object], named: str
) -> None:
    """422 or 404, before anything is made."""
    answer = client("evaluator").post(SETS, json=wanted)
    assert answer.status_code in {404, 422}, answer.text
    assert named in answer.text


def test_what_there_is_to_choose_from_is_told(client: Callable[..., TestClient]) -> None:
    """Families, suites with their versions, and everything in what questions are told."""
    viewer = client("viewer")
    told = viewer.get("/api/v1/domains").json()
    assert {"story", "symbolic"} < set(told["renderers"])
    assert set(told["languages"]) == {"en", "de", "fr", "es", "zh"}
    assert "collider" in told["categories"]
    suites = {one["name"]: one for one in viewer.get("/api/v1/suites").json()}
    assert (suites["full"]["questions"], suites["full"]["version"]) == (6000, 2)
    families = {one["name"]: one for one in viewer.get("/api/v1/families").json()}
    assert len(families) >= 29
    assert families["attribution"]["distinct"]["1"] > 1000
    assert 0 <= families["effect"]["kinds"][0]["chance"] < 0.1
    assert families["frontdoor"]["shortcuts"]["majority"] < 0.1
