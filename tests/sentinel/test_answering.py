"""Incidents over the sentinel's own address, asked by what the service asks with."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
from tests.sentinel.running import alert, answering, send

from causal_eval.errors import CausalEvalError, Conflict, SentinelAway, TooSoon, UnknownName, UsageError
from causal_eval.incidents import deeds, view
from causal_eval.incidents.contacts import Role
from causal_eval.incidents.incident import Severity, State
from causal_eval.incidents.reported import MOST, Report, Trouble
from causal_eval.service import sentinel
from causal_eval.service.sentinel import Request, ask, incident_path
from causal_eval.settings import Settings, read_settings


@pytest.fixture
def known(tmp_path: Path) -> Callable[[str], Settings]:
    """Settings that know a sentinel at an address."""
    read = read_settings({"CEB_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}, cwd=tmp_path)
    return lambda address: replace(read, sentinel_url=address)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A sentinel that answers."""
    with answering(tmp_path) as there:
        yield there


@pytest.fixture
def there(known: Callable[[str], Settings], address: str) -> Settings:
    """Settings that know it."""
    return known(address)


class Strange(msgspec.Struct, frozen=True):
    """A call for help of somebody who is no role."""

    by: str = "ada"
    reason: str = "no idea"
    to: str = "nobody"


def act(there: Settings, name: str, deed: deeds.Deed, *, key: str = "") -> view.Told:
    """The incident after *deed*."""
    return ask(there, Request(incident_path(name, deeds.NAMES[type(deed)]), deed, key), view.Told)


def test_everything_that_people_do(address: str, there: Settings) -> None:
    """From the alert to the review, each step in the timeline under the name of who took it."""
    send(address, alert())
    assert act(there, "INC-1", deeds.Acknowledge(by="ada")).state is State.INVESTIGATING
    act(there, "INC-1", deeds.Assign(by="ada", to="bob"))
    assert act(there, "INC-1", deeds.Classify(by="ada", severity=Severity.P3, reason="one team")).severity == "P3"
    update = deeds.Update(by="bob", text="restarted", state=State.MITIGATING, public=True)
    assert act(there, "INC-1", update).published_at is not None
    act(there, "INC-1", deeds.Escalate(by="bob", reason="it did not help"))
    with pytest.raises(Conflict, match="still fires"):
        act(there, "INC-1", deeds.Resolve(by="bob", resolution="restarted"))
    send(address, alert(status="resolved"))
    assert act(there, "INC-1", deeds.Resolve(by="bob", resolution="restarted")).state is State.RESOLVED
    act(there, "INC-1", deeds.Todo(by="bob", text="more memory", owner="bob", due_at=1.0))
    act(there, "INC-1", deeds.Cause(by="bob", text="too little memory"))
    with pytest.raises(Conflict, match="open actions"):
        act(there, "INC-1", deeds.Reviewed(by="ada"))
    act(there, "INC-1", deeds.Done(by="bob", task=1))
    assert act(there, "INC-1", deeds.Reviewed(by="ada")).state is State.REVIEWED
    whole = ask(there, Request(incident_path("INC-1")), view.Whole)
    assert {one.who for one in whole.timeline} == {"sentinel", "ada", "bob"}
    assert [one.closed_at is None for one in whole.tasks] == [False]


def test_how_bad_it_is_says_why(address: str, there: Settings) -> None:
    """By the rule of its alert; once a person has said otherwise, by what he said."""
    send(address, alert())
    ruling = ask(there, Request(incident_path("INC-1")), view.Whole).ruling
    assert (ruling.rule, "RedisDown" in ruling.why) == ("J3", True)
    act(there, "INC-1", deeds.Classify(by="ada", severity=Severity.P1, reason="payday"))
    ruling = ask(there, Request(incident_path("INC-1")), view.Whole).ruling
    assert (ruling.rule, ruling.severity, "payday (ada)" in ruling.why) == ("", Severity.P1, True)


def test_how_everything_was_is_kept_beside_it(tmp_path: Path, address: str, there: Settings) -> None:
    """What who asks has seen, and what is seen from here, in a file that the timeline knows by its digest."""
    send(address, alert())
    seen = deeds.Seen(by="ada", health="degraded", seen={"parts": [{"name": "redis"}]})
    wanted = Request(incident_path("INC-1", "snapshot"), seen, "k-1")
    for _ in range(2):
        ask(there, wanted, view.Told)
    (entry,) = [one for one in ask(there, Request(incident_path("INC-1")), view.Whole).timeline if one.who == "ada"]
    (file,) = (tmp_path / "snapshots").iterdir()
    assert (entry.data["file"], entry.data["sha256"]) == (file.name, hashlib.sha256(file.read_bytes()).hexdigest())
    kept = json.loads(file.read_bytes())
    assert (kept["parts"], kept["sentinel"]["firing"]) == ([{"name": "redis"}], ["RedisDown"])


def test_what_a_user_reports_is_an_incident(there: Settings) -> None:
    """And too much at once is refused with how long to wait."""
    for number in range(MOST):
        report = Report(by="ada", text=f"no. {number}", trouble=Trouble.SLOW)
        assert ask(there, Request("/reports", report), view.Told).id == "INC-1"
    with pytest.raises(TooSoon, match="reports in 10 minutes"):
        ask(there, Request("/reports", Report(by="ada", text="more")), view.Told)


def test_one_key_does_one_thing(tmp_path: Path, known: Callable[[str], Settings]) -> None:
    """Sent again, also after a restart of the sentinel, nothing is done again; with other words it is refused."""
    wanted = Request("/incidents", deeds.Open(by="ada", title="odd scores"), "k-1")
    update = deeds.Update(by="ada", text="looking")
    for _ in range(2):
        with answering(tmp_path) as address:
            there = known(address)
            for _ in range(2):
                assert ask(there, wanted, view.Told).id == "INC-1"
                act(there, "INC-1", update, key="k-2")
            with pytest.raises(Conflict, match="another request"):
                act(there, "INC-1", deeds.Update(by="ada", text="found"), key="k-2")
            said = ask(there, Request(incident_path("INC-1")), view.Whole).timeline
    assert [one.text for one in said if one.kind == "update"] == ["looking"]
    assert sum(one.kind == "signal" for one in said) == 1


def test_what_commands_take_is_taken_over_http(there: Settings) -> None:
    """When it may be over and who is called stand in the timeline, as they do when somebody types them."""
    ask(there, Request("/incidents", deeds.Open(by="ada", title="odd scores")), view.Told)
    act(there, "INC-1", deeds.Update(by="ada", text="looking", eta="14:00 UTC"))
    act(there, "INC-1", deeds.Escalate(by="ada", reason="no idea", to=Role.DBA))
    said = ask(there, Request(incident_path("INC-1")), view.Whole).timeline
    assert [(one.text, one.who) for one in said if one.kind == "expected"] == [("14:00 UTC", "ada")]
    assert [dict(one.data) for one in said if one.kind == "escalated"] == [{"to": "dba"}]
    with pytest.raises(UsageError, match="nobody"):
        ask(there, Request(incident_path("INC-1", "escalate"), Strange()), view.Told)


def test_whoever_asks_again_gets_what_changed(address: str, there: Settings) -> None:
    """Each incident as it is now, once, after the cursor of the page before; then nothing."""
    for name in ("RedisDown", "DatabaseDown"):
        send(address, alert(name, component=name.lower()))
    first = sentinel.changed(there, since=0)
    assert [one.id for one in first.incidents] == ["INC-1", "INC-2"]
    assert not sentinel.changed(there, since=first.cursor).incidents
    act(there, "INC-1", deeds.Acknowledge(by="ada"))
    then = sentinel.changed(there, since=first.cursor)
    assert [(one.id, one.responder) for one in then.incidents] == [("INC-1", "ada")]
    assert then.cursor > first.cursor
    assert sentinel.changed(there, since=10**6).cursor == then.cursor, "of another book: begin anew"


def test_lists_open_ones_and_all(there: Settings) -> None:
    """What is open, worst first; all, newest first, page by page."""
    for number, severity in enumerate(("P2", "P0", "P3")):
        wanted = deeds.Open(by="ada", title=f"no. {number}", component=f"c{number}", severity=Severity(severity))
        ask(there, Request("/incidents", wanted), view.Told)
    listed = ask(there, Request("/incidents"), view.Page)
    assert [one.id for one in listed.incidents] == ["INC-2", "INC-1", "INC-3"]
    assert {"acknowledge", "update"}.isdisjoint(listed.incidents[2].due)
    page = ask(there, Request("/incidents?all=1&limit=2"), view.Page)
    rest = ask(there, Request(f"/incidents?all=1&limit=2&before={page.cursor}"), view.Page)
    assert [one.id for one in (*page.incidents, *rest.incidents)] == ["INC-3", "INC-2", "INC-1"]
    assert rest.cursor == 0


@pytest.mark.parametrize(
    ("path", "body", "error", "said"),
    [
        ("/incidents/INC-9", None, UnknownName, "INC-9"),
        ("/incidents/INC-9/ack", deeds.Acknowledge(by="ada"), UnknownName, "INC-9"),
        ("/incidents/INC-1/explode", deeds.Acknowledge(by="ada"), UnknownName, "explode"),
        ("/incidents/INC-1/ack", deeds.Acknowledge(by=""), UsageError, "by"),
        ("/incidents/INC-1/ack", deeds.Update(by="ada", text="x"), UsageError, "text"),
        ("/incidents/INC-1/classify", deeds.Classify(by="ada", severity=Severity.P3), UsageError, "say why"),
        ("/incidents?since=x", None, UsageError, "whole number"),
        ("/incidents", deeds.Open(by="ada", title="t", component="<b>"), UsageError, "component"),
    ],
)
def test_what_cannot_be_done_is_said(
    there: Settings, path: str, body: msgspec.Struct | None, error: type[CausalEvalError], said: str
) -> None:
    """As the kind of error that it would be here, and nothing is kept of it."""
    ask(there, Request("/incidents", deeds.Open(by="ada", title="one")), view.Told)
    before = sentinel.changed(there, since=0).cursor
    with pytest.raises(error, match=said):
        ask(there, Request(path, body), view.Told)
    assert sentinel.changed(there, since=0).cursor == before


@pytest.mark.parametrize(
    ("header", "value"),
    [("Origin", "https://evil.example"), ("Host", "evil.example:9095"), ("Sec-Fetch-Site", "cross-site")],
)
def test_a_page_in_this_machines_browser_is_no_program_of_it(address: str, header: str, value: str) -> None:
    """Another site's page neither acts nor reads, under whatever name it has this address asked."""
    for path, body in (("/incidents", None), ("/incidents/INC-1/ack", b'{"by": "ada"}'), ("/alerts", b"{}")):
        asked = urllib.request.Request(f"{address}{path}", body, {header: value, "Content-Type": "text/plain"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked)
        assert refused.value.code == 403
        refused.value.close()


def test_pages_of_the_status_page_lie_beside_them(tmp_path: Path, address: str) -> None:
    """They are for everybody, and no incident that has to be asked for with a token."""
    (tmp_path / "status" / "incidents").mkdir(parents=True)
    (tmp_path / "status" / "incidents" / "INC-1.html").write_text("for everybody", "utf-8")
    with forwarding(address) as proxy, urllib.request.urlopen(f"{proxy}/incidents/INC-1.html") as answer:
        assert answer.read() == b"for everybody"


def test_only_with_the_token_from_elsewhere(tmp_path: Path, known: Callable[[str], Settings]) -> None:
    """Behind a proxy the token is asked for, as for letters, and the service shows it."""
    token = tmp_path / "token"
    token.write_text("right\n", "utf-8")
    with answering(tmp_path, token_file=token) as address, forwarding(address) as proxy:
        there = known(proxy)
        with pytest.raises(SentinelAway, match="CEB_SENTINEL_TOKEN_FILE"):
            sentinel.changed(there, since=0)
        assert sentinel.changed(replace(there, sentinel_token_file=token), since=0).incidents == ()


@pytest.mark.parametrize("says", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"SSH-2.0\r\n"])
def test_a_sentinel_that_is_away_holds_nobody_up(known: Callable[[str], Settings], says: bytes | None) -> None:
    """Nobody there, half an answer or something else: within about two seconds it is said what to do."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        if says is None:
            silent.close()
        else:
            threading.Thread(target=_say, args=(silent, says), daemon=True).start()
        began = time.monotonic()
        with pytest.raises(SentinelAway, match="causal-eval incident"):
            sentinel.changed(known(address), since=0)
        assert time.monotonic() - began < 3


def _say(silent: socket.socket, says: bytes) -> None:
    """Say *says* to who comes first, and then nothing for longer than anybody waits."""
    there, _ = silent.accept()
    with there:
        there.recv(4096)
        there.sendall(says)
        time.sleep(4)


@contextmanager
def forwarding(address: str) -> Iterator[str]:
    """A proxy before *address*, which says for whom it asks."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = {"X-Forwarded-For": "203.0.113.9", "Authorization": self.headers.get("Authorization", "")}
            try:
                with urllib.request.urlopen(urllib.request.Request(address + self.path, headers=given)) as answer:
                    self._pass_on(answer.status, answer.read())
            except urllib.error.HTTPError as refused:
                self._pass_on(refused.code, refused.read())

        def _pass_on(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
