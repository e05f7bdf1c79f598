"""Hostile input: nothing in a text field becomes SQL or HTML, and nobody who is slow, loud or quick holds up others."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from causal_eval.api.app import make_app
from causal_eval.service.wiring import Service
from causal_eval.store.suites import StoredSet

PATH = "/api/v1"
HOSTILE = (
    "'; DROP TABLE users; --",
    '" OR 1=1 --',
    "<script>alert(1)</script>",
    "{{7*7}}${7*7}",
    "../../etc/passwd",
    "a\u202eb\u0000c",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "%s%n" * 20,
    "x" * 100_000,
)


@pytest.fixture
def app(service: Service) -> FastAPI:
    """The application, whose user sits at the machine and is never too quick."""
    often = replace(service, settings=replace(service.settings, requests_per_minute=1_000_000))
    return make_app(often, open_to_all=True)


@pytest.fixture
def admin(app: FastAPI) -> TestClient:
    """Who may do everything."""
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


def bodies(schema: dict[str, Any], components: dict[str, Any], text: str) -> Iterator[Any]:
    """What fits *schema* but for one field, in which *text* stands; and the like of all that is nested in it."""
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    usual = {name: example(part, components) for name, part in schema.get("properties", {}).items()}
    required = {name: value for name, value in usual.items() if name in schema.get("required", ())}
    for name in usual:
        yield {**required, name: text}
        yield {**required, name: [text]}
        yield {**required, name: {text: text}}


def example(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    """Something that fits more or less."""
    if "$ref" in schema:
        return example(components[schema["$ref"].rpartition("/")[2]], components)
    if "enum" in schema:
        return schema["enum"][0]
    if "examples" in schema:
        return schema["examples"][0]
    return {"integer": 1, "number": 1.0, "array": [], "object": {}, "boolean": False}.get(
        schema.get("type", ""), "abcd"
    )


def hostile(document: dict[str, Any]) -> Iterator[tuple[str, str, Any, dict[str, str]]]:
    """Method, path, body and query of requests with hostile texts in every place of every route."""
    components = document["components"]["schemas"]
    operations = [(path, *one) for path, methods in document["paths"].items() for one in methods.items()]
    for (path, method, described), text in itertools.product(operations, HOSTILE):
        content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
        where = path.replace("{", "").replace("}", "")
        for body in ({}, *(bodies(content["schema"], components, text) if content else ())):
            yield method, where, body, {}
        for one in described.get("parameters", ()):
            if one["in"] == "query":
                yield method, where, {}, {one["name"]: text[:500]}


@pytest.mark.slow
@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.full)])
def test_no_text_does_harm(app: FastAPI, admin: TestClient, question_set: StoredSet, every: int) -> None:
    """In every field, path and parameter of every route: no 5xx, no page, and all rows are there.

    That there is no sentinel, which only incidents need, is said with 503. Before every change each text goes to a
    fifth of the places, and each place gets some of the texts.
    """
    asked = 0
    for method, path, body, query in itertools.islice(hostile(app.openapi()), 0, None, every):
        answer = admin.request(method, path, json=body, params=query)
        away = answer.status_code == 503 and answer.json()["type"].endswith(":sentinel-away")
        assert answer.status_code < 500 or away, (method, path, body, query, answer.text)
        assert "html" not in answer.headers.get("content-type", ""), (method, path)
        asked += 1
    assert asked > 1000
    assert admin.get(f"{PATH}/question-sets/{question_set.hash}").json()["count"] == 30
    assert admin.get(f"{PATH}/users").status_code == 200


def test_a_hostile_name_comes_back_as_it_was(admin: TestClient) -> None:
    """It is data: neither run, nor changed, nor sent as a page."""
    name = "'; DROP TABLE users; -- <script>alert(1)</script>"
    made = admin.post(f"{PATH}/projects", json={"id": "p1", "name": name})
    assert made.status_code == 201
    assert admin.get(f"{PATH}/projects/p1").json()["name"] == name
    told = admin.get(f"{PATH}/audit").json()["items"][0]
    assert (told["action"], told["detail"]) == ("project.add", {"name": name})
    assert admin.get(f"{PATH}/audit/check").json() == {"broken": []}


def test_an_export_is_named_by_the_project_alone(admin: TestClient) -> None:
    """No path and no header can be made of its name."""
    for name in ("..%2f..%2fetc", "local%0d%0aSet-Cookie:x", "%22;x"):
        assert admin.get(f"{PATH}/projects/{name}/export").status_code in {404, 422}
    found = admin.get(f"{PATH}/projects/local/export")
    assert found.headers["Content-Disposition"] == 'attachment; filename="local.jsonl"'
    assert found.headers["Content-Type"] == "application/x-ndjson"
    assert '"table":"projects"' in found.text


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 50_000, b"{" + b'"a":1,' * 200_000, b"\xff\xfe", b"nul"])
def test_a_body_that_is_no_request_is_refused(admin: TestClient, body: bytes) -> None:
    """Deep, large or no JSON at all: 4xx, and soon."""
    headers = {"Content-Type": "application/json"}
    for path in ("solve", "evaluations", "session"):
        assert admin.post(f"{PATH}/{path}", content=body, headers=headers).status_code in {400, 413, 422}


def test_of_two_who_act_on_a_row_at_once_each_is_told_the_truth(
    app: FastAPI, admin: TestClient, question_set: StoredSet
) -> None:
    """Cancelling and trying again at the same time: each is done or is a conflict, and the state is one of the two."""
    order = {"answerer": "baseline/oracle", "question_set": question_set.digest}
    name = admin.post(f"{PATH}/evaluations", json=order).json()["id"]

    def ask(step: str) -> int:
        own = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)
        return own.post(f"{PATH}/evaluations/{name}/{step}").status_code

    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(ask, ["cancel", "retry"] * 12))
    assert set(said) <= {200, 409}
    assert said.count(200) >= 1
    noted = admin.get(f"{PATH}/audit").json()["items"]
    done = [one["action"] for one in reversed(noted) if one["action"] in {"evaluation.cancel", "evaluation.retry"}]
    assert len(done) == said.count(200)
    assert all(one != other for one, other in itertools.pairwise(done))
    last = {"evaluation.cancel": "cancelled", "evaluation.retry": "open"}[done[-1]]
    assert admin.get(f"{PATH}/evaluations/{name}").json()["status"] == last


def test_who_asks_too_often_is_told_when_to_come_back(service: Service, client: Callable[..., TestClient]) -> None:
    """429 with Retry-After, also for guesses at keys; others and the health of the service go on being answered."""
    few = replace(service, settings=replace(service.settings, requests_per_minute=3))
    http = TestClient(make_app(few))
    guess = {"Authorization": "Bearer ceb_guess"}
    said = [http.get(f"{PATH}/evaluations", headers=guess) for _ in range(5)]
    assert [one.status_code for one in said] == [401, 401, 401, 429, 429]
    assert said[-1].headers["Retry-After"] == "20"
    assert said[-1].headers["Content-Type"] == "application/problem+json"
    assert http.post(f"{PATH}/session", json={"email": "a@b.c", "password": "x"}).status_code == 429
    assert http.get("/health/ready").status_code == http.get("/health/live").status_code == 200
    assert client("viewer").get(f"{PATH}/evaluations").status_code == 200
