"""A server that shows what a test puts there: health, metrics, a provider's status."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Shown:
    """What is at each path, and who asked."""

    url: str = ""
    pages: dict[str, bytes] = field(default_factory=dict)
    """Path without what follows ``?``."""
    statuses: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """``PATH STATUS`` of each request."""


@contextmanager
def shown(**pages: bytes) -> Iterator[Shown]:
    """A server on a free port, which knows ETags; nobody is left behind."""
    there = Shown(pages={f"/{name}": body for name, body in pages.items()})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            body = there.pages.get(path, b"")
            status = there.statuses.get(path, 200 if path in there.pages else 404)
            etag = f'"{hashlib.sha256(body).hexdigest()}"'
            if status == 200 and self.headers.get("If-None-Match") == etag:
                status, body = 304, b""
            there.asked.append(f"{path} {status}")
            self.send_response(status)
            self.send_header("ETag", etag)
            self.send_header("Location", f"{there.url}/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        there.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield there
        finally:
            server.shutdown()
