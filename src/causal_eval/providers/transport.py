"""How bytes get to a server and back: the Protocol that both HTTP clients fulfil, and what it returns.

One contract test (tests/providers/test_transport.py) holds for all implementations.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from causal_eval.providers.provider import FailureKind

LARGEST_BODY = 16 * 2**20
"""Bytes; no chat completion is longer, and a runaway server must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds after which a call fails."""

    connect: float = 10.0
    read: float = 300.0
    """Longest silence; a reply that is not streamed is silent until it is finished."""
    total: float = 600.0


@dataclass(frozen=True, slots=True)
class TransportRule:
    """How a transport works."""

    timeouts: Timeouts = Timeouts()
    connections: int = 100
    """Open at once at most."""
    direct: bool = False
    """True: through no proxy (this machine); False: as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say."""
    largest: int = LARGEST_BODY
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Sent with every request; the key is among them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent."""

    status: int
    headers: Mapping[str, str]
    """Names in any case; looked up without regard to it."""
    body: bytes | None
    """None: it was longer than the limit."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why a server sent nothing that is an answer."""

    kind: FailureKind
    words: str
    """For people; names no host and no key."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of any method."""

    method: str
    """``GET`` or ``POST``."""
    url: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    """Beside those of the rule, or in their place."""


Sink = Callable[[bytes], Awaitable[None]]
"""Takes a body part by part, in order, and may take its time; what it raises ends the request."""


class Transport(Protocol):
    """Posts bytes; redirects are not followed, cookies not kept."""

    async def post(self, url: str, body: bytes) -> Answer | NoAnswer:
        """The server's answer, whatever its status, or why there is none. Raises only CancelledError."""

    async def send(self, call: Call, sink: Sink | None = None) -> Answer | NoAnswer:
        """The same for any method; the body of a 200 response goes to *sink*, if there is one, however long it is."""

    async def close(self) -> None:
        """Close every connection; idempotent."""


def no_data(timeouts: Timeouts) -> NoAnswer:
    """The longest silence was passed."""
    return NoAnswer(FailureKind.TIMEOUT, f"no data for {timeouts.read:g} s")


def no_end(timeouts: Timeouts) -> NoAnswer:
    """The whole call took too long."""
    return NoAnswer(FailureKind.TIMEOUT, f"no complete reply within {timeouts.total:g} s")


def no_connection(timeouts: Timeouts) -> NoAnswer:
    """Nobody picked up in time."""
    return NoAnswer(FailureKind.TIMEOUT, f"no connection within {timeouts.connect:g} s")


def refused(why: str) -> NoAnswer:
    """The connection could not be made."""
    return NoAnswer(FailureKind.CONNECTION, f"cannot connect ({why}); is the server running?")


def no_http(why: str) -> NoAnswer:
    """What came is not HTTP."""
    return NoAnswer(FailureKind.BAD_REPLY, f"the reply is not HTTP: {why}")


def tls_failed(why: str) -> NoAnswer:
    """There is no trust in the server."""
    advice = "check the server's certificate, or write http:// in the base URL if it speaks no TLS"
    return NoAnswer(FailureKind.CONNECTION, f"TLS failed: {why}; {advice}")


def reset(why: str) -> NoAnswer:
    """The connection ended before an answer came."""
    return NoAnswer(FailureKind.CONNECTION, f"the connection was reset ({why})")


OK = 200
UNKNOWN_HOST = NoAnswer(FailureKind.CONNECTION, "the host name cannot be resolved; check the base URL")
BROKEN_OFF = NoAnswer(FailureKind.CONNECTION, "the connection broke off in the middle of a reply")
BAD_ADDRESS = NoAnswer(FailureKind.NOT_FOUND, "the base URL is not valid")
BAD_ENCODING = NoAnswer(FailureKind.BAD_REPLY, "the body cannot be decompressed")
