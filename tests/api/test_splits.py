"""Sets that follow from a secret, words and question files of one's own, over HTTP: the whole path of each."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from causal_eval.api.app import make_app
from causal_eval.service.wiring import Service

Client = Callable[..., TestClient]
SETS = "/api/v1/question-sets"
SECRET = "what-only-the-operator-knows-32b"
ORDER = {"seed": "1", "n": 12, "families": ["attribution", "effect"], "split": "private"}
LINE = {"id": "mine-1", "prompt": "Is rain a cause of wet?", "answer": "yes_no", "gold": "yes"}


@pytest.fixture
def keyed(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator has named a secret."""
    file = tmp_path / "split"
    file.write_text(SECRET)
    file.chmod(0o600)
    monkeypatch.setattr(Service, "now", property(lambda one: replace(one.settings, split_secret_file=file)))
    assert service.now.split_secret_file == file


@pytest.mark.usefixtures("keyed")
def test_the_whole_path_of_a_private_set(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """Ordered, committed to, asked, revealed, proven by whoever may read; the operator's secret is in no answer."""
    caplog.set_level(logging.DEBUG)
    said = list[str]()
    made = client("evaluator").post(SETS, json=ORDER)
    assert made.status_code == 201, made.text
    at = f"{SETS}/{made.json()['digest']}"
    committed = client("viewer").get(f"{at}/commitment")
    assert (committed.json()["secret"], committed.json()["revealed_at"]) == (None, None)
    assert committed.json()["commitment"]["set"] == made.json()["hash"]
    run = client("evaluator").post(
        "/api/v1/evaluations", json={"answerer": "baseline/oracle", "question_set": at.rsplit("/", maxsplit=1)[-1]}
    )
    assert run.status_code == 201, run.text
    part = client("evaluator").get(f"{at}/questions").json()["items"]
    assert {(one["document"]["gold"], one["document"]["certificate"]) for one in part} == {(None, None)}
    closed = client("evaluator").get(f"{at}/file", params={"part": "gold"})
    assert (closed.status_code, "closed" in closed.json()["detail"]) == (409, True)
    assert client("evaluator").get(f"{at}/questions/{part[0]['id']}").status_code == 409
    assert client("evaluator").post(f"{at}/reveal").status_code == 403
    shown = client("admin").post(f"{at}/reveal")
    proof = {"secret": shown.json()["secret"], "commitment": committed.json()["commitment"]}
    assert client("viewer").post("/api/v1/reveals", json=proof).json()["proven"] is True
    assert client("evaluator").get(f"{at}/file", params={"part": "gold"}).status_code == 200
    assert client("stranger").get(f"{at}/commitment").status_code == 404
    said += [made.text, committed.text, run.text, closed.text, shown.text, caplog.text]
    assert SECRET not in "".join(said)


def test_a_service_without_a_secret_says_which_setting_is_missing(client: Client) -> None:
    """409 with the variable; a date that is none, or a split that there is not, is 422."""
    answer = client("evaluator").post(SETS, json=ORDER)
    assert (answer.status_code, "CEB_SPLIT_SECRET_FILE" in answer.json()["detail"]) == (409, True)
    for wrong in ({"split": "rotating"}, {"split": "rotating", "date": "soon"}, {"split": "other"}):
        assert client("evaluator").post(SETS, json={**ORDER, **wrong}).status_code == 422
    public = client("evaluator").post(SETS, json={**ORDER, "split": "public"}).json()["digest"]
    assert client("evaluator").get(f"{SETS}/{public}/commitment").status_code == 404


def test_a_set_in_words_of_ones_own_is_verified(client: Client) -> None:
    """The words stay with the set; without them nobody could."""
    words = (resources.files("causal_eval.questions") / "stories" / "marketing.toml").read_text("utf-8")
    order = {"n": 8, "families": ["attribution"], "words": [{"name": "bakery", "text": words}]}
    made = client("evaluator").post(SETS, json=order).json()
    at = f"{SETS}/{made['digest']}"
    assert {one["domain"] for one in client("evaluator").get(f"{at}/questions").json()["items"]} == {"bakery"}
    assert client("evaluator").post(f"{at}/verify").json() == {"checked": 8, "mismatches": {}, "next": None}
    wrong = client("evaluator").post(SETS, json={**order, "words": [{"name": "bakery", "text": "title = 1"}]})
    assert (wrong.status_code, "words bakery.toml" in wrong.json()["detail"]) == (422, True)


def test_a_question_file_of_ones_own_is_kept_and_asked(client: Client) -> None:
    """It is the project's; a line that cannot be read is named; no other project sees it."""
    made = client("evaluator").post(f"{SETS}/files", json={"name": "mine.jsonl", "file": json.dumps(LINE)})
    assert made.status_code == 201, made.text
    assert (made.status_code, made.json()["count"], made.json()["generator"]) == (201, 1, "")
    again = client("evaluator").post(f"{SETS}/files", json={"name": "other", "file": json.dumps(LINE)})
    assert again.json() == made.json()
    order = {"answerer": "baseline/oracle", "question_set": made.json()["hash"]}
    assert client("evaluator").post("/api/v1/evaluations", json=order).status_code == 201
    assert client("stranger").get(f"{SETS}/{made.json()['digest']}").status_code == 404
    assert client("viewer").post(f"{SETS}/files", json={"name": "m", "file": "{}"}).status_code == 403
    for content, said in (("{", "file:1"), (json.dumps({**LINE, "gold": "x"}), "field 'gold'"), ("\n", "no question")):
        answer = client("evaluator").post(f"{SETS}/files", json={"name": "m", "file": content})
        assert (answer.status_code, said in answer.json()["detail"]) == (422, True), answer.text


def test_a_file_with_too_many_questions_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing of it is kept."""
    monkeypatch.setattr("causal_eval.service.bringing.LARGEST_BROUGHT", 2)
    lines = "\n".join(json.dumps({**LINE, "id": f"mine-{number}"}) for number in range(3))
    answer = client("evaluator").post(f"{SETS}/files", json={"name": "m", "file": lines})
    assert (answer.status_code, "more than 2" in answer.json()["detail"]) == (422, True)
    assert client("evaluator").get(SETS).json()["items"] == []


def test_the_application_knows_the_routes(service: Service) -> None:
    """By the names that the Python client has."""
    paths = make_app(service).openapi()["paths"]
    assert paths[f"{SETS}/{{question_set}}/reveal"]["post"]["operationId"] == "disclose_question_set"
    assert paths[f"{SETS}/files"]["post"]["operationId"] == "bring_question_set"
