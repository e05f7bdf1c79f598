"""The sentinel as a process: real letters, real probes, real signals."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.sentinel.running import SECONDS, alert, kept, running, send, until

from causal_eval.incidents.incident import State


class Api:
    """Something that says whether it is well."""

    def __init__(self) -> None:
        self.status = 200


@pytest.fixture
def api() -> Iterator[tuple[Api, str]]:
    """An API whose health can be changed, and its address."""
    state = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(state.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state, f"http://127.0.0.1:{server.server_port}/health"
    server.shutdown()
    server.server_close()


def test_a_letter_opens_an_incident_and_ends_it(tmp_path: Path) -> None:
    """It is detected when the alert fires, watched when it has ended, and one however often it is sent."""
    with running(tmp_path) as (_, address):
        assert send(address, alert()) == {"incidents": ["INC-1"]}
        assert send(address, alert(), alert()) == {"incidents": []}
        assert [one.state for one in kept(tmp_path)] == [State.DETECTED]
        send(address, alert(status="resolved"))
        assert [one.state for one in kept(tmp_path)] == [State.MONITORING]


def test_what_is_no_letter_is_refused(tmp_path: Path) -> None:
    """Nothing is opened by it, and the next letter is heard."""
    with running(tmp_path) as (_, address):
        for body in (b"", b"{", b'{"alerts": [{"labels": 3}]}', b'{"alerts": [{}]}', b"[]", b"\xff"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{address}/alerts", body, timeout=SECONDS)
            assert refused.value.code == 400
            refused.value.close()
        assert kept(tmp_path) == []
        assert send(address, alert()) == {"incidents": ["INC-1"]}


def test_a_probe_opens_an_incident_by_itself(tmp_path: Path, api: tuple[Api, str]) -> None:
    """An API that fails is an incident within seconds without any alert, and watched when it is well again."""
    state, url = api
    with running(tmp_path, CEB_PROBES=f"api={url}"):
        state.status = 503
        assert until(lambda: [one.state for one in kept(tmp_path)] == [State.DETECTED]) < 10
        state.status = 200
        until(lambda: [one.state for one in kept(tmp_path)] == [State.MONITORING])
    (one,) = kept(tmp_path)
    assert (str(one.key), one.severity.value) == ("api/down", "P0")


def _sent_until_killed(process: subprocess.Popen[str], address: str, *, number: int) -> list[str]:
    """Keys of incidents that it said it had opened, until it was killed in the midst."""
    heard: list[str] = []
    for part in range(10):
        if part == 6:
            threading.Timer(0.005 * number, process.send_signal, (signal.SIGKILL,)).start()
        try:
            send(address, alert("ModelAPIFailing", component="model_api", provider=f"p{number}-{part}"))
        except OSError:
            break
        heard.append(f"model_api:p{number}-{part}/failing")
    return heard


def test_nothing_is_lost_by_kills(tmp_path: Path) -> None:
    """Killed while letters come: what it said it heard is kept, each cause once, and the next one goes on."""
    heard: list[str] = []
    for number in range(5):
        with running(tmp_path) as (process, address):
            heard += _sent_until_killed(process, address, number=number)
    keys = [str(one.key) for one in kept(tmp_path)]
    assert len(heard) >= 30
    assert set(heard) <= set(keys)
    assert len(set(keys)) == len(keys)


def test_it_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """SIGTERM ends it with 0 within seconds."""
    with running(tmp_path) as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0


def test_its_metrics_and_health(tmp_path: Path) -> None:
    """Open incidents are counted by severity, and nobody from elsewhere is told."""
    with running(tmp_path) as (_, address):
        send(address, alert())
        with urllib.request.urlopen(f"{address}/metrics", timeout=SECONDS) as answer:
            assert b'incidents_open{severity="P2"} 1' in answer.read()
        with urllib.request.urlopen(f"{address}/health", timeout=SECONDS) as answer:
            assert json.loads(answer.read())["status"] == "ok"
        forwarded = urllib.request.Request(f"{address}/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(forwarded, timeout=SECONDS)
        assert refused.value.code == 403
        refused.value.close()
