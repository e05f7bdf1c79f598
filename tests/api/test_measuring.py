"""Requests are measured by route; metrics are told to this machine and to who holds the token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from causal_eval.api.app import make_app
from causal_eval.api.measuring import expect
from causal_eval.operations.metrics import Metrics
from causal_eval.service.access import Role
from causal_eval.service.accounts import local_caller
from causal_eval.service.users import NewUser, add
from causal_eval.service.wiring import Service, Visit


async def _page(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.path_params["name"])


async def _stream(request: Request) -> StreamingResponse:
    del request
    return StreamingResponse(iter(["a", "b"]))


def _broken() -> None:
    raise RuntimeError("inside")


@pytest.fixture
def metrics() -> Metrics:
    """What counts."""
    return Metrics()


@pytest.fixture
def app(service: Service, metrics: Metrics) -> FastAPI:
    """An application with pages beside the API, and a route that breaks."""
    app = make_app(replace(service, listener=metrics.hear), metrics=metrics)
    app.add_api_route("/broken", _broken)
    app.mount("/", Starlette(routes=[Route("/pages/{name}", _page), Route("/stream", _stream)]))
    expect(app)
    return app


@pytest.fixture
def http(app: FastAPI) -> TestClient:
    """A client of this machine."""
    return TestClient(app, client=("127.0.0.1", 1), raise_server_exceptions=False)


@pytest.fixture
def count(metrics: Metrics) -> Callable[..., float | None]:
    """How many requests of a route ended with a status."""

    def counted(route: str, status: int, method: str = "GET") -> float | None:
        labels = {"method": method, "route": route, "status": str(status)}
        return metrics.registry.get_sample_value("http_requests_total", labels)

    return counted


def test_requests_are_counted_by_route(http: TestClient, count: Callable[..., float | None]) -> None:
    """Of API and pages, with what was answered, refused or broken; what no route takes is unmatched."""
    assert count("/api/v1/evaluations/{evaluation}", 500) == count("/pages/{name}", 503) == 0
    for path in ("/api/v1/evaluations/e1", "/pages/a", "/pages/b", "/nothing", "/api/v1/nothing", "/broken"):
        http.get(path)
    http.post("/api/v1/solve", content=b"x" * (2**20 + 1))
    assert count("/api/v1/evaluations/{evaluation}", 401) == 1
    assert count("/pages/{name}", 200) == 2
    assert count("unmatched", 404) == 2
    assert count("/broken", 500) == 1
    assert count("unmatched", 413, "POST") == 1


def test_odd_requests_make_no_labels(http: TestClient, metrics: Metrics) -> None:
    """A thousand odd paths and methods leave no more series than the first of them."""

    def series() -> int:
        return sum(len(family.samples) for family in text_string_to_metric_families(metrics.text().decode()))

    for method in ("GET", "BREW"):
        http.request(method, "/odd/first")
    http.get("/pages/first")
    before = series()
    for number in range(500):
        http.request(f"BREW{number}", f"/odd/{number}?{number}={number}")
        http.get(f"/pages/{number}", headers={"X-Request-ID": f"id-{number}"})
    assert series() == before


def test_streams_are_measured_apart(http: TestClient, metrics: Metrics) -> None:
    """How long somebody listens says nothing of how quick answers are."""
    http.get("/stream")
    http.get("/health/live")
    for route, stream in (("/stream", "true"), ("/health/live", "false")):
        labels = {"method": "GET", "route": route, "stream": stream}
        assert metrics.registry.get_sample_value("http_request_duration_seconds_count", labels) == 1
    assert metrics.registry.get_sample_value("http_requests_in_flight") == 0


def test_metrics_are_told_to_this_machine_alone(app: FastAPI, http: TestClient) -> None:
    """To nobody else, and to nobody whom a proxy brings: for them there is no such page."""
    told = http.get("/metrics")
    assert told.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "http_requests_in_flight 1.0" in told.text
    assert http.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    there = TestClient(app, client=("10.0.0.9", 1)).get("/metrics")
    assert (there.status_code, there.json()["title"]) == (404, "Not Found")


def test_metrics_are_told_to_who_holds_the_token(service: Service, tmp_path: Path) -> None:
    """The token of the file; an API key is none."""
    file = tmp_path / "token"
    file.write_text("scrape-me")
    settings = replace(service.settings, metrics_token_file=file)
    there = TestClient(make_app(replace(service, settings=settings)), client=("10.0.0.9", 1))
    assert there.get("/metrics", headers={"Authorization": "Bearer scrape-me"}).status_code == 200
    assert there.get("/metrics", headers={"Authorization": "Bearer admin"}).status_code == 404
    assert there.get("/metrics").status_code == 404


def test_who_comes_in_is_counted(service: Service, metrics: Metrics) -> None:
    """By key, password and cookie: let in, refused; a broken database is no refusal."""
    heard = replace(service, listener=metrics.hear)
    add(Visit(heard, local_caller("")), NewUser("a@b.example", "A", Role.VIEWER, "correct horse", frozenset()))
    http = TestClient(make_app(heard, metrics=metrics), raise_server_exceptions=False)

    def entrances() -> list[float | None]:
        names = ("ok", "denied", "error")
        return [metrics.registry.get_sample_value("auth_requests_total", {"outcome": name}) for name in names]

    http.get("/api/v1/suites")
    assert entrances() == [0, 0, 0]
    http.post("/api/v1/session", json={"email": "a@b.example", "password": "correct horse"})
    http.get("/api/v1/suites")
    assert entrances() == [2, 0, 0]
    http.get("/api/v1/suites", headers={"Authorization": "Bearer ceb_x_y"})
    http.post("/api/v1/session", json={"email": "a@b.example", "password": "wrong"})
    assert entrances() == [2, 2, 0]
    with heard.store.writing() as connection:
        connection.exec_driver_sql("DROP TABLE sessions")
    assert http.get("/api/v1/suites").status_code == 503
    assert entrances() == [2, 2, 1]
