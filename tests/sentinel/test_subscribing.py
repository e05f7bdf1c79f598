"""Whoever has confirmed it hears of each change until he says stop; a link that is merely opened does nothing."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.sentinel.mails import mails, text_of
from tests.sentinel.running import SECONDS, alert, running, send, until

from causal_eval.incidents.book import open_book
from causal_eval.incidents.outbox import Letter, Waiting
from causal_eval.incidents.public import PublicWebhookSender
from causal_eval.incidents.senders import MemorySender
from causal_eval.incidents.subscribers import Asked, confirm, subscribe
from causal_eval.operations.guard import Allowed, guarded

pytestmark = pytest.mark.timeout(300)
ADDRESS = "https://status.company.test"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a receiver got."""

    body: bytes
    headers: dict[str, str]

    @property
    def text(self) -> str:
        """What people would read."""
        told: str = json.loads(self.body)["data"]["text"]
        return told


@dataclass(slots=True)
class Receiver:
    """A webhook of somebody."""

    url: str = ""
    status: int = 204
    got: list[Delivery] = field(default_factory=list)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """One on this machine; where it is told to redirect, it leads to itself."""
    there = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            there.got.append(Delivery(body, {name.lower(): value for name, value in self.headers.items()}))
            self.send_response(there.status)
            self.send_header("Location", there.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        there.url = f"http://127.0.0.1:{server.server_port}/hook"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield there
        finally:
            server.shutdown()


@dataclass(frozen=True, slots=True)
class Shown:
    """A page."""

    status: int
    text: str
    headers: dict[str, str]


def page(url: str, form: dict[str, str] | None = None, **headers: str) -> Shown:
    """What a browser gets."""
    body = None if form is None else urllib.parse.urlencode(form).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, named), timeout=SECONDS) as answer:
            return Shown(answer.status, answer.read().decode(), dict(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Shown(error.code, error.read().decode(), dict(error.headers))


def link(text: str, deed: str) -> str:
    """The token behind the link of that deed in a letter."""
    found = re.search(rf"{ADDRESS}/{deed}\?token=(\S+)", text)
    assert found is not None, text
    return found[1]


def test_from_the_form_to_the_last_message(tmp_path: Path) -> None:
    """Asked by the form, confirmed by a button, told of a change with a signature, and of nothing after the end."""
    with receiver() as there:
        place = there.url.removeprefix("http://").removesuffix("/hook")
        with running(tmp_path, CEB_STATUS_URL=ADDRESS, CEB_ALLOWED_NETWORKS=place) as (_, address):
            until(lambda: 'action="subscribe"' in page(f"{address}/").text)
            assert page(f"{address}/subscribe", {"channel": "webhook", "target": there.url}).status == 200
            until(lambda: len(there.got) == 1)
            token = link(there.got[0].text, "confirm")
            opened = page(f"{address}/confirm?token={token}")
            assert (opened.status, "<button" in opened.text) == (200, True)
            send(address, alert("RedisDown", component="cache"))
            time.sleep(2)
            assert len(there.got) == 1, "who has not pressed the button is told nothing"
            assert "You are subscribed" in page(f"{address}/confirm", {"token": token}).text
            send(address, alert("CausalEvalAPIDown", component="api", severity="P0"))
            until(lambda: len(there.got) == 2)
            told = there.got[1]
            assert "API and pages: Major outage" in told.text
            assert "CausalEvalAPIDown" not in told.body.decode()
            check(told, key=token)
            stop = link(told.text, "unsubscribe")
            assert page(f"{address}/unsubscribe?token={stop}").status == 200
            assert "Messages have ended" in page(f"{address}/unsubscribe", {"token": stop}).text
            assert page(f"{address}/unsubscribe", {"token": stop}).status == 403
            send(address, alert("HighCPU", component="host", severity="P1"))
            time.sleep(2)
            assert len(there.got) == 2
    book = open_book(tmp_path / "incidents.db")
    with book.reading() as rows:
        assert rows.execute("SELECT count(*) FROM subscribers").fetchone()[0] == 0
    book.close()


def test_a_mailbox_is_asked_and_told(tmp_path: Path) -> None:
    """By the operator's mail server; both letters are text, and each says how to go on."""
    with mails() as (port, got):
        contacts = tmp_path / "contacts.yml"
        contacts.write_text(
            "people: {}\nchannels: {incidents: {file: messages.jsonl}}\nroles: {incidents: [incidents]}\n"
            f"mail: {{host: 127.0.0.1, port: {port}, from: status@company.test, tls: false}}\n",
            "utf-8",
        )
        with running(tmp_path, CEB_STATUS_URL=ADDRESS, CEB_CONTACTS=str(contacts)) as (_, address):
            form = {"channel": "email", "target": "ann@example.org"}
            assert [page(f"{address}/subscribe", form).status for _ in range(2)] == [200, 200]
            until(lambda: len(got) == 1)
            token = link(text_of(got[0]), "confirm")
            assert page(f"{address}/confirm", {"token": token}).status == 200
            send(address, alert("CausalEvalAPIDown", component="api", severity="P0"))
            until(lambda: len(got) == 2)
            assert str(got[1]["To"]) == "ann@example.org"
            assert "Major outage" in text_of(got[1])
            stop = f"/unsubscribe?token={link(text_of(got[1]), 'unsubscribe')}"
            assert got[0]["List-Unsubscribe"] is None, "who has not confirmed has nothing to end"
            assert got[1]["List-Unsubscribe"] == f"<{ADDRESS}{stop}>"
            click = {"List-Unsubscribe": "One-Click"}
            assert str(got[1]["List-Unsubscribe-Post"]) == urllib.parse.urlencode(click)
            assert [page(f"{address}{stop}", click).status for _ in range(2)] == [200, 403]


def check(told: Delivery, *, key: str) -> None:
    """The signature is that of Standard Webhooks by the token that its receiver was given."""
    signed = f"{told.headers['webhook-id']}.{told.headers['webhook-timestamp']}.".encode() + told.body
    wanted = base64.b64encode(hmac.digest(key.encode(), signed, hashlib.sha256)).decode()
    assert told.headers["webhook-signature"] == f"v1,{wanted}"


def test_what_cannot_be_subscribed_is_refused(tmp_path: Path) -> None:
    """Addresses inside, ways that are not there, tokens of nobody, forms without end; each page keeps to itself."""
    with running(tmp_path, CEB_STATUS_URL=ADDRESS) as (_, address):
        for target in (
            "http://127.0.0.1:1/x",
            "https://169.254.169.254/latest",
            "https://10.1.2.3/",
            "https://db.internal/",
        ):
            refused = page(f"{address}/subscribe", {"channel": "webhook", "target": target})
            assert (refused.status, target in refused.text) == (400, False), target
        assert page(f"{address}/subscribe", {"channel": "email", "target": "ann@example.org"}).status == 400
        assert page(f"{address}/confirm", {"token": "1.x"}).status == 403
        hostile = page(f"{address}/confirm?token=%22%3E%3Cscript%3E")
        assert "<script" not in hostile.text
        assert "form-action 'self'" in hostile.headers["Content-Security-Policy"]
        assert hostile.headers["Cache-Control"] == "no-store"
        assert page(f"{address}/unsubscribe", {"token": "x" * 10_000}).status == 413
        assert "default-src 'none'" in page(f"{address}/summary.json").headers["Content-Security-Policy"]


def test_nobody_asks_without_end(tmp_path: Path) -> None:
    """One address is stopped after some forms, whoever it says that it is; another one behind the proxy is not."""
    form = {"channel": "webhook", "target": "https://hooks.example.org/x"}
    with running(tmp_path, CEB_STATUS_URL=ADDRESS) as (_, address):
        url = f"{address}/subscribe"
        found = [page(url, form, X_Forwarded_For=f"198.51.100.{n}, 203.0.113.9").status for n in range(12)]
        assert found == [200] * 10 + [429] * 2
        assert page(url, form, X_Forwarded_For="203.0.113.10").status == 200
        assert page(url, form, X_Forwarded_For="203.0.113.11, 127.0.0.9").status == 200, "a proxy behind a proxy"
        assert page(url, form, X_Forwarded_For="203.0.113.12, 203.0.113.9").status == 429, "what anybody may write"


def test_many_may_end_it_by_way_of_one_provider(tmp_path: Path) -> None:
    """One click of each of many people comes from the few addresses of who reads their mail: none is turned away."""
    with running(tmp_path, CEB_STATUS_URL=ADDRESS) as (_, address):
        found = [
            page(f"{address}/unsubscribe?token={n}.x", {"List-Unsubscribe": "One-Click"}).status for n in range(40)
        ]
        assert found == [403] * 40


def test_without_an_address_there_is_no_form(tmp_path: Path) -> None:
    """Links in messages would lead nowhere: nobody can subscribe."""
    with running(tmp_path) as (_, address):
        until(lambda: page(f"{address}/").status == 200)
        assert "subscribe" not in page(f"{address}/").text
        assert page(f"{address}/subscribe", {"channel": "webhook", "target": "https://x.example.org/"}).status in {
            404,
            405,
        }


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("allowed", "status", "fault"),
    [
        ("", 204, "no connection"),
        ("127.0.0.0/8", 204, ""),
        ("127.0.0.0/8", 302, "no whole answer"),
        ("127.0.0.0/8", 500, "status 500"),
    ],
    ids=["inside", "listed", "redirected", "broken"],
)
async def test_where_a_message_goes_is_looked_at_when_it_is_sent(
    tmp_path: Path, allowed: str, status: int, fault: str
) -> None:
    """An address that leads inside gets nothing, whatever it was when somebody subscribed; nor is one led elsewhere."""
    book = open_book(tmp_path / "incidents.db")
    with receiver() as there:
        there.status = status
        with book.writing() as rows:
            subscribe(rows, Asked("webhook", there.url, "s" * 32, Allowed.parse("127.0.0.0/8")), at=0.0)
            one = confirm(rows, f"1.{'s' * 32}", at=1.0)
        letter = Letter(key="k", incident=None, channel="webhook", target=one.alias, subject="s", body="b")
        waiting = Waiting(id=1, letter=letter, made_at=2.0, tries=1, repeat=False)
        async with guarded(Allowed.parse(allowed)) as session:
            sender = PublicWebhookSender(book, session, MemorySender(), time.time)
            found = await asyncio.wait_for(sender.send(waiting), 30)
        assert (found is None) is (fault == "")
        assert found is None or (found.text.startswith(fault) and there.url not in found.text)
        assert len(there.got) == (allowed != "")
    book.close()
