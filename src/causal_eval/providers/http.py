"""The one way to the network: JSON posted to an endpoint as somebody, errors come back as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from causal_eval.providers.catalog import is_loopback
from causal_eval.providers.classify import Origin, Response, classify
from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.keys import key_label
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Refusal
from causal_eval.providers.quota import Quota, quota_of
from causal_eval.providers.redact import one_line, without
from causal_eval.providers.transport import (
    LARGEST_BODY,
    OK,
    Answer,
    Call,
    NoAnswer,
    Sink,
    Timeouts,
    Transport,
    TransportRule,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to call and as whom."""

    base_url: str
    """Root of the API with its version, without a slash at the end: ``https://api.openai.com/v1``."""
    key: str = field(default="", repr=False)
    """Sent in the ``auth`` header; empty: no such header."""
    key_name: str = ""
    """Environment variable the key came from, for messages."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers of every call."""
    auth: str = "Authorization"
    """Header of the key, which stands there bare; in ``Authorization`` as a bearer token."""


class Answered(NamedTuple):
    """A 200 response."""

    content: bytes
    quota: Quota | None


class Http:
    """Posts JSON to one endpoint over the fastest transport that is installed."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeouts: Timeouts | None = None,
        connections: int = 100,
        clock: Clock | None = None,
        open_transport: Callable[[TransportRule], Transport] | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._clock = clock or SystemClock()
        self._host = urlsplit(endpoint.base_url).netloc
        self._origin = Origin(self._host, endpoint.key, endpoint.key_name, key_label(endpoint.key))
        rule = TransportRule(
            timeouts=timeouts or Timeouts(),
            connections=connections,
            direct=is_loopback(endpoint.base_url),
            headers=_headers(endpoint),
        )
        self._transport = (open_transport or fastest)(rule)

    def url(self, path: str) -> str:
        """The address of *path* (``/chat/completions``) below the base URL."""
        return self._endpoint.base_url + path

    async def call(self, url: str, body: bytes, read: Callable[[bytes], Outcome]) -> Outcome:
        """What *read* makes of the body of a 200 response, or what went wrong; timed. Raises only CancelledError.

        A body that *read* cannot decode is a bad reply.
        """
        began = self._clock.now()
        answer = await self.post(url, body)
        elapsed = (self._clock.now() - began) * 1000
        label = self._origin.label
        if not isinstance(answer, Answered):
            return replace(answer, latency_ms=elapsed, key=label, route=self._host)
        outcome = self._reading(answer.content, read)
        return replace(outcome, latency_ms=elapsed, key=label, route=self._host, quota=answer.quota)

    async def post(self, url: str, body: bytes) -> Answered | Refusal | Failure:
        """The body of a 200 response and what is left of the limits, or what went wrong; raises only CancelledError."""
        return self._told(await self._transport.post(url, body))

    async def send(self, call: Call, sink: Sink | None = None) -> Answered | Refusal | Failure:
        """The same for any call; with a *sink*, the body of a 200 response goes there part by part."""
        return self._told(await self._transport.send(call, sink))

    def reading(self, content: bytes, read: Callable[[bytes], Outcome]) -> Outcome:
        """What *read* makes of the body of a response of this host; one that it cannot decode is a bad reply."""
        return replace(self._reading(content, read), key=self._origin.label, route=self._host)

    def _reading(self, content: bytes, read: Callable[[bytes], Outcome]) -> Outcome:
        try:
            return read(content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return self.bad_reply(_unreadable(content, error))

    def _told(self, answer: Answer | NoAnswer) -> Answered | Refusal | Failure:
        if isinstance(answer, NoAnswer):
            return self.failure(answer.kind, answer.words)
        if answer.body is None:
            too_long = f"the reply of {self._host} is longer than {LARGEST_BODY // 2**20} MiB"
            return Failure(FailureKind.BAD_REPLY, too_long, status=answer.status)
        body = self.clean(answer.body)
        if answer.status == OK:
            return Answered(body, quota_of(answer.headers, self._clock.wall()))
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return classify(Response(answer.status, headers, body), self._origin, wall=self._clock.wall())

    def clean(self, content: bytes) -> bytes:
        """*content* with the key hidden, should the server echo it."""
        return without(content, self._endpoint.key)

    def failure(self, kind: FailureKind, words: str) -> Failure:
        """The failure that *words* of this server tell of."""
        return Failure(kind, one_line(f"{self._host}: {words}", self._endpoint.key))

    def bad_reply(self, problem: str) -> Failure:
        """The failure for a 200 response that is not what the API documents."""
        message = one_line(f"HTTP 200 from {self._host}, but {problem}", self._endpoint.key)
        return Failure(FailureKind.BAD_REPLY, message, status=OK)

    def error_in_reply(self, status: int, body: bytes) -> Failure | Refusal:
        """What an error object inside a 200 response means (gateways do that), read as if sent with *status*."""
        return classify(Response(status, {}, body), self._origin, wall=self._clock.wall())

    async def close(self) -> None:
        """Close every connection; idempotent, and a later call opens new ones."""
        await self._transport.close()


def fastest(rule: TransportRule) -> Transport:
    """Pyreqwest where the extra ``[fast]`` is installed, else aiohttp; both behave alike."""
    try:
        from causal_eval.providers.over_reqwest import OverReqwest
    except ImportError:
        from causal_eval.providers.over_aiohttp import OverAiohttp

        return OverAiohttp(rule)
    return OverReqwest(rule)


def _unreadable(content: bytes, error: Exception) -> str:
    if content.lstrip()[:1] == b"<":
        return "the body is a web page; check the base URL"
    return f"the body cannot be read: {error}"


def _headers(endpoint: Endpoint) -> tuple[tuple[str, str], ...]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if endpoint.key:
        bearer = endpoint.auth == "Authorization"
        headers[endpoint.auth] = f"Bearer {endpoint.key}" if bearer else endpoint.key
    return tuple({**headers, **dict(endpoint.headers)}.items())
