"""The Gemini adapter sends what the official SDK sends and reads what the API documents."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from google import genai
from google.genai import types

from causal_eval.providers.google import Google
from causal_eval.providers.provider import Failure, FailureKind, Message, Prompt, Refusal, Reply, Usage

pytestmark = pytest.mark.anyio

REPLY: dict[str, Any] = {
    "candidates": [
        {
            "content": {"role": "model", "parts": [{"text": "hm", "thought": True}, {"text": "Yes."}]},
            "finishReason": "STOP",
            "index": 0,
        }
    ],
    "modelVersion": "gemini-x-2026",
    "usageMetadata": {
        "promptTokenCount": 9,
        "candidatesTokenCount": 2,
        "thoughtsTokenCount": 5,
        "cachedContentTokenCount": 4,
        "totalTokenCount": 16,
    },
}
UNPROVEN = """Error bodies (``details`` with API_KEY_INVALID, quotas per day, RetryInfo): the SDK hands them on unread;
they are as users' reports show them. Which models take ``thinking_level`` and which ``thinking_budget``. That
``seed`` is honoured."""


def with_candidate(**changes: Any) -> dict[str, Any]:
    return {**REPLY, "candidates": [{**REPLY["candidates"][0], **changes}]}


def at(upstream: Any, adapter_of: Any, key: str, **arguments: Any) -> Google:
    found = adapter_of("google/gemini-x", {"GOOGLE_API_KEY": key, "GOOGLE_BASE_URL": upstream.url}, **arguments)
    assert isinstance(found, Google)
    return found


@pytest.mark.parametrize("full", [False, True])
async def test_the_call_equals_the_sdks(upstream: Any, adapter_of: Any, key: str, *, full: bool) -> None:
    """Method, path, JSON body, key header and content type are the SDK's."""
    upstream.answer(REPLY)
    thinking = types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW, include_thoughts=True)
    config = types.GenerateContentConfig(max_output_tokens=33)
    if full:
        config = types.GenerateContentConfig(
            max_output_tokens=33, temperature=0.0, top_p=0.5, top_k=5, seed=7, stop_sequences=["\n", "é"],
            system_instruction="Sé brief.", thinking_config=thinking,
        )  # fmt: skip
    turns = [("user", "Why?"), ("model", "Because"), ("user", "And?")]
    plain = httpx2.AsyncClient()  # else the SDK subclasses aiohttp's session, which warns
    options = types.HttpOptions(base_url=upstream.url, httpx_async_client=plain)
    client = genai.Client(api_key=key, http_options=options)
    await client.aio.models.generate_content(
        model="gemini-x",
        contents=[types.Content(role=role, parts=[types.Part(text=text)]) for role, text in turns],
        config=config,
    )
    await plain.aclose()
    arguments = {"reasoning_effort": "low", "include_thoughts": True, "top_k": 5} if full else {}
    provider = at(upstream, adapter_of, key, **arguments)
    sampling: dict[str, Any] = {"temperature": 0.0, "top_p": 0.5, "seed": 7, "stop": ("\n", "é")} if full else {}
    system = (Message("system", "Sé brief."),) if full else ()
    said = tuple(Message("assistant" if role == "model" else role, text) for role, text in turns)
    await provider.complete(Prompt(system + said, max_tokens=33, **sampling))
    await provider.close()
    theirs, ours = upstream.requests
    assert (ours["method"], ours["path"], ours["json"]) == (theirs["method"], theirs["path"], theirs["json"])
    assert ours["headers"]["x-goog-api-key"] == theirs["headers"]["x-goog-api-key"] == key
    assert ours["headers"]["Content-Type"] == theirs["headers"]["Content-Type"]
    assert "Authorization" not in ours["headers"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"reasoning_effort": "none"}, types.ThinkingConfig(thinking_budget=0)),
        ({"reasoning_effort": "xhigh"}, types.ThinkingConfig(thinking_level=types.ThinkingLevel.XHIGH)),
        ({"thinking_budget": 512}, types.ThinkingConfig(thinking_budget=512)),
        ({"include_thoughts": False}, types.ThinkingConfig(include_thoughts=False)),
    ],
)
async def test_how_effort_is_said(
    upstream: Any, adapter_of: Any, key: str, *, arguments: dict[str, Any], expected: types.ThinkingConfig
) -> None:
    """Each argument is what the SDK's own ThinkingConfig says with the same value."""
    upstream.answer(REPLY)
    provider = at(upstream, adapter_of, key, **arguments)
    await provider.complete(Prompt((), text="Why?"))
    await provider.close()
    sent = upstream.requests[0]["json"]["generationConfig"]["thinkingConfig"]
    assert types.ThinkingConfig.model_validate(sent) == expected


def test_the_sample_is_what_the_sdk_reads() -> None:
    """The reply that these tests begin with is a response by the SDK's own types."""
    read = types.GenerateContentResponse.model_validate(REPLY)
    assert read.text == "Yes."
    assert read.usage_metadata is not None
    assert (read.usage_metadata.thoughts_token_count, read.usage_metadata.cached_content_token_count) == (5, 4)


async def complete(upstream: Any, adapter_of: Any, key: str, body: Any, *, status: int = 200) -> Any:
    upstream.answer(body, status=status)
    provider = at(upstream, adapter_of, key)
    outcome = await provider.complete(Prompt((), text="Why?"))
    await provider.close()
    return outcome


async def test_a_reply_with_usage(upstream: Any, adapter_of: Any, key: str) -> None:
    """Text and thoughts apart; output counts candidates and thoughts, as billed."""
    outcome = await complete(upstream, adapter_of, key, REPLY)
    assert outcome == Reply(
        "Yes.",
        reasoning="hm",
        served="gemini-x-2026",
        usage=Usage(input=9, output=7, cached=4, reasoning=5),
        latency_ms=outcome.latency_ms,
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (with_candidate(finishReason="MAX_TOKENS"), ("Yes.", "length")),
        (with_candidate(finishReason="MAX_TOKENS", content={"role": "model"}), ("", "length")),
        (with_candidate(finishReason="MAX_TOKENS", content=None), ("", "length")),
        (with_candidate(finishReason="OTHER"), ("Yes.", "OTHER")),
        ({"candidates": [{"content": {"parts": [{"text": "A"}, {"inlineData": {}}, {"text": "B"}]}}]}, ("AB", "stop")),
    ],
)
async def test_forms_of_a_reply(
    upstream: Any, adapter_of: Any, key: str, *, body: Any, expected: tuple[str, str]
) -> None:
    """Truncation is told, unknown and missing fields do no harm."""
    outcome = await complete(upstream, adapter_of, key, body)
    assert (outcome.text, outcome.finish) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (with_candidate(finishReason="SAFETY", content=None), "SAFETY"),
        (with_candidate(finishReason="PROHIBITED_CONTENT", finishMessage="Not that."), "Not that."),
        ({**REPLY, "candidates": None, "promptFeedback": {"blockReason": "BLOCKLIST"}}, "BLOCKLIST"),
    ],
)
async def test_refusals(upstream: Any, adapter_of: Any, key: str, *, body: Any, reason: str) -> None:
    """A blocked prompt and a stopped candidate are refusals, with usage."""
    outcome = await complete(upstream, adapter_of, key, body)
    assert isinstance(outcome, Refusal)
    assert (outcome.reason, outcome.usage.input) == (reason, 9)


def test_every_finish_reason_of_the_sdk_is_known() -> None:
    """What names the safety layer is a refusal: a new reason in the SDK is looked at here first."""
    ours = {"STOP", "MAX_TOKENS", "OTHER", "FINISH_REASON_UNSPECIFIED", "MALFORMED_RESPONSE", "CONTINUATION"}
    declined = {
        "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "ESCALATION", "MODEL_ARMOR",
    }  # fmt: skip
    elsewhere = {
        "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE",
        "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_OTHER", "NO_IMAGE", "IMAGE_RECITATION",
        "PUP_LIMITED_DISABLED",
    }  # fmt: skip
    assert {reason.value for reason in types.FinishReason} == ours | declined | elsewhere


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({**REPLY, "candidates": []}, FailureKind.BAD_REPLY),
        ({"hello": 1}, FailureKind.BAD_REPLY),
        ([], FailureKind.BAD_REPLY),
        (b"", FailureKind.BAD_REPLY),
        (with_candidate(finishReason="MALFORMED_RESPONSE"), FailureKind.BAD_REPLY),
        ({"candidates": 5}, FailureKind.BAD_REPLY),
    ],
)
async def test_a_200_that_is_no_reply(
    upstream: Any, adapter_of: Any, key: str, *, body: Any, kind: FailureKind
) -> None:
    """Wrong shapes and a reply that the server calls malformed are failures, never empty replies."""
    outcome = await complete(upstream, adapter_of, key, body)
    assert isinstance(outcome, Failure)
    assert outcome.kind is kind


def error(code: int, status: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "message": "words", "status": status, "details": list(details)}}


WRONG_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
PER_MINUTE = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": "RequestsPerMinute"}]}
PER_DAY = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": "RequestsPerDayPer"}]}
RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}


@pytest.mark.parametrize(
    ("body", "status", "kind", "wait"),
    [
        (error(400, "INVALID_ARGUMENT", WRONG_KEY), 400, FailureKind.AUTH, None),
        (error(400, "INVALID_ARGUMENT"), 400, FailureKind.BAD_REQUEST, None),
        (error(429, "RESOURCE_EXHAUSTED", PER_MINUTE, RETRY), 429, FailureKind.RATE_LIMIT, 34.5),
        (error(429, "RESOURCE_EXHAUSTED", PER_MINUTE, PER_DAY, RETRY), 429, FailureKind.QUOTA, 34.5),
        ({"error": {"code": 429, "message": "words", "details": "no list"}}, 429, FailureKind.RATE_LIMIT, None),
        (error(503, "UNAVAILABLE"), 503, FailureKind.SERVER_ERROR, None),
        (error(404, "NOT_FOUND"), 404, FailureKind.NOT_FOUND, None),
    ],
)
async def test_errors(  # noqa: PLR0913 - a table of cases
    upstream: Any, adapter_of: Any, key: str, *, body: Any, status: int, kind: FailureKind, wait: float | None
) -> None:
    """A wrong key is told from a wrong request, a day's quota from a minute's, and the wait stands in the body."""
    outcome = await complete(upstream, adapter_of, key, body, status=status)
    assert (outcome.kind, outcome.status, outcome.retry_after) == (kind, status, wait)
    assert "words" in outcome.message


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500])
async def test_the_key_never_shows(upstream: Any, adapter_of: Any, key: str, *, status: int) -> None:
    """A server that echoes the key in any answer finds no echo in ours."""
    body = {"error": {"message": f"key {key} is wrong", "status": key, "details": [{"reason": key}]}}
    outcome = await complete(upstream, adapter_of, key, body, status=status)
    assert isinstance(outcome, Failure)
    assert key not in json.dumps(repr(outcome))
