"""A webhook end to end: made over the API, sent by a worker process, received and checked with the guide's own code."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.serving import Site, opened_site, wait_until

from causal_eval.api.app import make_app
from causal_eval.service import vault
from causal_eval.store.jobs import JobStatus

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "webhooks.md"
API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Letter:
    """A request that arrived, and what it was answered."""

    headers: dict[str, str]
    body: bytes
    status: int


@dataclass(slots=True)
class Receiver:
    """A server that refuses the first request that it gets."""

    port: int = 0
    letters: list[Letter] = field(default_factory=list)

    def of(self, kind: str) -> list[Letter]:
        """Letters about an event of that kind."""
        return [one for one in self.letters if json.loads(one.body)["type"] == f"evaluation.{kind}"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The receiver, listening on this machine."""
    got = Receiver()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = 204 if got.letters else 500
            headers = {name.lower(): value for name, value in self.headers.items()}
            got.letters.append(Letter(headers, body, status))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    got.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield got
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def site(tmp_path: Path, receiver: Receiver) -> Iterator[Site]:
    """A service that can seal secrets and whose operator lists the receiver."""
    master = tmp_path / "keys" / "master"
    vault.make_master(master)
    more = {"CEB_MASTER_KEY_FILE": str(master), "CEB_ALLOWED_NETWORKS": f"127.0.0.1:{receiver.port}"}
    with opened_site(tmp_path, f"sqlite:///{tmp_path}/site.db", scenario="", more=more) as opened:
        yield opened


@pytest.fixture
def is_ours() -> Callable[..., bool]:
    """The check of a signature, as the guide gives it to receivers."""
    names: dict[str, Any] = {}
    (code,) = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    exec(code, names)
    check: Callable[..., bool] = names["is_ours"]
    return check


@pytest.mark.slow
def test_an_event_arrives_signed_though_the_first_try_failed(
    site: Site, receiver: Receiver, is_ours: Callable[..., bool]
) -> None:
    """The refused letter comes again under its id, all are signed by the secret, and a changed or old one is not."""
    http = TestClient(make_app(site.service, open_to_all=True), base_url="http://127.0.0.1")
    made = http.post(f"{API}/webhooks", json={"url": f"http://127.0.0.1:{receiver.port}/in"}).json()
    order = {"answerer": "baseline/oracle", "question_set": site.questions(6)}
    ordered = http.post(f"{API}/evaluations", json=order).json()["id"]
    with site.worker() as process:
        wait_until(lambda: site.status(ordered) is JobStatus.DONE, process=process)
        wait_until(lambda: len(receiver.of("created")) > 1 and bool(receiver.of("done")), process=process)
        path = f"{API}/webhooks/{made['id']}/deliveries"
        wait_until(lambda: {one["status"] for one in http.get(path).json()["items"]} == {"done"}, process=process)
    first, again = receiver.of("created")
    assert (first.status, again.status) == (500, 204)
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    assert {json.loads(one.body)["data"]["evaluation"] for one in receiver.letters} == {ordered}
    tries = {one["id"]: one["tries"] for one in http.get(path).json()["items"]}
    assert tries[first.headers["webhook-id"]] == 2
    now = time.time()
    for one in receiver.letters:
        assert is_ours(made["secret"], one.headers, one.body, now=now)
    assert not is_ours(made["secret"], again.headers, again.body + b" ", now=now)
    assert not is_ours(made["secret"], {**again.headers, "webhook-id": "other"}, again.body, now=now)
    assert not is_ours(made["secret"], again.headers, again.body, now=now + 301)
    assert not is_ours("whsec_" + "A" * 43 + "=", again.headers, again.body, now=now)
    assert not is_ours(made["secret"], {}, again.body, now=now)


@pytest.mark.slow
@pytest.mark.parametrize("host", ["[::ffff:127.0.0.1]", "[::1]", "127.0.0.2", "169.254.169.254"])
def test_the_house_is_refused_whatever_it_is_called(site: Site, receiver: Receiver, host: str) -> None:
    """One listed address and port opens no other; IPv4 in IPv6 clothes is what it is."""
    http = TestClient(make_app(site.service, open_to_all=True), base_url="http://127.0.0.1")
    refused = http.post(f"{API}/webhooks", json={"url": f"http://{host}:{receiver.port + 1}/in"})
    assert refused.status_code == 422
    assert "CEB_ALLOWED_NETWORKS" in refused.json()["detail"]
