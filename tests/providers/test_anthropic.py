"""The Anthropic adapter sends what the official SDK sends and reads what the API documents."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest

from causal_eval.providers.catalog import read_catalog
from causal_eval.providers.provider import Failure, FailureKind, Message, Prompt, Refusal, Reply, Usage

pytestmark = pytest.mark.anyio

REPLY: dict[str, Any] = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "claude-x-2026",
    "content": [{"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "Yes."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 5,
        "output_tokens": 7,
        "cache_creation_input_tokens": 1,
        "cache_read_input_tokens": 3,
        "output_tokens_details": {"thinking_tokens": 6},
    },
}
UNPROVEN = """``temperature`` and ``top_p``: the installed SDK has no parameter for either any more; they are sent
only if the user asks, and a server that refuses them says so with 400."""


@pytest.mark.parametrize("full", [False, True])
async def test_the_call_equals_the_sdks(upstream: Any, anthropic_at: Any, *, full: bool) -> None:
    """Method, path, JSON body, auth and version header are the SDK's."""
    upstream.answer(REPLY)
    options: dict[str, Any] = {"stop_sequences": ["\n", "é"], "system": "Sé brief."} if full else {}
    messages: list[Any] = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because"}]
    async with anthropic.AsyncAnthropic(api_key="sk-test-1234", base_url=upstream.url, max_retries=0) as client:
        await client.messages.create(model="claude-x", max_tokens=33, messages=messages, **options)
    system = (Message("system", options["system"]),) if full else ()
    turns = tuple(Message(m["role"], m["content"]) for m in messages)
    provider = anthropic_at(upstream.url)
    await provider.complete(
        Prompt(messages=system + turns, max_tokens=33, seed=7, stop=tuple(options.get("stop_sequences", ())))
    )
    await provider.close()
    theirs, ours = upstream.requests
    assert (ours["method"], ours["path"], ours["json"]) == (theirs["method"], theirs["path"], theirs["json"])
    assert theirs["headers"]["Authorization"] == "Bearer sk-test-1234"
    assert ours["headers"]["Authorization"].startswith("Bearer sk-planted")
    for header in ("Content-Type", "Accept", "anthropic-version"):
        assert ours["headers"][header] == theirs["headers"][header]
    assert read_catalog()["anthropic"].headers["anthropic-version"] == theirs["headers"]["anthropic-version"]


async def complete(upstream: Any, anthropic_at: Any, prompt: Prompt) -> Any:
    provider = anthropic_at(upstream.url)
    outcome = await provider.complete(prompt)
    await provider.close()
    return outcome


async def test_a_reply_with_usage(upstream: Any, anthropic_at: Any, prompt: Prompt) -> None:
    """Text and thinking apart; input counts fresh, cache-written and cache-read tokens."""
    upstream.answer(REPLY)
    outcome = await complete(upstream, anthropic_at, prompt)
    assert outcome == Reply(
        "Yes.",
        reasoning="hm",
        served="claude-x-2026",
        usage=Usage(input=9, output=7, cached=3, reasoning=6, written=1),
        latency_ms=outcome.latency_ms,
    )


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("stop_sequence", "stop"),
        ("pause_turn", "pause_turn"),
        (None, "stop"),
    ],
)
async def test_why_it_stopped(upstream: Any, anthropic_at: Any, prompt: Prompt, *, reason: str, finish: str) -> None:
    """Stop reasons are told in our words where we have one."""
    upstream.answer({**REPLY, "stop_reason": reason})
    assert (await complete(upstream, anthropic_at, prompt)).finish == finish


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        (None, "refusal"),
        ({"type": "refusal", "category": "bio"}, "bio"),
        ({"type": "refusal", "explanation": "Not that."}, "Not that."),
    ],
)
async def test_refusals(upstream: Any, anthropic_at: Any, prompt: Prompt, *, details: Any, reason: str) -> None:
    """``stop_reason: refusal`` is a refusal with the API's own explanation."""
    upstream.answer({**REPLY, "content": [], "stop_reason": "refusal", "stop_details": details})
    outcome = await complete(upstream, anthropic_at, prompt)
    assert isinstance(outcome, Refusal)
    assert (outcome.reason, outcome.usage.input) == (reason, 9)


@pytest.mark.parametrize("body", [{"hello": 1}, [], b"", b'{"content": 5}', {**REPLY, "content": None}])
async def test_a_200_that_is_no_reply(upstream: Any, anthropic_at: Any, prompt: Prompt, *, body: Any) -> None:
    """Wrong shapes are failures, never empty replies."""
    upstream.answer(body)
    outcome = await complete(upstream, anthropic_at, prompt)
    assert isinstance(outcome, Failure)
    assert outcome.kind is FailureKind.BAD_REPLY


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("overloaded_error", FailureKind.SERVER_ERROR),
        ("api_error", FailureKind.SERVER_ERROR),
        ("rate_limit_error", FailureKind.RATE_LIMIT),
        ("authentication_error", FailureKind.AUTH),
        ("billing_error", FailureKind.QUOTA),
        ("something_new", FailureKind.SERVER_ERROR),
    ],
)
async def test_an_error_inside_a_200(
    upstream: Any, anthropic_at: Any, prompt: Prompt, *, kind: str, expected: FailureKind
) -> None:
    """Gateways that have begun to answer send errors with status 200: they mean what they would with their own."""
    upstream.answer({"type": "error", "error": {"type": kind, "message": "Not now"}})
    outcome = await complete(upstream, anthropic_at, prompt)
    assert isinstance(outcome, Failure)
    assert outcome.kind is expected
    assert "Not now" in outcome.message


async def test_an_overloaded_server(upstream: Any, anthropic_at: Any, prompt: Prompt) -> None:
    """529 is a server error that says how long to wait."""
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    upstream.answer(body, status=529, headers={"Retry-After": "3"})
    outcome = await complete(upstream, anthropic_at, prompt)
    assert (outcome.kind, outcome.status, outcome.retry_after) == (FailureKind.SERVER_ERROR, 529, 3.0)
