"""Where the letters of a game arrive: a webhook and a mail server of this process, and who is told there."""

from __future__ import annotations

import html
import json
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from causal_eval.operations.stack.raising import wait_for

CHANNELS = ("incidents", "stakeholders", "security", "infrastructure", "cloud", "dba", "security-ir", "legal")
PEOPLE = ("first", "second", "lead")
_LONGEST = 2**20
_ANSWERS = {b"EHLO": b"250 sink", b"HELO": b"250 sink", b"DATA": b"354 go on", b"QUIT": b"221 bye"}


@dataclass(frozen=True, slots=True)
class Received:
    """A letter that arrived."""

    to: str
    """The channel's name, or the person's."""
    key: str
    """By which whoever gets it twice knows it."""
    text: str
    repeat: bool
    at: float

    @property
    def first_line(self) -> str:
        """What it is."""
        return self.text.partition("\n")[0]


class Sink:
    """Takes every letter and keeps it; a context manager."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._got: list[Received] = []
        self._lock = threading.Lock()
        self._hook = ThreadingHTTPServer(("127.0.0.1", 0), _hook_of(self))
        self._mail = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _mailroom_of(self))
        self._mail.daemon_threads = True

    def __enter__(self) -> Self:
        for server in (self._hook, self._mail):
            threading.Thread(target=server.serve_forever, name="sink", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in (self._hook, self._mail):
            server.shutdown()
            server.server_close()

    @property
    def letters(self) -> tuple[Received, ...]:
        """Everything that arrived, in that order."""
        with self._lock:
            return tuple(self._got)

    def waited(self, wanted: Callable[[Received], bool], *, seconds: float) -> Received | None:
        """The first letter that is *wanted*, as soon as it is there; None: it does not come in time."""
        found: list[Received] = []

        def there() -> bool:
            found[:] = [one for one in self.letters if wanted(one)][:1]
            return bool(found)

        return found[0] if wait_for(there, seconds) else None

    def take(self, to: str, key: str, *, text: str, repeat: bool) -> None:
        """Keep a letter."""
        with self._lock:
            self._got.append(Received(to, key, text, repeat, self._clock()))

    def write_contacts(self, path: Path) -> Path:
        """The contacts file in which everybody is reached here."""
        hook = f"http://127.0.0.1:{self._hook.server_address[1]}"
        contacts = {
            "people": {name: {"name": name.title(), "email": f"{name}@game.internal"} for name in PEOPLE},
            "channels": {name: {"webhook": f"{hook}/{name}"} for name in CHANNELS},
            "schedule": {"starts": "2026-01-05T09:00:00Z", "rotation": ["first", "second"]},
            "roles": {**{name: [name] for name in CHANNELS}, "team-lead": ["lead"]},
            "mail": {
                "host": "127.0.0.1", "port": self._mail.server_address[1], "from": "incidents@game.internal",
                "tls": False,
            },
        }  # fmt: skip
        path.write_text(json.dumps(contacts, indent=2), "utf-8")  # which is YAML as well
        return path


def _hook_of(sink: Sink) -> type[BaseHTTPRequestHandler]:
    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(_LONGEST, int(self.headers["Content-Length"])))
            text = html.unescape(str(json.loads(body)["text"]))
            repeat = "X-Possible-Repeat" in self.headers
            sink.take(self.path.strip("/"), self.headers["Idempotency-Key"], text=text, repeat=repeat)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            """Nobody reads it."""

    return Hook


def _mailroom_of(sink: Sink) -> type[socketserver.StreamRequestHandler]:
    class Mailroom(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 sink\r\n")
            while (verb := self.rfile.readline(_LONGEST)[:4].upper()) not in {b"", b"QUIT"}:
                self.wfile.write(_ANSWERS.get(verb, b"250 ok") + b"\r\n")
                if verb == b"DATA":
                    _keep(sink, b"".join(iter(self.rfile.readline, b".\r\n")))
                    self.wfile.write(b"250 kept\r\n")
            self.wfile.write(_ANSWERS[b"QUIT"] + b"\r\n")

    return Mailroom


def _keep(sink: Sink, raw: bytes) -> None:
    read = message_from_bytes(raw.replace(b"\r\n..", b"\r\n."), EmailMessage, policy=default)
    key = str(read["Message-ID"]).strip("<>").partition("@")[0]
    to = str(read["To"]).partition("@")[0]
    text = str(read.get_content()).replace("\r\n", "\n")  # lines end so on the way
    sink.take(to, key, text=text, repeat="X-Possible-Repeat" in read)
