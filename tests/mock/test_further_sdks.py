"""The official SDKs of the Responses API, Azure and Gemini meet every mode of the mock server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import openai
import pytest
from google import genai
from google.genai import errors, types

from causal_eval.mock.answers import Fixed
from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.server import MockConfig, MockServer

pytestmark = pytest.mark.anyio

TEXT = "Yes, it does."
VERSION = "2025-04-01-preview"
Ask = Callable[..., Awaitable[Any]]

OPENAI: dict[Mode, type[Exception]] = {
    Mode.RATE_LIMIT: openai.RateLimitError,
    Mode.RATE_LIMIT_BARE: openai.RateLimitError,
    Mode.RATE_LIMIT_DATE: openai.RateLimitError,
    Mode.QUOTA: openai.RateLimitError,
    Mode.SERVER_ERROR: openai.InternalServerError,
    Mode.BAD_GATEWAY: openai.InternalServerError,
    Mode.OVERLOADED: openai.InternalServerError,
    Mode.BAD_REQUEST: openai.BadRequestError,
    Mode.UNAUTHORIZED: openai.AuthenticationError,
    Mode.FORBIDDEN: openai.PermissionDeniedError,
    Mode.NOT_FOUND: openai.NotFoundError,
    Mode.TOO_LARGE: openai.APIStatusError,
    Mode.UNPROCESSABLE: openai.UnprocessableEntityError,
    Mode.REDIRECT: openai.NotFoundError,
    Mode.RESET: openai.APIConnectionError,
    Mode.BREAK_OFF: openai.APIConnectionError,
    Mode.HANG: openai.APITimeoutError,
    Mode.BROKEN_CHUNKS: openai.APIConnectionError,
    Mode.BROKEN_GZIP: openai.APIConnectionError,
    Mode.GARBAGE: json.JSONDecodeError,
    Mode.ENDLESS: TimeoutError,
}
GOOGLE: dict[Mode, type[Exception]] = {
    Mode.RATE_LIMIT: errors.ClientError,
    Mode.RATE_LIMIT_BARE: errors.ClientError,
    Mode.RATE_LIMIT_DATE: errors.ClientError,
    Mode.QUOTA: errors.ClientError,
    Mode.SERVER_ERROR: errors.ServerError,
    Mode.BAD_GATEWAY: errors.ServerError,
    Mode.OVERLOADED: errors.ServerError,
    Mode.BAD_REQUEST: errors.ClientError,
    Mode.UNAUTHORIZED: errors.ClientError,
    Mode.FORBIDDEN: errors.ClientError,
    Mode.NOT_FOUND: errors.ClientError,
    Mode.TOO_LARGE: errors.ClientError,
    Mode.UNPROCESSABLE: errors.ClientError,
    Mode.REDIRECT: errors.ClientError,
    Mode.RESET: httpx2.TransportError,
    Mode.BREAK_OFF: httpx2.TransportError,
    Mode.HANG: httpx2.TimeoutException,
    Mode.BROKEN_CHUNKS: httpx2.TransportError,
    Mode.BROKEN_GZIP: httpx2.DecodingError,
    Mode.GARBAGE: json.JSONDecodeError,
    Mode.ENDLESS: TimeoutError,
}
"""Google's SDK documents errors of the API alone: the HTTP client's come through as they are."""
GOOGLE_STREAM: dict[Mode, type[Exception]] = {
    Mode.GARBAGE: errors.UnknownApiResponseError,
    Mode.ENDLESS: errors.UnknownApiResponseError,
}
"""Google's SDK has an error of its own for what is no JSON only when it is streaming; a comment is none to it."""
INTACT = [Mode.DRIP, Mode.SLOW_HEADERS, Mode.CLOSE, Mode.HTTP10, Mode.GZIP, Mode.STALE]
SAYING = [Mode.OTHER_NAME, Mode.UNCLOSED_THINK, Mode.DUPLICATED, Mode.BIG]
TESTED_ALONE = {Mode.EMPTY, Mode.TRUNCATION, Mode.REFUSAL, Mode.CONTENT_FILTER, Mode.PAGE, Mode.ERROR_IN_200}

PATIENCE = 20.0
SHORT = 1.5
"""Seconds: the first where a reply comes, the second where none ever does; a busy machine is no fault of the server."""


@asynccontextmanager
async def running(*modes: Mode) -> AsyncIterator[MockServer]:
    seconds = {Mode.HANG: 30.0, Mode.DRIP: 0.2, Mode.SLOW_HEADERS: 0.2, Mode.ENDLESS: 0.05}
    faults = tuple(Fault(mode, seconds=seconds.get(mode, 2.0), size=100_000) for mode in modes)
    async with MockServer(MockConfig(answers=Fixed(TEXT), faults=faults)) as server:
        yield server


async def ask_responses(url: str, *, stream: bool = False, patience: float = PATIENCE) -> Any:
    """The response, or the list of its events."""
    async with openai.AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0, timeout=patience) as client:
        answer: Any = await client.responses.create(model="gpt-x", input="Does it?", stream=stream)
        return [event async for event in answer] if stream else answer


def azure(url: str, patience: float = PATIENCE) -> openai.AsyncAzureOpenAI:
    return openai.AsyncAzureOpenAI(
        api_key="k", azure_endpoint=url, api_version=VERSION, max_retries=0, timeout=patience
    )


async def ask_azure(url: str, *, stream: bool = False, patience: float = PATIENCE) -> Any:
    """The completion, or the list of its chunks."""
    async with azure(url, patience) as client:
        answer: Any = await client.chat.completions.create(
            model="gpt-x", messages=[{"role": "user", "content": "Does it?"}], stream=stream
        )
        return [chunk async for chunk in answer] if stream else answer


async def ask_azure_responses(url: str, *, stream: bool = False, patience: float = PATIENCE) -> Any:
    """The response, or the list of its events."""
    async with azure(url, patience) as client:
        answer: Any = await client.responses.create(
            model="gpt-x", input=[{"role": "user", "content": "Does it?"}], stream=stream
        )
        return [event async for event in answer] if stream else answer


async def ask_google(url: str, *, stream: bool = False, patience: float = PATIENCE) -> Any:
    """The response, or the list of its pieces."""
    async with httpx2.AsyncClient(timeout=patience, follow_redirects=True) as plain:
        options = types.HttpOptions(base_url=url, httpx_async_client=plain, timeout=int(1000 * patience))
        client = genai.Client(api_key="k", http_options=options)
        if not stream:
            return await client.aio.models.generate_content(model="gemini-x", contents="Does it?")
        answer = await client.aio.models.generate_content_stream(model="gemini-x", contents="Does it?")
        return [piece async for piece in answer]


def response_text(answer: Any, *, stream: bool) -> str:
    if not stream:
        return str(answer.output_text)
    return "".join(event.delta for event in answer if event.type == "response.output_text.delta")


def completion_text(answer: Any, *, stream: bool) -> str:
    if not stream:
        return str(answer.choices[0].message.content)
    return "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)


def google_text(answer: Any, *, stream: bool) -> str:
    return "".join(piece.text or "" for piece in answer) if stream else str(answer.text)


ASKS: dict[str, tuple[Ask, dict[Mode, type[Exception]], Callable[..., str]]] = {
    "responses": (ask_responses, OPENAI, response_text),
    "azure": (ask_azure, OPENAI, completion_text),
    "azure-responses": (ask_azure_responses, OPENAI, response_text),
    "google": (ask_google, GOOGLE, google_text),
}


def test_every_mode_is_tried() -> None:
    """No way to fail without an SDK that met it."""
    answered = {*INTACT, *SAYING, *TESTED_ALONE}
    assert set(OPENAI) | answered == set(GOOGLE) | answered == set(Mode)


@pytest.mark.thinned(3)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("mode", OPENAI)
@pytest.mark.parametrize("api", ASKS)
async def test_errors(*, api: str, mode: Mode, stream: bool) -> None:
    """The SDK raises its own documented error for the mode, streaming or not."""
    ask, raised, _ = ASKS[api]
    async with running(mode) as server:
        with pytest.raises(GOOGLE_STREAM.get(mode, raised[mode]) if stream and api == "google" else raised[mode]):
            async with asyncio.timeout(SHORT if mode is Mode.ENDLESS else 2 * PATIENCE):
                await ask(server.url, stream=stream, patience=SHORT if mode is Mode.HANG else PATIENCE)
        assert server.spoiled[mode] == 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("mode", INTACT)
@pytest.mark.parametrize("api", ASKS)
async def test_odd_ways_to_travel_lose_nothing(*, api: str, mode: Mode, stream: bool) -> None:
    """The whole reply arrives over a slow, old, compressed or closing connection."""
    ask, _, text = ASKS[api]
    async with running(mode) as server:
        assert text(await ask(server.url, stream=stream), stream=stream) == TEXT


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("mode", SAYING)
@pytest.mark.parametrize("api", ASKS)
async def test_odd_replies_arrive_as_they_are(*, api: str, mode: Mode, stream: bool) -> None:
    """What only a reader of the text or of the served name can notice."""
    ask, _, text = ASKS[api]
    expected = {
        Mode.UNCLOSED_THINK: f"<think>\nLet me see. {TEXT}",
        Mode.DUPLICATED: f"{TEXT}\n\n{TEXT}",
        Mode.BIG: TEXT.ljust(100_000, "."),
    }
    async with running(mode) as server:
        assert text(await ask(server.url, stream=stream), stream=stream) == expected.get(mode, TEXT)


@pytest.mark.parametrize("ask", [ask_responses, ask_azure_responses])
async def test_responses(ask: Ask) -> None:
    """A plain response, and the ways in which a 200 is none."""
    async with running() as server:
        plain = await ask(server.url)
    assert (plain.output_text, plain.status, plain.model) == (TEXT, "completed", "gpt-x")
    assert (plain.usage.input_tokens, plain.usage.output_tokens) == (2, 3)
    async with running(Mode.EMPTY) as server:
        assert (await ask(server.url)).output == []
    for mode, reason in ((Mode.TRUNCATION, "max_output_tokens"), (Mode.CONTENT_FILTER, "content_filter")):
        async with running(mode) as server:
            cut = await ask(server.url)
            last = (await ask(server.url, stream=True))[-1]
        assert (cut.output_text, cut.status, cut.incomplete_details.reason) == (TEXT[:6], "incomplete", reason)
        assert (last.type, last.response.incomplete_details.reason) == ("response.incomplete", reason)
    async with running(Mode.REFUSAL) as server:
        refused = await ask(server.url)
        events = await ask(server.url, stream=True)
    assert refused.output[0].content[0].refusal.startswith("I can't")
    assert "".join(e.delta for e in events if e.type == "response.refusal.delta").startswith("I can't")


async def test_the_sdk_rebuilds_a_streamed_response() -> None:
    """Its own accumulator finds every event it needs, in order."""
    async with (
        running() as server,
        openai.AsyncOpenAI(api_key="k", base_url=f"{server.url}/v1", max_retries=0) as client,
        client.responses.stream(model="gpt-x", input="Does it?") as stream,
    ):
        numbers = [event.sequence_number async for event in stream if hasattr(event, "sequence_number")]
        final = await stream.get_final_response()
    assert final.output_text == TEXT
    assert numbers == list(range(len(numbers)))


async def test_azures_deployment_is_the_model() -> None:
    """The name in the path answers, whatever it is called; the address without a version is served too."""
    async with running() as server:
        async with azure(server.url) as client:
            said = await client.chat.completions.create(
                model="my deployment", messages=[{"role": "user", "content": "Does it?"}]
            )
        assert said.model == "my deployment"
        async with openai.AsyncOpenAI(api_key="k", base_url=f"{server.url}/openai/v1", max_retries=0) as plain:
            assert (await plain.responses.create(model="d", input="Does it?")).output_text == TEXT
            answer = await plain.chat.completions.create(model="d", messages=[{"role": "user", "content": "?"}])
        assert answer.choices[0].message.content == TEXT


async def test_gemini() -> None:
    """A plain reply, and the ways in which a 200 is none."""
    async with running() as server:
        plain = await ask_google(server.url)
        pieces = await ask_google(server.url, stream=True)
    assert (plain.text, plain.model_version) == (TEXT, "gemini-x")
    assert (plain.usage_metadata.prompt_token_count, plain.usage_metadata.candidates_token_count) == (2, 3)
    assert plain.candidates[0].finish_reason is types.FinishReason.STOP
    assert [bool(piece.candidates[0].finish_reason) for piece in pieces] == [False, False, True]
    async with running(Mode.EMPTY) as server:
        assert (await ask_google(server.url)).candidates is None
    async with running(Mode.TRUNCATION) as server:
        cut = await ask_google(server.url)
    assert (cut.text, cut.candidates[0].finish_reason) == (TEXT[:6], types.FinishReason.MAX_TOKENS)
    async with running(Mode.REFUSAL) as server:
        refused = await ask_google(server.url)
    assert (refused.text, refused.candidates[0].finish_reason) == (None, types.FinishReason.SAFETY)
    async with running(Mode.CONTENT_FILTER) as server:
        blocked = await ask_google(server.url)
    assert blocked.prompt_feedback.block_reason is types.BlockedReason.PROHIBITED_CONTENT


@pytest.mark.parametrize(
    ("mode", "status", "code"),
    [
        (Mode.RATE_LIMIT, "RESOURCE_EXHAUSTED", 429),
        (Mode.QUOTA, "RESOURCE_EXHAUSTED", 429),
        (Mode.UNAUTHORIZED, "INVALID_ARGUMENT", 400),
        (Mode.OVERLOADED, "UNAVAILABLE", 503),
        (Mode.NOT_FOUND, "NOT_FOUND", 404),
    ],
)
async def test_geminis_errors_say_what_google_says(mode: Mode, status: str, code: int) -> None:
    """Status word and code are those of google.rpc; a wrong key is a 400, as users report it."""
    async with running(mode) as server:
        with pytest.raises(errors.APIError) as told:
            await ask_google(server.url)
    assert (told.value.status, told.value.code) == (status, code)


@pytest.mark.parametrize("ask", [ask_responses, ask_azure, ask_azure_responses])
async def test_a_page_and_an_error_in_a_200(ask: Ask) -> None:
    """OpenAI's SDK hands a page on as it is, and an error as an object without a reply; a stream raises it."""
    async with running(Mode.PAGE) as server:
        assert (await ask(server.url)).startswith("<!doctype html>")
    async with running(Mode.ERROR_IN_200) as server:
        assert "upstream" in str((await ask(server.url)).error)
        with pytest.raises(openai.APIError, match="upstream"):
            await ask(server.url, stream=True)


async def test_google_and_a_page_or_an_error_in_a_200() -> None:
    """Google's SDK does not take a page for JSON; an error in a 200 is a response without candidates."""
    async with running(Mode.PAGE) as server:
        with pytest.raises(json.JSONDecodeError):
            await ask_google(server.url)
    async with running(Mode.ERROR_IN_200) as server:
        assert (await ask_google(server.url)).candidates is None


async def test_the_mock_demands_its_key_of_every_api() -> None:
    """Under whichever header it comes."""
    async with MockServer(MockConfig(key="k")) as server:
        for ask, _, text in ASKS.values():
            assert text(await ask(server.url), stream=False) == "Yes."
    async with MockServer(MockConfig(key="another")) as server:
        for ask, _, _ in ASKS.values():
            with pytest.raises((openai.AuthenticationError, errors.ClientError)):
                await ask(server.url)
