"""Our adapters against the mock server in every mode, and what the server can be told."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import Any

import aiohttp
import pytest

from causal_eval.errors import UsageError
from causal_eval.mock.answers import AnswerTable, Fixed, Script
from causal_eval.mock.certificate import Certificate
from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.scenario import parse_scenario
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.providers.clock import SimulatedClock
from causal_eval.providers.provider import Failure, FailureKind, Message, Outcome, Prompt, Refusal, Reply
from causal_eval.providers.scripted import prompt_key
from causal_eval.providers.transport import Timeouts

pytestmark = pytest.mark.anyio
ASKED = Prompt((Message("user", "Does it?"),))
KINDS: dict[Mode, FailureKind] = {
    Mode.RATE_LIMIT: FailureKind.RATE_LIMIT,
    Mode.RATE_LIMIT_BARE: FailureKind.RATE_LIMIT,
    Mode.RATE_LIMIT_DATE: FailureKind.RATE_LIMIT,
    Mode.QUOTA: FailureKind.QUOTA,
    Mode.SERVER_ERROR: FailureKind.SERVER_ERROR,
    Mode.BAD_GATEWAY: FailureKind.SERVER_ERROR,
    Mode.OVERLOADED: FailureKind.SERVER_ERROR,
    Mode.BAD_REQUEST: FailureKind.BAD_REQUEST,
    Mode.UNAUTHORIZED: FailureKind.AUTH,
    Mode.FORBIDDEN: FailureKind.AUTH,
    Mode.NOT_FOUND: FailureKind.NOT_FOUND,
    Mode.TOO_LARGE: FailureKind.BAD_REQUEST,
    Mode.UNPROCESSABLE: FailureKind.BAD_REQUEST,
    Mode.REDIRECT: FailureKind.NOT_FOUND,
    Mode.RESET: FailureKind.CONNECTION,
    Mode.BREAK_OFF: FailureKind.CONNECTION,
    Mode.HANG: FailureKind.TIMEOUT,
    Mode.BROKEN_CHUNKS: FailureKind.BAD_REPLY,
    Mode.GARBAGE: FailureKind.BAD_REPLY,
    Mode.PAGE: FailureKind.BAD_REPLY,
    Mode.ENDLESS: FailureKind.BAD_REPLY,
}
"""What both adapters make of a mode."""
SAID: dict[Mode, str] = {
    Mode.TRUNCATION: "Yes, i",
    Mode.UNCLOSED_THINK: "<think>\nLet me see. Yes, it does.",
    Mode.DUPLICATED: "Yes, it does.\n\nYes, it does.",
    Mode.BIG: "Yes, it does.".ljust(50_000, "."),
}
APART = {Mode.EMPTY, Mode.REFUSAL, Mode.CONTENT_FILTER, Mode.ERROR_IN_200, Mode.BROKEN_GZIP}
"""Tested elsewhere in this file."""


async def ask(build: Any, config: MockConfig, *, times: int = 1, asked: Prompt = ASKED) -> list[Outcome]:
    """The outcomes of as many calls, one after the other."""
    async with MockServer(config) as server:
        provider = build(server.url, timeouts=Timeouts(read=0.3, total=2.0))
        outcomes = [await provider.complete(asked) for _ in range(times)]
        await provider.close()
    return outcomes


@pytest.mark.parametrize("api", ["openai_at", "anthropic_at"])
@pytest.mark.parametrize("mode", [mode for mode in Mode if mode not in APART])
async def test_our_adapters_in_every_mode(*, api: str, mode: Mode, request: pytest.FixtureRequest) -> None:
    """Each mode has one outcome, the same for both APIs; what is no failure says what was said, whole."""
    seconds = {Mode.HANG: 30.0, Mode.ENDLESS: 0.0}.get(mode, 0.2)
    config = MockConfig(answers=Fixed("Yes, it does."), faults=(Fault(mode, seconds=seconds, size=50_000),))
    (outcome,) = await ask(request.getfixturevalue(api), config)
    if mode in KINDS:
        assert isinstance(outcome, Failure), outcome
        assert outcome.kind is KINDS[mode]
    else:
        assert isinstance(outcome, Reply), outcome
        assert outcome.text == SAID.get(mode, "Yes, it does.")
        assert outcome.finish == ("length" if mode is Mode.TRUNCATION else "stop")
        assert (outcome.served == "another-name-1") is (mode is Mode.OTHER_NAME)


async def test_what_the_apis_say_differently(openai_at: Any, anthropic_at: Any) -> None:
    """Nothing, a refusal, a filter: what one API calls an odd reply, the other calls an error."""

    async def outcome(build: Any, mode: Mode) -> Outcome:
        (one,) = await ask(build, MockConfig(answers=Fixed("Yes, it does."), faults=(Fault(mode),)))
        return one

    for build in (openai_at, anthropic_at):
        refused = await outcome(build, Mode.REFUSAL)
        assert isinstance(refused, Refusal)
        assert refused.reason.startswith("I can't")
        for mode in (Mode.ERROR_IN_200, Mode.BROKEN_GZIP):
            assert isinstance(await outcome(build, mode), Failure)
    assert isinstance(await outcome(openai_at, Mode.EMPTY), Failure)
    nothing = await outcome(anthropic_at, Mode.EMPTY)
    assert isinstance(nothing, Reply)
    assert not nothing.text
    assert isinstance(await outcome(openai_at, Mode.CONTENT_FILTER), Refusal)
    assert not isinstance(await outcome(anthropic_at, Mode.CONTENT_FILTER), Reply)


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (Fault(Mode.RATE_LIMIT, seconds=30), 30.0),
        (Fault(Mode.RATE_LIMIT_BARE, seconds=30), None),
        (Fault(Mode.RATE_LIMIT_DATE, seconds=30), 30.0),
        (Fault(Mode.RATE_LIMIT_DATE, seconds=30, skew=7200), 30.0),
        (Fault(Mode.OVERLOADED, seconds=4), 4.0),
        (Fault(Mode.OVERLOADED), None),
        (Fault(Mode.QUOTA), None),
    ],
)
async def test_retry_after(fault: Fault, seconds: float | None, openai_at: Any) -> None:
    """In seconds, as a date by the server's own clock, or not at all."""
    (outcome,) = await ask(openai_at, MockConfig(faults=(fault,)))
    assert isinstance(outcome, Failure)
    assert outcome.retry_after == (None if seconds is None else pytest.approx(seconds, abs=1.1))


async def test_a_connection_goes_stale(openai_at: Any) -> None:
    """The second request on a connection meets a reset, and a new connection is as good as the first."""
    config = MockConfig(faults=(Fault(Mode.STALE),))
    outcomes = await ask(openai_at, config, times=4)
    assert [isinstance(outcome, Failure) for outcome in outcomes] == [False, True, False, True]


async def test_a_connection_is_closed_between_requests() -> None:
    """The whole answer, no word of closing in its headers, and then the end."""
    async with MockServer(MockConfig(faults=(Fault(Mode.CLOSE),))) as server:
        host, port = server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert b"connection:" not in head.lower()
    assert json.loads(body)["content"]


async def test_a_table_answers_by_prompt(openai_at: Any, anthropic_at: Any) -> None:
    """The last user message decides; what is not in the table is refused with 400, or gets the fallback."""
    table = {prompt_key("Does it?"): "Known."}
    for build in (openai_at, anthropic_at):
        (known,) = await ask(build, MockConfig(answers=AnswerTable(table)))
        assert isinstance(known, Reply)
        assert known.text == "Known."
        (unknown,) = await ask(build, MockConfig(answers=AnswerTable({})))
        assert isinstance(unknown, Failure)
        assert unknown.kind is FailureKind.BAD_REQUEST
        (fallback,) = await ask(build, MockConfig(answers=AnswerTable({}, fallback="?")))
        assert isinstance(fallback, Reply)
        assert fallback.text == "?"


async def test_a_script_answers_in_order(openai_at: Any) -> None:
    """Reply by reply; after the last there is none."""
    one, two, none = await ask(openai_at, MockConfig(answers=Script(["a", "b"])), times=3)
    assert [o.text for o in (one, two) if isinstance(o, Reply)] == ["a", "b"]
    assert isinstance(none, Failure)


async def test_a_key_can_be_demanded(openai_at: Any, key: str) -> None:
    """Only the configured key is let in."""
    (refused,) = await ask(openai_at, MockConfig(key="another"))
    assert isinstance(refused, Failure)
    assert refused.kind is FailureKind.AUTH
    (let_in,) = await ask(openai_at, MockConfig(key=key))
    assert isinstance(let_in, Reply)


async def test_latency(openai_at: Any) -> None:
    """Every answer takes at least as long as configured."""
    (outcome,) = await ask(openai_at, MockConfig(latency=0.05))
    assert isinstance(outcome, Reply)
    assert outcome.latency_ms >= 49


async def test_it_counts(openai_at: Any) -> None:
    """Requests by path and faults by mode."""
    config = MockConfig(faults=(Fault(Mode.SERVER_ERROR, every=3),))
    async with MockServer(config) as server:
        provider = openai_at(server.url)
        outcomes = [await provider.complete(ASKED) for _ in range(7)]
        await provider.close()
        assert server.received == {"/v1/chat/completions": 7}
        assert server.spoiled == {Mode.SERVER_ERROR: 2}
    assert [isinstance(outcome, Failure) for outcome in outcomes] == [number % 3 == 0 for number in range(1, 8)]


async def test_a_client_that_hangs_up_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    """A request that breaks off in its body is not worth a word; the next one is answered."""
    async with MockServer() as server:
        host, port = server.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
        await writer.drain()
        asked = b'{"messages": [{"role": "user", "content": "?"}]}'
        await post(server.url, asked)  # by now the first request is being read
        writer.transport.abort()
        status, _ = await post(server.url, asked)
    assert status == 200
    assert caplog.records == []


async def post(url: str, body: bytes) -> tuple[int, Any]:
    """Status and JSON of a raw request to the chat endpoint."""
    async with aiohttp.ClientSession() as session, session.post(f"{url}/v1/chat/completions", data=body) as response:
        return response.status, await response.json()


async def test_content_parts_and_nonsense() -> None:
    """A list of text parts is one text; a body that is no object is refused with 400."""
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    good = json.dumps({"messages": [{"role": "user", "content": parts}]}).encode()
    async with MockServer(MockConfig(answers=AnswerTable({prompt_key("ab"): "ok"}))) as server:
        status, body = await post(server.url, good)
        assert (status, body["choices"][0]["message"]["content"]) == (200, "ok")
        for wrong in (b"[]", b"{", b""):
            assert (await post(server.url, wrong))[0] == 400


async def test_a_shared_port_is_taken_over_without_a_gap() -> None:
    """Two listen there at once where both say so; whoever does not is refused."""
    async with MockServer(MockConfig(shares_port=True)) as first:
        port = int(first.url.rpartition(":")[2])
        async with MockServer(MockConfig(shares_port=True, port=port)) as second:
            assert second.url == first.url
            await first.stop()
            async with aiohttp.ClientSession() as session, session.get(f"{second.url}/v1/models") as answer:
                assert answer.status == 200
            with pytest.raises(UsageError, match=f"{port}.*--port"):
                await MockServer(MockConfig(port=port)).start()


async def test_a_taken_port_is_said() -> None:
    """The second server on a port names it and the option to change."""
    async with MockServer() as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(UsageError, match=f"{port}.*--port"):
            await MockServer(MockConfig(port=port)).start()


async def test_stopping_cuts_what_hangs(openai_at: Any) -> None:
    """A server that stops does not wait for a hanging call."""
    server = MockServer(MockConfig(faults=(Fault(Mode.HANG, seconds=60),)))
    await server.start()
    provider = openai_at(server.url)
    call = asyncio.create_task(provider.complete(ASKED))
    for _ in range(500):  # until the call has arrived
        if not server.received:
            await asyncio.sleep(0.01)
    assert server.received
    async with asyncio.timeout(5):
        await server.stop()
        assert isinstance(await call, Failure)
    await server.stop()
    await provider.close()


@pytest.mark.parametrize("kind", list(Certificate))
async def test_https_that_nobody_should_trust(kind: Certificate) -> None:
    """A client refuses it for its signature; one that trusts the file is served, unless it is too old."""
    async with MockServer(MockConfig(tls=kind)) as server, aiohttp.ClientSession() as session:
        assert server.url.startswith("https://127.0.0.1:")
        with pytest.raises(aiohttp.ClientConnectorCertificateError, match=r"self.signed|expired"):
            await session.get(f"{server.url}/v1/models")
        trusting = ssl.create_default_context(cafile=server.certificate)
        if kind is Certificate.EXPIRED:
            with pytest.raises(aiohttp.ClientConnectorCertificateError, match="expired"):
                await session.get(f"{server.url}/v1/models", ssl=trusting)
        else:
            async with session.get(f"{server.url}/v1/models", ssl=trusting) as response:
                assert response.status == 200
    assert server.certificate is not None
    assert not server.certificate.exists()


async def test_a_certificate_of_another_kind() -> None:
    """The known ones are named."""
    with pytest.raises(UsageError, match="self-signed"):
        await MockServer(MockConfig(tls="self-singed")).start()


SCENARIO = """
[keys.one]
value = "sk-planted-secret-value-1234"
[keys.dead]
value = "dead"
revoked_from_request = 1
[keys.poor]
value = "poor"
quota = 1
[keys.slow]
value = "slow"
requests_per_minute = 2

[[phase]]
mode = "server-error"
model = "flappy"
from_second = 5
for_seconds = 10
"""


async def test_a_scenario_on_the_wire() -> None:
    """A dead key among four, a quota, a limit with its headers, and a phase that comes and goes with the clock."""
    told, clock = parse_scenario(SCENARIO), SimulatedClock()
    config = MockConfig(keys=told.keys, phases=told.phases, clock=clock)
    async with MockServer(config) as server, aiohttp.ClientSession() as session:

        async def ask(key: str, *, model: str = "m", path: str = "chat/completions") -> aiohttp.ClientResponse:
            body = {"model": model, "messages": [{"role": "user", "content": "?"}]}
            headers = {"x-api-key": key} if path == "messages" else {"Authorization": f"Bearer {key}"}
            return await session.post(f"{server.url}/v1/{path}", json=body, headers=headers)

        assert [(await ask(key)).status for key in ("sk-planted-secret-value-1234", "dead", "nobody")] == [
            200,
            401,
            401,
        ]
        assert [(await ask("poor")).status for _ in range(2)] == [200, 429]
        first, second, third = [await ask("slow") for _ in range(3)]
        assert (first.status, second.status, third.status) == (200, 200, 429)
        limit = {
            name.removeprefix("x-ratelimit-"): value for name, value in first.headers.items() if "ratelimit" in name
        }
        assert limit == {"limit-requests": "2", "remaining-requests": "1", "reset-requests": "30s"}
        assert third.headers["Retry-After"] == "30"
        clock.advance(30)
        other = await ask("slow", path="messages")
        assert other.headers["anthropic-ratelimit-requests-remaining"] == "0"
        assert other.headers["anthropic-ratelimit-requests-reset"] == "2023-11-14T22:14:50.000Z"
    async with MockServer(config) as server, aiohttp.ClientSession() as session:
        key = "sk-planted-secret-value-1234"
        statuses = []
        for _ in range(4):
            statuses.append(((await ask(key, model="flappy")).status, (await ask(key)).status))
            clock.advance(5)
        assert statuses == [(200, 200), (500, 200), (500, 200), (200, 200)]


async def test_the_key_headers_of_every_api() -> None:
    """Bearer, Anthropic's, Azure's and Google's are one key."""
    async with MockServer(MockConfig(key="k")) as server, aiohttp.ClientSession() as session:
        for headers in ({"Authorization": "Bearer k"}, {"x-api-key": "k"}, {"api-key": "k"}, {"x-goog-api-key": "k"}):
            response = await session.post(f"{server.url}/v1/messages", json={}, headers=headers)
            assert response.status == 200
        assert (await session.post(f"{server.url}/v1/messages", json={})).status == 401
