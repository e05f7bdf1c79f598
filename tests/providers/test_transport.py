"""The network's faults come back as values, the same over both transports."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from pyreqwest.exceptions import ConnectError

from causal_eval.providers import over_reqwest
from causal_eval.providers.http import Endpoint, Http, fastest
from causal_eval.providers.openai import OpenAI
from causal_eval.providers.over_aiohttp import OverAiohttp, explain
from causal_eval.providers.over_reqwest import OverReqwest
from causal_eval.providers.provider import Failure, FailureKind, Prompt, Reply
from causal_eval.providers.transport import Answer, Call, NoAnswer, Timeouts, Transport, TransportRule

pytestmark = pytest.mark.anyio
Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]
Ask = Callable[[str], Awaitable[Any]]
BRIEF = Timeouts(connect=1.0, read=0.2, total=0.4)
_WHERE = ConnectionKey("host", 1, is_ssl=False, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None)


def some_error(kind: type[aiohttp.ClientError]) -> Exception:
    cause = OSError(111, "refused")
    if issubclass(kind, aiohttp.ClientConnectorCertificateError):
        return kind(_WHERE, ssl.SSLError("bad certificate"))
    if issubclass(kind, aiohttp.ClientConnectorError):
        return kind(_WHERE, cause)
    if issubclass(kind, aiohttp.ServerFingerprintMismatch):
        return kind(b"a", b"b", "host", 1)
    if issubclass(kind, aiohttp.ClientResponseError):
        return kind(None, (), message="nonsense")  # type: ignore[arg-type]  # no request is at hand
    if issubclass(kind, aiohttp.InvalidURL):
        return kind("::")
    return kind()


def test_every_client_error_of_aiohttp_has_its_words() -> None:
    """No class of error, present or future, is left unexplained, and timeouts are told apart."""
    kinds = [k for _, k in inspect.getmembers(aiohttp, inspect.isclass) if issubclass(k, aiohttp.ClientError)]
    assert len(kinds) > 15
    for kind in kinds:
        told = explain(some_error(kind), BRIEF)
        assert told.words
        assert (told.kind is FailureKind.TIMEOUT) == issubclass(kind, TimeoutError), kind


@pytest.mark.parametrize(
    ("causes", "words"),
    [
        (["error sending request", "client error (Connect)", "dns error", "error resolving DNS"], "resolved"),
        (["error sending request", "client error (Connect)", "invalid peer certificate: UnknownIssuer"], "TLS failed"),
        (
            ["error sending request", "client error (Connect)", "tcp connect error", "refused (os error 111)"],
            "refused)",
        ),
        (["error sending request", "client error (Connect)", "received corrupt message of type X"], "TLS failed"),
        (["error sending request", "client error (SendRequest)", "connection closed"], "reset"),
        ([], "reset"),
    ],
)
def test_every_cause_that_reqwest_names_has_its_words(causes: list[str], words: str) -> None:
    """The library tells errors apart by their causes; what it may say in future is a reset connection."""
    error = ConnectError("connection error", {"causes": [{"message": cause} for cause in causes]})
    told = over_reqwest.explain(error, BRIEF, elapsed=0.1)
    assert told.kind is FailureKind.CONNECTION
    assert words in told.words


@pytest.fixture(params=[OverAiohttp, OverReqwest], ids=["aiohttp", "reqwest"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Asks a model behind a URL once, over each transport in turn."""

    def open_transport(rule: TransportRule) -> Transport:
        transport: Transport = request.param(replace(rule, largest=4000))
        return transport

    async def asked(url: str) -> Any:
        http = Http(Endpoint(f"{url}/v1", "sk-some-key-1234"), timeouts=BRIEF, open_transport=open_transport)
        provider = OpenAI("t/x", "x", http)
        outcome = await provider.complete(Prompt((), text="hi"))
        await provider.close()
        return outcome

    return asked


@pytest.fixture(params=[OverAiohttp, OverReqwest], ids=["aiohttp", "reqwest"])
async def carrier(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    """Each transport in turn, with a header of its own and room for 4,000 bytes."""
    rule = TransportRule(BRIEF, direct=True, largest=4000, headers=(("Content-Type", "application/json"), ("X-A", "1")))
    transport: Transport = request.param(rule)
    yield transport
    await transport.close()


@asynccontextmanager
async def raw_server(speak: Speak, heard: list[bytes] | None = None) -> AsyncIterator[str]:
    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if heard is not None:
                heard.append(head)
            await speak(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.get_running_loop().create_task(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.close()
        await asyncio.gather(*served)


def says(data: bytes) -> Speak:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return speak


async def waits(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    while await reader.read(1024):
        pass


async def drips(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _number in range(20):
        writer.write(b" ")
        await asyncio.sleep(0.05)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CASES = [
    ("hang", waits, FailureKind.TIMEOUT, "no data for 0.2 s"),
    ("slow drip", drips, FailureKind.TIMEOUT, "within 0.4 s"),
    ("closed", says(b""), FailureKind.CONNECTION, "reset"),
    ("cut body", says(HEAD + b"Content-Length: 100\r\n\r\n{"), FailureKind.CONNECTION, "middle"),
    ("broken chunks", says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{"), FailureKind.BAD_REPLY, "not HTTP"),
    (
        "broken gzip",
        says(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"),
        FailureKind.BAD_REPLY,
        "decompressed",
    ),
    ("no HTTP", says(b"SSH-2.0-OpenSSH\r\n\r\n"), FailureKind.BAD_REPLY, "not HTTP"),
    ("garbage JSON", says(HEAD + b'Content-Length: 3\r\n\r\n{"a'), FailureKind.BAD_REPLY, "cannot be read"),
    ("wrong type", says(HEAD + b"Content-Length: 4\r\n\r\n<ht>"), FailureKind.BAD_REPLY, "is a web page; check the"),
    (
        "redirect",
        says(b"HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
        FailureKind.NOT_FOUND,
        "base",
    ),
]


@pytest.mark.parametrize(("speak", "kind", "part"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
async def test_a_bad_server_gives_a_failure(*, speak: Speak, kind: FailureKind, part: str, ask: Ask) -> None:
    """Whatever a server does, the outcome is a Failure of the right kind with the time it took."""
    async with raw_server(speak) as url:
        outcome = await ask(url)
    assert isinstance(outcome, Failure)
    assert outcome.kind is kind
    assert part in outcome.message
    assert outcome.latency_ms > 0


async def test_nobody_listening(unused_port: int, ask: Ask) -> None:
    """A refused connection names the address and asks the right question."""
    outcome = await ask(f"http://127.0.0.1:{unused_port}")
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.CONNECTION
    assert outcome.message == f"127.0.0.1:{unused_port}: cannot connect (Connection refused); is the server running?"


async def test_tls_to_a_server_without_it(ask: Ask) -> None:
    """A failed TLS handshake is a connection failure."""
    async with raw_server(says(b"HTTP/1.1 200 OK\r\n\r\n")) as url:
        outcome = await ask(url.replace("http:", "https:"))
    assert isinstance(outcome, Failure)
    assert outcome.kind in {FailureKind.CONNECTION, FailureKind.TIMEOUT}


@pytest.mark.parametrize("head", [b"Content-Length: 5000\r\n\r\n", b"Connection: close\r\n\r\n"])
async def test_a_runaway_body_is_not_swallowed(head: bytes, ask: Ask) -> None:
    """A body beyond the limit is given up, with and without an announced length."""
    async with raw_server(says(HEAD + head + b" " * 5000)) as url:
        outcome = await ask(url)
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.BAD_REPLY
    assert "longer than" in outcome.message


async def test_a_name_that_does_not_resolve(ask: Ask) -> None:
    """A misspelt host is said to be one."""
    outcome = await ask("http://no-such-host.invalid")
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.CONNECTION
    assert "no-such-host.invalid: the host name cannot be resolved" in outcome.message


async def test_one_answer_is_the_same_over_both(ask: Ask) -> None:
    """Text, served model, usage, the limits that are left and the key's public name arrive unchanged."""
    body = json.dumps(
        {
            "model": "served",
            "choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2},
        }
    ).encode()
    head = HEAD + b"X-RateLimit-Remaining-Requests: 7\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with raw_server(says(head + body)) as url:
        outcome = await ask(url)
    assert isinstance(outcome, Reply)
    assert (outcome.text, outcome.served, outcome.usage.input, outcome.usage.output) == ("Yes.", "served", 3, 2)
    assert outcome.quota is not None
    assert outcome.quota.requests is not None
    assert outcome.quota.requests.remaining == 7
    assert outcome.key == "...1234"


@pytest.mark.parametrize("code", [b"429 Too Many", b"500 Oops"])
async def test_headers_of_an_error_are_found_in_any_case(code: bytes, ask: Ask) -> None:
    """Retry-After counts however the server writes it."""
    head = b"HTTP/1.1 " + code + b"\r\nRETRY-AFTER: 9\r\nContent-Length: 2\r\n\r\n{}"
    async with raw_server(says(head)) as url:
        outcome = await ask(url)
    assert isinstance(outcome, Failure)
    assert outcome.retry_after == 9.0


class Parts:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    async def __call__(self, part: bytes) -> None:
        self.parts.append(part)


@pytest.mark.parametrize(
    ("call", "head", "kind"),
    [
        (Call("GET", "/a?b=c"), b"GET /a?b=c HTTP/1.1", b"application/json"),
        (Call("POST", "/a"), b"POST /a HTTP/1.1", b"application/json"),
        (Call("POST", "/a", b"{}"), b"POST /a HTTP/1.1", b"application/json"),
        (Call("POST", "/a", b"x", (("Content-Type", "text/plain"),)), b"POST /a HTTP/1.1", b"text/plain"),
    ],
)
async def test_any_method_with_headers_of_its_own(*, carrier: Transport, call: Call, head: bytes, kind: bytes) -> None:
    """The rule's headers go along, and a call's own stand in the place of those of the same name."""
    heard: list[bytes] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readexactly(len(call.body)))
        writer.write(HEAD + b"Content-Length: 2\r\n\r\n{}")
        await writer.drain()

    async with raw_server(speak, heard) as url:
        answer = await carrier.send(replace(call, url=url + call.url))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (200, b"{}")
    request, body = heard[0].lower(), heard[1]
    assert heard[0].startswith(head)
    assert (b"content-type: " + kind in request, request.count(b"content-type"), b"x-a: 1" in request) == (
        True,
        1,
        True,
    )
    assert body == call.body


async def test_a_long_body_is_poured_part_by_part(carrier: Transport) -> None:
    """What is longer than the largest body arrives whole, in parts, where somebody takes it."""
    content = bytes(range(256)) * 4000
    sink = Parts()
    async with raw_server(says(HEAD + b"Content-Length: %d\r\n\r\n" % len(content) + content)) as url:
        answer = await carrier.send(Call("GET", url), sink)
    assert isinstance(answer, Answer)
    assert b"".join(sink.parts) == content
    assert len(sink.parts) > 10


async def test_an_error_is_not_poured(carrier: Transport) -> None:
    """Its body is the answer's, as without a sink."""
    sink = Parts()
    async with raw_server(says(b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}")) as url:
        answer = await carrier.send(Call("GET", url), sink)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, sink.parts) == (404, b"{}", [])


@pytest.mark.parametrize(("speak", "kind", "part"), [case[1:] for case in CASES[:5]], ids=[c[0] for c in CASES[:5]])
async def test_a_body_that_breaks_off(*, speak: Speak, kind: FailureKind, part: str, carrier: Transport) -> None:
    """Whatever a server does, there is a reason of the right kind, whether anybody takes the body or not."""
    async with raw_server(speak) as url:
        for sink in (Parts(), None):
            told = await carrier.send(Call("GET", url), sink)
            assert isinstance(told, NoAnswer)
            assert (told.kind, part in told.words) == (kind, True)


async def test_what_a_sink_raises_ends_the_request(carrier: Transport) -> None:
    """Nothing is swallowed."""

    async def full(_: bytes) -> None:
        raise LookupError

    async with raw_server(says(HEAD + b"Content-Length: 2\r\n\r\n{}")) as url:
        with pytest.raises(LookupError):
            await carrier.send(Call("GET", url), full)


@pytest.mark.parametrize("poured", [False, True])
async def test_who_is_cancelled_as_the_answer_comes_is_cancelled(*, carrier: Transport, poured: bool) -> None:
    """A response that has come meanwhile does not make anybody go on who was to end."""
    under_way = 0
    for _ in range(20):
        answered = asyncio.Event()

        async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answered: asyncio.Event) -> None:
            writer.write(HEAD + b"Content-Length: 2\r\n\r\n{}")
            time.sleep(0.005)  # noqa: ASYNC251 - it arrives where no loop is needed for that
            answered.set()  # so that who waits comes after the loop was told, and before the task

        async with raw_server(functools.partial(speak, answered=answered)) as url:
            asked = carrier.send(Call("GET", url), Parts()) if poured else carrier.post(url, b"{}")
            task = asyncio.ensure_future(asked)
            await answered.wait()
            if task.cancel():
                under_way += 1
                await asyncio.wait({task}, timeout=5)
                assert task.cancelled()
    assert under_way


async def test_who_was_cancelled_may_still_clean_up(carrier: Transport) -> None:
    """A request that is begun after a cancellation was caught has its answer."""

    async def cleans_up(url: str) -> Answer | NoAnswer:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return await carrier.post(url, b"{}")

    async with raw_server(says(HEAD + b"Content-Length: 2\r\n\r\n{}")) as url:
        task = asyncio.create_task(cleans_up(url))
        await asyncio.sleep(0)
        task.cancel()
        assert isinstance(await task, Answer)


def test_the_faster_transport_is_taken_where_it_is_installed() -> None:
    """The extra ``[fast]`` decides, nothing else."""
    assert isinstance(fastest(TransportRule()), OverReqwest)


async def test_close_is_idempotent_and_the_key_is_not_shown() -> None:
    """Closing twice, or before any call, is harmless; no repr holds the key."""
    http = Http(Endpoint("http://localhost:1/v1", "sk-planted-secret"))
    await http.close()
    await http.close()
    assert "planted" not in repr(Endpoint("http://localhost:1/v1", "sk-planted-secret"))


@pytest.fixture
def unused_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
