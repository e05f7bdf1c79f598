"""A request and its answer: headers, versions, time-outs, and what is sent again when a connection breaks."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec

from causal_eval.client.events import Event, parsed
from causal_eval.client.refusals import Unreachable, Unreadable, refusal
from causal_eval.client.shapes import Order, decoded
from causal_eval.errors import UsageError

_T = TypeVar("_T")

PREFIX = "/api/v1"
PAGE = "100"
REMEMBERED = 64
"""Answers that are kept with their tags, so that what has not changed is not sent again."""
LARGEST_REMEMBERED = 1 << 18
SILENCE = 45.0
"""Seconds without a heartbeat after which a stream of events is taken for broken."""
MAKING_SECONDS = 1.0
"""Between two looks whether a worker has made what was asked for."""
_BROKEN = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Call:
    """What one method of the client asks."""

    method: str
    path: str
    query: Mapping[str, str | float | bool | None] | None = None
    """None leaves a parameter out."""
    body: Order | Mapping[str, Any] | None = None
    once: str | None = None
    """The idempotency key, or empty for a new one; None: the route takes none."""
    prefix: str = PREFIX
    fine: frozenset[int] = frozenset()
    """Statuses of 400 and more that are answers all the same."""

    @property
    def parameters(self) -> dict[str, str]:
        """The query as it is sent."""
        given = {name: value for name, value in (self.query or {}).items() if value is not None}
        return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}

    @property
    def may_repeat(self) -> bool:
        """Done twice, it does nothing more than done once; a DELETE that is repeated may find nothing to delete."""
        return self.method in {"GET", "PUT", "DELETE"} or self.once is not None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    tag: str = ""
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for an answer, and how often it is asked for."""

    seconds: float = 60.0
    """For the whole of one answer."""
    connect: float = 10.0
    tries: int = 3
    pause: float = 0.2
    """Seconds before the second try; twice as long before each further one."""


class Asking:
    """An open connection to a service at *address*, with an API key or without."""

    def __init__(
        self, address: str, key: str = "", *, patience: Patience | None = None, token: Callable[[], str] | None = None
    ) -> None:
        parts = urlsplit(address)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise UsageError(
                "address must be such as https://eval.example.org, without name and password: a key is `key`"
            )
        self._address = address.rstrip("/").removesuffix(PREFIX)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._patience = patience or Patience()
        self._token = token or secrets.token_hex
        self._known: OrderedDict[str, Answer] = OrderedDict()
        self._http: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._address!r})"

    async def __aenter__(self) -> Self:
        jar = aiohttp.CookieJar(unsafe=True)  # a service on an address without a name has sessions too
        timeout = aiohttp.ClientTimeout(total=self._patience.seconds, connect=self._patience.connect)
        self._http = aiohttp.ClientSession(headers=self._headers, cookie_jar=jar, timeout=timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.close()

    async def _ask(self, call: Call, kind: type[_T]) -> _T:
        answer = await self._perform(call)
        return _read(answer, call, kind=kind)

    async def _ask_made(self, call: Call, kind: type[_T], *, of: str) -> _T:
        """What was made; where a worker makes it (202), once it is there: *of* is its field in the making."""
        answer = await self._perform(call)
        if answer.status != HTTPStatus.ACCEPTED:
            return _read(answer, call, kind=kind)
        making = _read(answer, call, kind=_Making)
        while making.status == "open":
            await asyncio.sleep(MAKING_SECONDS)
            making = await self._ask(Call("GET", f"/makings/{quoted(making.id)}"), _Making)
        if making.status != "done":
            raise refusal(HTTPStatus.CONFLICT, msgspec.json.encode({"title": "Not made", "detail": making.note}))
        return await self._ask(Call("GET", f"{call.path}/{quoted(getattr(making, of) or '')}"), kind)

    async def _text(self, call: Call) -> str:
        return (await self._perform(call)).body.decode()

    async def _bytes(self, call: Call) -> bytes:
        return (await self._perform(call)).body

    async def _done(self, call: Call) -> None:
        await self._perform(call)

    async def _pages(self, call: Call, kind: type[_T]) -> AsyncIterator[_T]:
        after: str | None = None
        while True:
            query = {**(call.query or {}), "limit": PAGE, "after": after}
            page = await self._ask(Call("GET", call.path, query=query), _Page)
            for item in page.items:
                yield _read(Answer(HTTPStatus.OK, bytes(item)), call, kind=kind)
            if (after := page.next) is None:
                return

    async def _lines(self, call: Call, headers: Mapping[str, str], *, silence: float) -> AsyncIterator[bytes]:
        """The lines of an answer as they come, without their ends; nothing where there is none (204)."""
        timeout = aiohttp.ClientTimeout(total=None, connect=self._patience.connect, sock_read=silence)
        url, rest = f"{self._address}{call.prefix}{call.path}", b""
        async with self._session().get(
            url, headers=headers, params=call.parameters, timeout=timeout, allow_redirects=False
        ) as answered:
            if answered.status >= HTTPStatus.MULTIPLE_CHOICES:
                raise refusal(
                    answered.status, await answered.read(), retry_after=answered.headers.get("Retry-After", "")
                )
            if answered.status == HTTPStatus.NO_CONTENT:
                raise _Ended
            async for chunk in answered.content.iter_any():
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    yield line

    async def _events(self, call: Call, after: int) -> AsyncIterator[Event]:
        """Events after *after* until there will be no more, over as many connections as that takes."""
        failures = 0
        while True:
            try:
                async for said in parsed(self._lines(call, {"Last-Event-ID": str(after)}, silence=SILENCE)):
                    after, failures = said.id, 0
                    yield said
            except _Ended:
                return
            except _BROKEN as error:
                failures += 1
                if failures >= self._patience.tries:
                    raise self._unreachable(error) from error
            await asyncio.sleep(self._patience.pause * 2**failures)

    async def _perform(self, call: Call) -> Answer:
        once = {} if call.once is None else {"Idempotency-Key": call.once or self._token()}
        for left in reversed(range(self._patience.tries)):
            try:
                answer = await self._send(call, once)
            except _BROKEN as error:
                if not left or not call.may_repeat:
                    raise self._unreachable(error) from error
                await asyncio.sleep(self._patience.pause * 2 ** (self._patience.tries - left - 1))
            else:
                return self._taken(call, answer)
        raise AssertionError("there is at least one try")

    def _taken(self, call: Call, answer: Answer) -> Answer:
        """The answer, from memory where it has not changed."""
        place = _place(call)
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return self._known[place]
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES and answer.status not in call.fine:
            raise refusal(answer.status, answer.body, retry_after=answer.retry_after)
        if answer.tag and len(answer.body) <= LARGEST_REMEMBERED:
            self._known[place] = answer
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return answer

    async def _send(self, call: Call, headers: Mapping[str, str]) -> Answer:
        known = self._known.get(_place(call)) if call.method == "GET" else None
        tag = {} if known is None else {"If-None-Match": known.tag}
        body = None if call.body is None else msgspec.json.encode(call.body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        async with self._session().request(
            call.method, f"{self._address}{call.prefix}{call.path}", params=call.parameters, data=body,
            headers={**headers, **tag, **kind}, allow_redirects=False,
        ) as answered:  # fmt: skip
            told = answered.headers
            return Answer(answered.status, await answered.read(), told.get("ETag", ""), told.get("Retry-After", ""))

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise UsageError("the client is not open: use `async with Client(...) as client`")
        return self._http

    def _unreachable(self, error: Exception) -> Unreachable:
        why = "it took too long" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
        return Unreachable(f"no answer from {self._address}: {why}")


class _Page(msgspec.Struct):
    items: tuple[msgspec.Raw, ...]
    next: str | None


class _Making(msgspec.Struct):
    id: str
    status: str
    note: str
    question_set: str | None
    evaluation: str | None


class _Ended(Exception):
    """Nothing more will come."""


def quoted(part: str) -> str:
    """*part* as one segment of a path."""
    return quote(part, safe="")


def _place(call: Call) -> str:
    return f"{call.prefix}{call.path}?{sorted(call.parameters.items())}"


def _read(answer: Answer, call: Call, *, kind: type[_T]) -> _T:
    try:
        return decoded(answer.body, kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(
            f"the answer to {call.method} {call.path} is not as documented ({error}): are both of one version?"
        ) from error
