"""The official SDKs run against the mock server in every mode and raise their own documented errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from causal_eval.mock.answers import Fixed
from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.server import MockConfig, MockServer

pytestmark = pytest.mark.anyio

TEXT = "Yes, it does."
Call = Callable[[str], Awaitable[Any]]
MALFORMED = json.JSONDecodeError
"""What both SDKs let through for JSON that cannot be read: they document no error of their own for it."""

OPENAI: list[tuple[Mode, type[Exception]]] = [
    (Mode.RATE_LIMIT, openai.RateLimitError),
    (Mode.RATE_LIMIT_BARE, openai.RateLimitError),
    (Mode.RATE_LIMIT_DATE, openai.RateLimitError),
    (Mode.QUOTA, openai.RateLimitError),
    (Mode.SERVER_ERROR, openai.InternalServerError),
    (Mode.BAD_GATEWAY, openai.InternalServerError),
    (Mode.OVERLOADED, openai.InternalServerError),
    (Mode.BAD_REQUEST, openai.BadRequestError),
    (Mode.UNAUTHORIZED, openai.AuthenticationError),
    (Mode.FORBIDDEN, openai.PermissionDeniedError),
    (Mode.NOT_FOUND, openai.NotFoundError),
    (Mode.TOO_LARGE, openai.APIStatusError),
    (Mode.UNPROCESSABLE, openai.UnprocessableEntityError),
    (Mode.REDIRECT, openai.NotFoundError),
    (Mode.RESET, openai.APIConnectionError),
    (Mode.BREAK_OFF, openai.APIConnectionError),
    (Mode.HANG, openai.APITimeoutError),
    (Mode.BROKEN_CHUNKS, openai.APIConnectionError),
    (Mode.BROKEN_GZIP, openai.APIConnectionError),
    (Mode.GARBAGE, MALFORMED),
    (Mode.ENDLESS, TimeoutError),
]
ANTHROPIC: list[tuple[Mode, type[Exception]]] = [
    (Mode.RATE_LIMIT, anthropic.RateLimitError),
    (Mode.RATE_LIMIT_BARE, anthropic.RateLimitError),
    (Mode.RATE_LIMIT_DATE, anthropic.RateLimitError),
    (Mode.QUOTA, anthropic.APIStatusError),
    (Mode.SERVER_ERROR, anthropic.InternalServerError),
    (Mode.BAD_GATEWAY, anthropic.InternalServerError),
    (Mode.OVERLOADED, anthropic.InternalServerError),
    (Mode.BAD_REQUEST, anthropic.BadRequestError),
    (Mode.UNAUTHORIZED, anthropic.AuthenticationError),
    (Mode.FORBIDDEN, anthropic.PermissionDeniedError),
    (Mode.NOT_FOUND, anthropic.NotFoundError),
    (Mode.TOO_LARGE, anthropic.APIStatusError),
    (Mode.UNPROCESSABLE, anthropic.UnprocessableEntityError),
    (Mode.REDIRECT, anthropic.NotFoundError),
    (Mode.RESET, anthropic.APIConnectionError),
    (Mode.BREAK_OFF, anthropic.APIConnectionError),
    (Mode.HANG, anthropic.APITimeoutError),
    (Mode.BROKEN_CHUNKS, anthropic.APIConnectionError),
    (Mode.BROKEN_GZIP, anthropic.APIConnectionError),
    (Mode.GARBAGE, MALFORMED),
    (Mode.ENDLESS, TimeoutError),
    (Mode.CONTENT_FILTER, anthropic.BadRequestError),
]
THROUGH = {
    Mode.BREAK_OFF: httpx2.RemoteProtocolError,
    Mode.BROKEN_CHUNKS: httpx2.RemoteProtocolError,
    Mode.BROKEN_GZIP: httpx2.DecodingError,
}
"""What Anthropic's SDK lets through from the HTTP client when it is streaming."""
INTACT = [Mode.DRIP, Mode.SLOW_HEADERS, Mode.CLOSE, Mode.HTTP10, Mode.GZIP, Mode.STALE]
"""Odd ways to travel that lose nothing (a connection is stale from its second request on)."""
SAYING = {
    Mode.OTHER_NAME: TEXT,
    Mode.UNCLOSED_THINK: f"<think>\nLet me see. {TEXT}",
    Mode.DUPLICATED: f"{TEXT}\n\n{TEXT}",
    Mode.BIG: TEXT.ljust(1_000_000, "."),
}
"""Replies that look like any other on the wire."""
TESTED_ALONE = {Mode.EMPTY, Mode.TRUNCATION, Mode.REFUSAL, Mode.CONTENT_FILTER, Mode.PAGE, Mode.ERROR_IN_200}

PATIENCE = 20.0
SHORT = 1.5
"""Seconds: the first where a reply comes, the second where none ever does; a busy machine is no fault of the server."""


@asynccontextmanager
async def running(*modes: Mode) -> AsyncIterator[MockServer]:
    seconds = {Mode.HANG: 30.0, Mode.DRIP: 0.2, Mode.SLOW_HEADERS: 0.2, Mode.ENDLESS: 0.05}
    faults = tuple(Fault(mode, seconds=seconds.get(mode, 2.0), size=1_000_000) for mode in modes)
    async with MockServer(MockConfig(answers=Fixed(TEXT), faults=faults)) as server:
        yield server


async def ask_openai(url: str, *, stream: bool = False, patience: float = PATIENCE) -> Any:
    """The completion, or the list of its chunks."""
    async with openai.AsyncOpenAI(api_key="sk-x", base_url=f"{url}/v1", max_retries=0, timeout=patience) as client:
        answer: Any = await client.chat.completions.create(
            model="gpt-x", messages=[{"role": "user", "content": "Does it?"}], stream=stream
        )
        return [chunk async for chunk in answer] if stream else answer


async def ask_anthropic(url: str, *, stream: bool = False, patience: float = PATIENCE) -> Any:
    """The message, or the list of its events."""
    async with anthropic.AsyncAnthropic(api_key="sk-x", base_url=url, max_retries=0, timeout=patience) as client:
        answer: Any = await client.messages.create(
            model="claude-x", max_tokens=9, messages=[{"role": "user", "content": "Does it?"}], stream=stream
        )
        return [event async for event in answer] if stream else answer


def test_every_mode_is_tried() -> None:
    """No way to fail without an SDK that met it."""
    answered = {*INTACT, *SAYING, *TESTED_ALONE}
    assert {mode for mode, _ in OPENAI} | answered == set(Mode)
    assert {mode for mode, _ in ANTHROPIC} | answered == set(Mode)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("mode", "error"), OPENAI)
async def test_openais_errors(*, mode: Mode, error: type[Exception], stream: bool) -> None:
    """The OpenAI SDK raises its own error for the mode, streaming or not."""
    async with running(mode) as server:
        with pytest.raises(error) as told:
            async with asyncio.timeout(SHORT if mode is Mode.ENDLESS else 2 * PATIENCE):
                await ask_openai(server.url, stream=stream, patience=SHORT if mode is Mode.HANG else PATIENCE)
        assert server.spoiled == {mode: 1}
    if mode is Mode.RATE_LIMIT:
        assert told.value.response.headers["retry-after"] == "2"  # type: ignore[attr-defined]  # a status error
    if mode is Mode.QUOTA:
        assert told.value.code == "insufficient_quota"  # type: ignore[attr-defined]  # a status error


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("mode", "error"), ANTHROPIC)
async def test_anthropics_errors(*, mode: Mode, error: type[Exception], stream: bool) -> None:
    """The Anthropic SDK raises its own error for the mode, streaming or not.

    A stream that breaks off is the exception: this SDK lets the HTTP client's error through there.
    """
    expected = THROUGH.get(mode, error) if stream else error
    async with running(mode) as server:
        with pytest.raises(expected):
            async with asyncio.timeout(SHORT if mode is Mode.ENDLESS else 2 * PATIENCE):
                await ask_anthropic(server.url, stream=stream, patience=SHORT if mode is Mode.HANG else PATIENCE)
        assert server.spoiled == {mode: 1}


def openai_text(answer: Any, *, stream: bool) -> str:
    """What the completion or its chunks say."""
    if not stream:
        return str(answer.choices[0].message.content)
    return "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)


def anthropic_text(answer: Any, *, stream: bool) -> str:
    """What the message or its events say."""
    if not stream:
        return str(answer.content[0].text)
    return "".join(event.delta.text for event in answer if event.type == "content_block_delta")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("mode", INTACT)
async def test_odd_ways_to_travel_lose_nothing(*, mode: Mode, stream: bool) -> None:
    """Both SDKs get the whole reply over a slow, old, compressed or closing connection."""
    async with running(mode) as server:
        assert openai_text(await ask_openai(server.url, stream=stream), stream=stream) == TEXT
        assert anthropic_text(await ask_anthropic(server.url, stream=stream), stream=stream) == TEXT
        assert server.spoiled == ({} if mode is Mode.STALE else {mode: 2})


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("mode", SAYING)
async def test_odd_replies_arrive_as_they_are(*, mode: Mode, stream: bool) -> None:
    """What only a reader of the text or of the served name can notice."""
    async with running(mode) as server:
        one, two = await ask_openai(server.url, stream=stream), await ask_anthropic(server.url, stream=stream)
    assert openai_text(one, stream=stream) == SAYING[mode]
    assert anthropic_text(two, stream=stream) == SAYING[mode]
    served = {one[0].model, two[0].message.model} if stream else {one.model, two.model}
    assert served == ({"another-name-1"} if mode is Mode.OTHER_NAME else {"gpt-x", "claude-x"})


async def test_a_page_is_no_reply() -> None:
    """Neither SDK notices: the page itself is handed on, or a stream without any event."""
    async with running(Mode.PAGE) as server:
        for ask in (ask_openai, ask_anthropic):
            assert (await ask(server.url)).startswith("<!doctype html>")
            assert await ask(server.url, stream=True) == []


async def test_an_error_in_a_200() -> None:
    """A stream raises it; without one, both SDKs hand on an object that holds the error and nothing else."""
    async with running(Mode.ERROR_IN_200) as server:
        one, two = await ask_openai(server.url), await ask_anthropic(server.url)
        assert (one.choices, two.content) == (None, None)
        assert "upstream" in one.error["message"]
        assert "upstream" in two.error["message"]
        with pytest.raises(openai.APIError, match="upstream"):
            await ask_openai(server.url, stream=True)
        with pytest.raises(anthropic.APIStatusError, match="upstream"):
            await ask_anthropic(server.url, stream=True)


async def test_openais_content_filter() -> None:
    """The reply breaks off, and says why."""
    async with running(Mode.CONTENT_FILTER) as server:
        choice = (await ask_openai(server.url)).choices[0]
        chunks = await ask_openai(server.url, stream=True)
    assert (choice.message.content, choice.finish_reason) == (TEXT[:6], "content_filter")
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "content_filter"


async def test_openais_replies() -> None:
    """A plain reply, and the three ways in which a 200 is none."""
    async with running() as server:
        plain = await ask_openai(server.url)
    assert plain.choices[0].message.content == TEXT
    assert (plain.choices[0].finish_reason, plain.model, plain.usage.total_tokens) == ("stop", "gpt-x", 5)
    async with running(Mode.EMPTY) as server:
        assert (await ask_openai(server.url)).choices == []
    async with running(Mode.TRUNCATION) as server:
        cut = (await ask_openai(server.url)).choices[0]
    assert (cut.message.content, cut.finish_reason) == (TEXT[:6], "length")
    async with running(Mode.REFUSAL) as server:
        refused = (await ask_openai(server.url)).choices[0].message
    assert (refused.content, bool(refused.refusal)) == (None, True)


async def test_openais_streams() -> None:
    """The chunks add up to the reply, its finish and its usage."""
    async with running() as server:
        chunks = await ask_openai(server.url, stream=True)
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert "".join(choice.delta.content or "" for choice in choices) == TEXT
    assert choices[-1].finish_reason == "stop"
    assert chunks[-1].usage.completion_tokens == 3
    async with running(Mode.EMPTY) as server:
        assert not any(chunk.choices for chunk in await ask_openai(server.url, stream=True))
    async with running(Mode.TRUNCATION) as server:
        chunks = await ask_openai(server.url, stream=True)
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "length"
    async with running(Mode.REFUSAL) as server:
        chunks = await ask_openai(server.url, stream=True)
    assert "".join(c.choices[0].delta.refusal or "" for c in chunks if c.choices).startswith("I can't")


async def test_anthropics_replies() -> None:
    """A plain reply, and the three ways in which a 200 is none."""
    async with running() as server:
        plain = await ask_anthropic(server.url)
    assert (plain.content[0].text, plain.stop_reason, plain.model) == (TEXT, "end_turn", "claude-x")
    assert (plain.usage.input_tokens, plain.usage.output_tokens) == (2, 3)
    async with running(Mode.EMPTY) as server:
        assert (await ask_anthropic(server.url)).content == []
    async with running(Mode.TRUNCATION) as server:
        cut = await ask_anthropic(server.url)
    assert (cut.content[0].text, cut.stop_reason) == (TEXT[:6], "max_tokens")
    async with running(Mode.REFUSAL) as server:
        refused = await ask_anthropic(server.url)
    assert (refused.stop_reason, refused.stop_details.type) == ("refusal", "refusal")


async def test_anthropics_streams() -> None:
    """The SDK's own accumulator rebuilds the message from the events."""
    async with (
        running() as server,
        anthropic.AsyncAnthropic(api_key="sk-x", base_url=server.url, max_retries=0) as client,
        client.messages.stream(
            model="claude-x", max_tokens=9, messages=[{"role": "user", "content": "Does it?"}]
        ) as stream,
    ):
        message = await stream.get_final_message()
    assert message.stop_reason == "end_turn"
    assert [block.text for block in message.content if block.type == "text"] == [TEXT]
    for mode, reason in ((Mode.TRUNCATION, "max_tokens"), (Mode.REFUSAL, "refusal"), (Mode.EMPTY, "end_turn")):
        async with running(mode) as server:
            events = await ask_anthropic(server.url, stream=True)
        assert [e.delta.stop_reason for e in events if e.type == "message_delta"] == [reason]
        assert events[-1].type == "message_stop"


async def test_both_list_the_models() -> None:
    """``/v1/models`` is read by either SDK."""
    async with MockServer(MockConfig(models=("a", "b"))) as server:
        async with openai.AsyncOpenAI(api_key="x", base_url=f"{server.url}/v1", max_retries=0) as one:
            assert [row.id for row in (await one.models.list()).data] == ["a", "b"]
        async with anthropic.AsyncAnthropic(api_key="x", base_url=server.url, max_retries=0) as two:
            assert [row.id for row in (await two.models.list()).data] == ["a", "b"]


async def test_the_sdks_retry_by_the_mocks_header() -> None:
    """With its retries on, the SDK comes back after a 429 and gets its reply."""
    fault = Fault(Mode.RATE_LIMIT, first=1, seconds=0.01)
    async with (
        MockServer(MockConfig(answers=Fixed(TEXT), faults=(fault,))) as server,
        openai.AsyncOpenAI(api_key="x", base_url=f"{server.url}/v1", max_retries=1) as client,
    ):
        answer = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "?"}])
        assert answer.choices[0].message.content == TEXT
        assert server.received == {"/v1/chat/completions": 2}
