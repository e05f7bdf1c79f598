"""Where a process without an HTTP API tells its metrics: a listener of its own, in a thread."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from causal_eval.errors import UsageError
from causal_eval.operations.metrics import CONTENT_TYPE, Metrics

PATH = "/metrics"
LOOPBACK = frozenset({"127.0.0.1", "::1"})
FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-real-ip")
"""Headers by which a proxy says that somebody else asks."""


def may_scrape(address: str, *, forwarded: bool, authorization: str, token_file: Path | None) -> bool:
    """Whether metrics are for whoever asks: this machine itself, or who shows the token that *token_file* holds now."""
    if address in LOOPBACK and not forwarded:
        return True
    scheme, _, said = authorization.partition(" ")
    token = _token(token_file)
    return bool(token) and scheme.lower() == "bearer" and hmac.compare_digest(said.strip().encode(), token.encode())


@contextmanager
def listening(metrics: Metrics, host: str, *, port: int, token_file: Path | None = None) -> Iterator[int]:
    """Answer ``/metrics`` at *host*:*port* (0: any that is free) meanwhile; yields the port.

    Raises:
        UsageError: nobody can listen there.
    """

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        is_theirs = may_scrape(
            environ.get("REMOTE_ADDR", ""),
            forwarded=any(f"HTTP_{name.upper().replace('-', '_')}" in environ for name in FORWARDED),
            authorization=environ.get("HTTP_AUTHORIZATION", ""),
            token_file=token_file,
        )
        if not is_theirs or environ["PATH_INFO"] != PATH:
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"not found\n"]
        start("200 OK", [("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-store")])
        return [metrics.text()]

    try:
        server = make_server(host, port, answer, server_class=_Server, handler_class=_Silent)
    except OSError as error:
        raise UsageError(
            f"CEB_METRICS_HOST {host}, CEB_METRICS_PORT {port} cannot be listened on ({error.strerror}): give others"
        ) from error
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False


class _Silent(WSGIRequestHandler):
    timeout = 10.0

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Say nothing: who scrapes asks every few seconds."""


def _token(path: Path | None) -> str:
    """What the file holds at this moment; empty: nobody may."""
    if path is None:
        return ""
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return ""
