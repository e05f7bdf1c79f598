"""Our batch requests are the official SDKs', and what a batch brings is read by the readers of single calls."""

from __future__ import annotations

import email
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from aiohttp import web

from causal_eval.errors import UsageError
from causal_eval.mock.answers import AnswerTable
from causal_eval.mock.batches import BatchPlan
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.providers.adapters import adapter, batches
from causal_eval.providers.batch import NAME_LENGTH, BatchProvider, Request, Row, Sought, row_name, tag_digest
from causal_eval.providers.catalog import route
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.provider import Failure, FailureKind, Message, Outcome, Prompt, Refusal, Reply
from causal_eval.providers.scripted import prompt_key

pytestmark = pytest.mark.anyio

TAG = "ev-1/1/2026-11-25T01:00:00.000+00:00"
ANSWERS: dict[str, Any] = {
    "/v1/files": {"id": "file-1"},
    "/v1/batches": {"id": "batch_1", "status": "completed", "output_file_id": "file-2", "data": []},
    "/v1/batches/batch_1": {"id": "batch_1", "status": "completed", "output_file_id": "file-2"},
    "/v1/batches/batch_1/cancel": {"id": "batch_1", "status": "cancelling"},
    "/v1/messages/batches": {"id": "mb_1", "processing_status": "ended", "created_at": "2026-11-25T01:00:00Z"},
    "/v1/messages/batches/mb_1": {"id": "mb_1", "processing_status": "ended", "created_at": "2026-11-25T01:00:00Z"},
    "/v1/messages/batches/mb_1/cancel": {"id": "mb_1", "processing_status": "x", "created_at": "2026-11-25T01:00:00Z"},
}
UNPROVEN = """Not confirmed by an SDK's call, only by its types or the documentation: codes of undone rows
(``batch_expired``, ``batch_cancelled``), ``token_limit_exceeded``, that lists have the newest first."""


class Recorder:
    """Answers by path and keeps what it received; a GET of a list is an empty one."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}

    async def handle(self, request: web.Request) -> web.Response:
        """Record and answer."""
        content = await request.read()
        kind = request.headers.get("Content-Type", "")
        self.requests.append(
            {
                "method": request.method,
                "path": request.path,
                "query": dict(request.query),
                "body": parts(kind, content) if kind.startswith("multipart") else json.loads(content or b"null"),
                "auth": [request.headers.get(name) for name in ("Authorization", "X-Api-Key", "anthropic-version")],
            }
        )
        if request.path.endswith(("content", "results")):
            return web.Response(body=self.files.get(request.path, b""))
        found = dict(ANSWERS[request.path])
        if request.method == "GET" and request.path.endswith("batches"):
            found = {"data": [], "has_more": False, "object": "list", "first_id": None, "last_id": None}
        elif request.path == "/v1/messages/batches/mb_1":
            found["results_url"] = f"{self.url}/v1/messages/batches/mb_1/results"
        return web.json_response(found)


def parts(kind: str, content: bytes) -> list[Any]:
    """Name, file name and content of each part of a form, sorted."""
    form = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + content)
    named = [part.get_params(header="Content-Disposition") or [] for part in form.walk() if not part.is_multipart()]
    bodies = [part.get_payload(decode=True) for part in form.walk() if not part.is_multipart()]
    return sorted(([dict(names[1:]), body] for names, body in zip(named, bodies, strict=True)), key=repr)


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    """A running :class:`Recorder`."""
    server = Recorder()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


def config(url: str, key: str, **arguments: Any) -> ProviderConfig:
    names = {"OPENAI_API_KEY": f"{key},sk-second", "ANTHROPIC_API_KEY": key}
    env = {**names, "OPENAI_BASE_URL": f"{url}/v1", "ANTHROPIC_BASE_URL": url, "LAB_BASE_URL": url}
    return ProviderConfig(env=env, cache_dir=Path(), arguments=arguments)


@pytest.fixture
def batches_at(key: str) -> Callable[..., Any]:
    """Opens the batch API that a name leads to at a root URL, and closes it."""

    @asynccontextmanager
    async def opened(model: str, url: str, **arguments: Any) -> AsyncIterator[BatchProvider]:
        provider = batches(model, config(url, key, **arguments))
        yield provider
        await provider.close()

    return opened


async def nothing(rows: Sequence[Row]) -> None:
    assert not rows


async def use(provider: BatchProvider, prompts: Sequence[Prompt]) -> None:
    """Order, list, look, download, cancel."""
    requests = [Request(row_name(TAG, "q", sample=n), provider.encode(prompt)) for n, prompt in enumerate(prompts)]
    handle = await provider.submit(TAG, requests)
    assert isinstance(handle, str)
    await provider.find(Sought(TAG, len(prompts), 0.0))
    await provider.poll(handle)
    assert await provider.fetch(handle, nothing) is None
    assert await provider.cancel(handle) is None


PROMPTS = [
    Prompt((Message("system", "Sé brief."), Message("user", "Why?\u2028")), max_tokens=9, temperature=0.5),
    Prompt((Message("user", 'A "quoted"\nline'),), max_tokens=9),
]


@pytest.mark.parametrize(("model", "path"), [("gpt-x", "/v1/chat/completions"), ("o1-pro", "/v1/responses")])
async def test_openais_requests_equal_the_sdks(
    recorder: Recorder, batches_at: Any, key: str, *, model: str, path: str
) -> None:
    """Upload, order, list, look, download, cancel: method, path, JSON, parts of the form and authentication."""
    single = adapter(f"openai/{model}", route(f"openai/{model}"), config(recorder.url, key))
    async with batches_at(f"openai/{model}", recorder.url) as ours:
        bodies = [json.loads(ours.encode(prompt)) for prompt in PROMPTS]
        await use(ours, PROMPTS)
    await single.close()
    mine, recorder.requests = recorder.requests, []
    rows = [
        {"custom_id": row_name(TAG, "q", sample=n), "method": "POST", "url": path, "body": body}
        for n, body in enumerate(bodies)
    ]
    content = b"".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for row in rows)
    async with openai.AsyncOpenAI(api_key=key, base_url=f"{recorder.url}/v1", max_retries=0) as sdk:
        file = await sdk.files.create(file=(f"{tag_digest(TAG)}.jsonl", content), purpose="batch")
        endpoint: Any = path
        await sdk.batches.create(
            completion_window="24h", endpoint=endpoint, input_file_id=file.id, metadata={"causal_eval": TAG}
        )
        await sdk.batches.list(limit=100)
        await sdk.batches.retrieve("batch_1")
        await sdk.batches.retrieve("batch_1")
        await sdk.files.content("file-2")
        await sdk.batches.cancel("batch_1")
    assert mine == recorder.requests


async def test_anthropics_requests_equal_the_sdks(recorder: Recorder, batches_at: Any, key: str) -> None:
    """Order, list, look, download, cancel: method, path, JSON, authentication and version header."""
    async with batches_at("anthropic/claude-x", recorder.url) as ours:
        bodies = [json.loads(ours.encode(prompt)) for prompt in PROMPTS]
        await use(ours, PROMPTS)
    mine, recorder.requests = recorder.requests, []
    rows: list[Any] = [{"custom_id": row_name(TAG, "q", sample=n), "params": body} for n, body in enumerate(bodies)]
    async with anthropic.AsyncAnthropic(api_key=key, base_url=recorder.url, max_retries=0) as sdk:
        version = {"anthropic-version": mine[0]["auth"][2]}
        await sdk.messages.batches.create(requests=rows, extra_headers=version)
        await sdk.messages.batches.list(limit=100, extra_headers=version)
        await sdk.messages.batches.retrieve("mb_1", extra_headers=version)
        assert [row async for row in await sdk.messages.batches.results("mb_1", extra_headers=version)] == []
        await sdk.messages.batches.cancel("mb_1", extra_headers=version)
    looked = [request for request in recorder.requests if request["path"].endswith("/mb_1")]
    recorder.requests.remove(looked[1])  # the SDK looks once more before it downloads
    assert mine == recorder.requests


async def test_a_row_holds_what_a_call_of_its_own_sends(upstream: Any, batches_at: Any, key: str) -> None:
    """Model arguments, limits and stops included, whichever API it is."""
    for model, arguments in (
        ("openai/gpt-x", {"reasoning_effort": "low"}),
        ("openai/o1-pro", {"reasoning_effort": "low"}),
        ("anthropic/claude-x", {"thinking_budget": 1024}),
        ("openai-api/lab/x", {}),
    ):
        single = adapter(model, route(model), config(upstream.url, key, **arguments))
        prompt = replace(PROMPTS[0], stop=("\n",), seed=7, top_p=0.25)
        await single.complete(prompt)
        await single.close()
        async with batches_at(model, upstream.url, **arguments) as ours:
            assert json.loads(ours.encode(prompt)) == upstream.requests[-1]["json"]


def test_who_has_no_batch_api(key: str) -> None:
    """The error names the provider and those that have one."""
    for model in ("google/x", "local/gemma-3-270m", "azure/x", "ollama/x"):
        with pytest.raises(UsageError, match=rf"--batch: {route(model).provider}/ has no batch API.*anthropic/"):
            batches(model, config("http://127.0.0.1:1", key))


def test_names_are_taken_by_every_api() -> None:
    """Letters, digits and ``-``, at most 64; other questions, samples and orders have other names."""
    names = {
        row_name(tag, question, sample=sample) for tag in ("a", "b") for question in ("q", "é") for sample in (0, 1)
    }
    assert len(names) == 8
    assert all(len(name) == NAME_LENGTH <= 64 and name.replace("-", "").isalnum() for name in names)


TEXTS = [f"Question {n}?" for n in range(1, 9)]
PLANS = {
    "whole": BatchPlan(),
    "errored": BatchPlan(errored_every=3),
    "expired": BatchPlan(expired_every=4),
    "missing": BatchPlan(missing_every=2),
    "all": BatchPlan(errored_every=2, expired_every=3, missing_every=5, shuffled=True),
}


def expected(plan: BatchPlan, number: int) -> FailureKind | str | None:
    """What is to come of a row: a kind of failure, a text, or nothing at all."""
    if plan.missing_every and number % plan.missing_every == 0:
        return None
    if plan.expired_every and number % plan.expired_every == 0:
        return FailureKind.TIMEOUT
    if plan.errored_every and number % plan.errored_every == 0:
        return FailureKind.BAD_REQUEST
    return f"Answer {number}."


async def brought(provider: BatchProvider, handle: str) -> dict[str, Outcome | None]:
    rows: dict[str, Outcome | None] = {}

    async def take(found: Sequence[Row]) -> None:
        rows.update(found)

    assert await provider.fetch(handle, take) is None
    return rows


@asynccontextmanager
async def serving(plan: BatchPlan) -> AsyncIterator[MockServer]:
    table = AnswerTable({prompt_key(text): f"Answer {n}." for n, text in enumerate(TEXTS, start=1)})
    async with MockServer(MockConfig(answers=table, batch=plan)) as server:
        yield server


async def ordered(provider: BatchProvider, tag: str = TAG) -> str:
    requests = [
        Request(row_name(tag, text, sample=0), provider.encode(Prompt((Message("user", text),)))) for text in TEXTS
    ]
    handle = await provider.submit(tag, requests)
    assert isinstance(handle, str)
    return handle


@pytest.mark.parametrize("model", ["openai/gpt-x", "openai-api/lab/gpt-x", "anthropic/claude-x"])
@pytest.mark.parametrize("case", PLANS)
async def test_every_row_comes_to_its_end(batches_at: Any, *, case: str, model: str) -> None:
    """Replies as a call of its own brings them, failures by kind, nothing for what no result mentions."""
    plan = PLANS[case]
    async with serving(plan) as server, batches_at(model, server.url) as provider:
        handle = await ordered(provider)
        standing = await provider.poll(handle)
        assert (standing.ended, standing.cancelled, standing.refused) == (True, False, None)
        assert standing.done == sum(expected(plan, n) is not None for n in range(1, len(TEXTS) + 1))
        rows = await brought(provider, handle)
    for number, text in enumerate(TEXTS, start=1):
        outcome, wanted = rows.get(row_name(TAG, text, sample=0)), expected(plan, number)
        match outcome:
            case None:
                assert wanted is None
            case Failure(kind=kind):
                assert kind is wanted
            case Reply():
                assert outcome.text == wanted
                assert outcome.usage.input


@pytest.mark.parametrize("model", ["openai/gpt-x", "anthropic/claude-x"])
async def test_a_cancelled_batch(batches_at: Any, model: str) -> None:
    """What was done is there, the rest is told as not attempted, and stopping it twice is harmless or said."""
    async with serving(BatchPlan(polls=9)) as server, batches_at(model, server.url) as provider:
        handle = await ordered(provider)
        assert not (await provider.poll(handle)).ended
        assert await provider.cancel(handle) is None
        standing = await provider.poll(handle)
        assert (standing.ended, standing.cancelled) == (True, True)
        rows = await brought(provider, handle)
        lost = await provider.cancel("no_such_batch")
    assert [isinstance(rows[row_name(TAG, text, sample=0)], Reply) for text in TEXTS] == [True] * 4 + [False] * 4
    assert None in rows.values()
    assert isinstance(lost, Failure)
    assert lost.kind is FailureKind.NOT_FOUND


async def test_a_batch_that_is_not_taken(batches_at: Any) -> None:
    """OpenAI says it when asked, Anthropic at once; both name the reason."""
    async with serving(BatchPlan(invalid=True)) as server:
        async with batches_at("openai/gpt-x", server.url) as provider:
            standing = await provider.poll(await ordered(provider))
            assert standing.refused.kind is FailureKind.BAD_REQUEST
            assert "batch_1 was not taken: line 1: The mock was told to refuse" in standing.refused.message
        async with batches_at("anthropic/claude-x", server.url) as provider:
            refused = await provider.submit(TAG, [Request("a", b"{}")])
            assert isinstance(refused, Failure)
            assert refused.kind is FailureKind.BAD_REQUEST


async def test_openai_finds_an_order_by_its_tag(batches_at: Any) -> None:
    """At once, and no other's."""
    async with serving(BatchPlan(polls=99)) as server, batches_at("openai/gpt-x", server.url) as provider:
        handles = [await ordered(provider, tag) for tag in ("a", "b")]
        found = [(await provider.find(Sought(tag, len(TEXTS), 2e9))).handle for tag in ("a", "b", "c")]
    assert found == [*handles, ""]


async def test_anthropic_finds_an_order_when_it_has_ended(batches_at: Any) -> None:
    """Until then the question is open if one of its size is there; batches of another size or age are not looked at."""
    async with serving(BatchPlan(polls=4)) as server, batches_at("anthropic/claude-x", server.url) as provider:
        mine, other = await ordered(provider, "a"), await ordered(provider, "b")
        await provider.submit("c", [Request(row_name("c", "q", sample=0), provider.encode(PROMPTS[0]))])
        sought = Sought("a", len(TEXTS), 0.0)
        assert set((await provider.find(sought)).undecided) == {mine, other}
        assert (await provider.find(replace(sought, known=frozenset({other})))).undecided == (mine,)
        await provider.poll(mine)
        found = await provider.find(sought)
        assert (found.handle, found.undecided) == (mine, ())
        assert await provider.find(Sought("z", len(TEXTS), 0.0)) == await provider.find(Sought("z", 99, 0.0))
        assert (await provider.find(Sought("a", len(TEXTS), 4e9))).handle == ""


async def test_another_model_never_counts(recorder: Recorder, batches_at: Any) -> None:
    """In a batch neither; a refusal is one, an unreadable line is left out, and no message shows the key."""

    def said(model: str, **other: Any) -> dict[str, Any]:
        return {"model": model, "choices": [{"message": {"content": "A", **other}, "finish_reason": "stop"}]}

    lines = [
        {"custom_id": "a", "response": {"status_code": 200, "body": said("gpt-x")}},
        {"custom_id": "b", "response": {"status_code": 200, "body": said("gpt-y")}},
        {"custom_id": "c", "response": {"status_code": 200, "body": said("gpt-x", refusal="no")}},
        {"custom_id": "d", "response": {"status_code": 200, "body": {"choices": 7}}},
        {
            "custom_id": "e",
            "response": {"status_code": 401, "body": {"error": {"message": "sk-planted-secret-value-1234"}}},
        },
        {"custom_id": "f", "response": None, "error": {"code": "x", "message": "key sk-planted-secret-value-1234"}},
    ]
    content = b"\n".join(json.dumps(line).encode() for line in lines) + b"\n{no json"
    recorder.files["/v1/files/file-2/content"] = content
    async with batches_at("openai/gpt-x", recorder.url) as provider:
        rows: dict[str, Any] = await brought(provider, "batch_1")
    assert isinstance(rows["a"], Reply)
    assert rows["b"].kind is FailureKind.OTHER_MODEL
    assert rows["c"] == Refusal("no", served="gpt-x")
    assert rows["d"].kind is FailureKind.BAD_REPLY
    assert rows["e"].kind is FailureKind.AUTH
    assert rows["f"].kind is FailureKind.SERVER_ERROR
    assert "planted" not in repr(rows)
