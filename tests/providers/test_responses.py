"""The Responses adapter sends what the official SDK sends and reads what the API documents."""

from __future__ import annotations

import json
import typing
from typing import Any

import openai
import pytest
from openai.types.responses import Response
from openai.types.shared.chat_model import ChatModel
from openai.types.shared.responses_model import ResponsesModel

from causal_eval.errors import UsageError
from causal_eval.providers.catalog import Route, read_catalog
from causal_eval.providers.openai import OpenAI
from causal_eval.providers.provider import Failure, FailureKind, Message, Prompt, Refusal, Reply, Usage
from causal_eval.providers.responses import Responses

pytestmark = pytest.mark.anyio

USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 16,
}
REASONING: dict[str, Any] = {
    "id": "r",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "hm"}, {"type": "summary_text", "text": "so"}],
}
MESSAGE: dict[str, Any] = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "content": [{"type": "output_text", "text": "Yes.", "annotations": []}],
}
REPLY: dict[str, Any] = {
    "id": "resp",
    "object": "response",
    "created_at": 1,
    "model": "gpt-x-2026",
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "metadata": None,
    "parallel_tool_calls": True,
    "temperature": None,
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
    "output": [REASONING, MESSAGE],
    "usage": USAGE,
}
UNPROVEN = """Which models refuse ``temperature``; which codes of a failed response besides those that name a policy
are the safety layer's doing."""


def message(**changes: Any) -> dict[str, Any]:
    return {**REPLY, "output": [{**MESSAGE, **changes}]}


def at(upstream: Any, adapter_of: Any, key: str, **arguments: Any) -> Any:
    env = {"OPENAI_API_KEY": key, "OPENAI_BASE_URL": upstream.url}
    return adapter_of("openai/gpt-x", env, responses_api=True, **arguments)


@pytest.mark.parametrize("full", [False, True])
async def test_the_call_equals_the_sdks(upstream: Any, adapter_of: Any, key: str, *, full: bool) -> None:
    """Method, path, JSON body, auth header and content type are the SDK's; nothing is stored there."""
    upstream.answer(REPLY)
    options: dict[str, Any] = {"temperature": 0.0, "top_p": 0.5} if full else {}
    nested: dict[str, Any] = (
        {"reasoning": {"effort": "low", "summary": "auto"}, "text": {"verbosity": "low"}, "service_tier": "flex"}
        if full
        else {}
    )
    turns: list[Any] = [{"role": "system", "content": "Sé brief."}, {"role": "user", "content": "Why?"}]
    async with openai.AsyncOpenAI(api_key=key, base_url=f"{upstream.url}/v1", max_retries=0) as client:
        await client.responses.create(
            model="gpt-x", input=turns, store=False, max_output_tokens=33, **options, **nested
        )
    arguments = (
        {"reasoning_effort": "low", "reasoning_summary": "auto", "verbosity": "low", "service_tier": "flex"}
        if full
        else {}
    )
    provider = at(upstream, adapter_of, key, **arguments)
    messages = tuple(Message(turn["role"], turn["content"]) for turn in turns)
    await provider.complete(Prompt(messages, max_tokens=33, seed=7, stop=("\n",), **options))
    await provider.close()
    theirs, ours = upstream.requests
    assert (ours["method"], ours["path"], ours["json"]) == (theirs["method"], theirs["path"], theirs["json"])
    for header in ("Authorization", "Content-Type", "Accept"):
        assert ours["headers"][header] == theirs["headers"][header]


def test_the_sample_is_what_the_sdk_reads() -> None:
    """The reply that these tests begin with is a response by the SDK's own types."""
    read = Response.model_validate(REPLY, strict=True)
    assert read.output_text == "Yes."
    assert read.usage is not None
    assert read.usage.output_tokens_details.reasoning_tokens == 5


async def complete(upstream: Any, adapter_of: Any, key: str, body: Any) -> Any:
    upstream.answer(body)
    provider = at(upstream, adapter_of, key)
    outcome = await provider.complete(Prompt((), text="Why?"))
    await provider.close()
    assert upstream.requests[0]["json"]["input"] == [{"role": "user", "content": "Why?"}]
    return outcome


async def test_a_reply_with_usage(upstream: Any, adapter_of: Any, key: str) -> None:
    """Text and reasoning apart, served model, and every kind of token."""
    outcome = await complete(upstream, adapter_of, key, REPLY)
    assert outcome == Reply(
        "Yes.",
        reasoning="hm\n\nso",
        served="gpt-x-2026",
        usage=Usage(input=9, output=7, cached=4, reasoning=5, written=2),
        latency_ms=outcome.latency_ms,
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (message(phase="final_answer"), ("Yes.", "", "stop")),
        (
            {**REPLY, "output": [{**MESSAGE, "phase": "commentary"}, {**MESSAGE, "phase": "final_answer"}]},
            ("Yes.", "Yes.", "stop"),
        ),
        (
            {**REPLY, "output": [{**REASONING, "content": [{"type": "reasoning_text", "text": "in full"}]}, MESSAGE]},
            ("Yes.", "in full", "stop"),
        ),
        (
            {**message(), "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            ("Yes.", "", "length"),
        ),
        (
            {**REPLY, "output": [], "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            ("", "", "length"),
        ),
        ({**REPLY, "output": [{"type": "web_search_call", "id": "w"}, MESSAGE]}, ("Yes.", "", "stop")),
        ({"output": [MESSAGE]}, ("Yes.", "", "stop")),
    ],
)
async def test_forms_of_a_reply(
    upstream: Any, adapter_of: Any, key: str, *, body: Any, expected: tuple[str, str, str]
) -> None:
    """Commentary and reasoning are kept apart from the answer, truncation is told, what is unknown does no harm."""
    outcome = await complete(upstream, adapter_of, key, body)
    assert (outcome.text, outcome.reasoning, outcome.finish) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (message(content=[{"type": "refusal", "refusal": "I can't."}]), "I can't."),
        ({**message(), "status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter"),
        ({**REPLY, "status": "failed", "output": [], "error": {"code": "bio_policy", "message": "No."}}, "No."),
    ],
)
async def test_refusals(upstream: Any, adapter_of: Any, key: str, *, body: Any, reason: str) -> None:
    """A refusal, a filtered reply and a policy's block are refusals, with usage."""
    outcome = await complete(upstream, adapter_of, key, body)
    assert isinstance(outcome, Refusal)
    assert (outcome.reason, outcome.usage.input) == (reason, 9)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({**REPLY, "output": []}, FailureKind.BAD_REPLY),
        ({**REPLY, "output": [REASONING]}, FailureKind.BAD_REPLY),
        ({**REPLY, "status": "in_progress"}, FailureKind.BAD_REPLY),
        ({**REPLY, "status": "cancelled"}, FailureKind.BAD_REPLY),
        ({"error": {"code": "server_error", "message": "x"}, "status": "failed"}, FailureKind.SERVER_ERROR),
        ({"error": {"code": "rate_limit_exceeded", "message": "x"}, "status": "failed"}, FailureKind.RATE_LIMIT),
        ({"error": {"code": "invalid_prompt", "message": "x"}, "status": "failed"}, FailureKind.BAD_REQUEST),
        ({"hello": 1}, FailureKind.BAD_REPLY),
        ([], FailureKind.BAD_REPLY),
        (b"", FailureKind.BAD_REPLY),
        ({"output": 5}, FailureKind.BAD_REPLY),
    ],
)
async def test_a_200_that_is_no_reply(
    upstream: Any, adapter_of: Any, key: str, *, body: Any, kind: FailureKind
) -> None:
    """Wrong shapes, no message and errors inside a 200 are failures, never empty replies."""
    outcome = await complete(upstream, adapter_of, key, body)
    assert isinstance(outcome, Failure)
    assert outcome.kind is kind


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500])
async def test_the_key_never_shows(upstream: Any, adapter_of: Any, key: str, *, status: int) -> None:
    """A server that echoes the key in any answer finds no echo in ours."""
    upstream.answer({"error": {"message": f"key {key} is wrong", "code": key}}, status=status)
    provider = at(upstream, adapter_of, key)
    outcome = await provider.complete(Prompt((), text="Why?"))
    await provider.close()
    assert isinstance(outcome, Failure)
    assert key not in json.dumps(repr(outcome))


def literals(alias: Any) -> set[str]:
    """Every name in a type alias of the SDK."""
    if typing.get_origin(alias) is typing.Literal:
        return set(typing.get_args(alias))
    return set().union(*map(literals, typing.get_args(alias)))


def test_the_catalogue_knows_who_speaks_nothing_else() -> None:
    """By the SDK's types: names of the Responses API that are no names of chat completions, and only those."""
    patterns = read_catalog()["openai"].responses_only
    alone = literals(ResponsesModel) - literals(ChatModel)
    assert len(alone) > 20
    assert {name for name in literals(ResponsesModel) if Route("openai", "openai", name).matches(patterns)} == alone


def test_who_chooses_the_api(adapter_of: Any) -> None:
    """The catalogue, unless the user says otherwise."""
    env = {"OPENAI_API_KEY": "k"}
    assert isinstance(adapter_of("openai/gpt-x", env), OpenAI)
    assert isinstance(adapter_of("openai/gpt-x", env, responses_api=True), Responses)
    assert isinstance(adapter_of("openai/o3-pro", env), Responses)
    assert isinstance(adapter_of("openai/o3-pro", env, responses_api=False), OpenAI)
    assert isinstance(adapter_of("vllm/m", {}, responses_api=True), Responses)
    with pytest.raises(UsageError, match="responses_api=yes: allowed is true or false"):
        adapter_of("openai/gpt-x", env, responses_api="yes")
