"""What every request passes: limits, ids, addresses, problem documents and headers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from causal_eval.api.app import make_app
from causal_eval.api.guard import DEEPEST, LARGEST_BODY, Guard, too_deep
from causal_eval.service.access import Caller
from causal_eval.service.wiring import Service

Client = Callable[..., TestClient]


def test_a_body_that_is_too_large_is_refused(client: Client) -> None:
    """Said or streamed: 413, before anything reads it."""
    admin = client("admin")
    assert admin.post("/api/v1/solve", content=b"x" * (LARGEST_BODY + 1)).status_code == 413
    streamed = admin.post("/api/v1/solve", content=(b"x" * 65536 for _ in range(20)))
    assert streamed.status_code == 413
    assert streamed.json()["type"] == "urn:causal-eval:problem:body-too-large"


@pytest.mark.anyio
async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    """408, and the connection is closed, before any route has heard of it."""
    sent: list[Message] = []

    async def receive() -> Message:
        if not begun:
            begun.append(True)
            return {"type": "http.request", "body": b"{", "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError((scope, receive, send))

    begun: list[bool] = []
    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "client": ("127.0.0.1", 1)}
    async with asyncio.timeout(10):
        await Guard(route, patience=0.01)(scope, receive, send)
    assert sent[0]["status"] == 408
    assert b"body-too-slow" in sent[1]["body"]


@pytest.mark.parametrize(
    ("body", "deep"), [(b"[" * DEEPEST, False), (b"[" * 41, True), (b'"' + b"[" * 99 + b'"', False)]
)
def test_depth_is_counted_outside_of_texts(body: bytes, deep: bool) -> None:
    """Brackets within a text nest nothing."""
    assert too_deep(body) is deep


def test_every_answer_has_an_id_and_headers_of_safety(client: Client) -> None:
    """The id that a client gives is kept where it is one; errors name it."""
    found = client().get("/api/v1/nothing", headers={"X-Request-ID": "mine-1"})
    assert found.headers["X-Request-ID"] == found.json()["instance"] == "mine-1"
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.headers["Content-Type"] == "application/problem+json"
    assert client().get("/health/live", headers={"X-Request-ID": "a b"}).headers["X-Request-ID"] != "a b"


def test_what_fails_inside_is_not_shown(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    """500 with an id that the log names, and nothing of the inside."""
    app = make_app(service)

    def broken() -> None:
        raise RuntimeError("secret inside")

    app.add_api_route("/broken", broken)
    failed = TestClient(app, raise_server_exceptions=False).get("/broken")
    assert failed.status_code == 500
    assert "secret" not in failed.text
    assert failed.json()["instance"] in caplog.text


@pytest.mark.parametrize(
    ("proxies", "said", "address"),
    [
        ((), "9.9.9.9", "7.7.7.7"),
        (("7.7.7.0/24",), "1.1.1.1, 9.9.9.9", "9.9.9.9"),
        (("7.7.7.0/24", "9.9.9.9"), "1.1.1.1, 9.9.9.9", "1.1.1.1"),
        (("7.7.7.0/24",), "nonsense", "7.7.7.7"),
    ],
)
def test_only_listed_proxies_tell_the_address(
    service: Service, callers: object, proxies: tuple[str, ...], said: str, address: str
) -> None:
    """The last address that is no proxy's; of anybody else's header nothing is believed."""
    seen: list[str] = []

    class Noting:
        def by_key(self, service: Service, key: str, *, address: str) -> Caller:
            seen.append(address)
            return callers.by_key(service, key, address=address)  # type: ignore[attr-defined, no-any-return]  # a double

        by_cookie = by_key

        def remembered(self, service: Service, key: str, *, address: str) -> None:
            del service, key, address

    app = make_app(service, identify=Noting(), proxies=proxies)  # type: ignore[arg-type]  # no session here
    client = TestClient(app, client=("7.7.7.7", 1))
    client.get("/api/v1/suites", headers={"Authorization": "Bearer admin", "X-Forwarded-For": said})
    assert seen == [address]


def test_health_shows_operators_more(client: Client) -> None:
    """Whether it is well is everybody's; workers and queue are operators'."""
    said = client().get("/health").json()
    assert (said["status"], said["detail"]) == ("ok", None)
    assert said["components"]["database"] == "ok"
    assert said["components"]["redis"] == "not configured"
    assert client("evaluator").get("/health").json()["detail"] is None
    detail = client("operator").get("/health").json()["detail"]
    assert (detail["waiting"], detail["workers"], detail["fault"]) == (0, [], "")
    assert detail["components"][0]["name"] == "database"
    assert detail["components"][0]["critical"]
    assert client().get("/health/live").text == "ok"
    assert client().get("/health/ready").status_code == 200
