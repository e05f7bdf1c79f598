"""The OpenAI adapter sends what the official SDK sends and reads what the API documents."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from causal_eval.providers.provider import Failure, FailureKind, Message, Prompt, Refusal, Reply, Usage

pytestmark = pytest.mark.anyio

REPLY: dict[str, Any] = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-x-2026",
    "system_fingerprint": "fp_44709d6fcb",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": 9,
        "completion_tokens": 7,
        "total_tokens": 16,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 5},
    },
}
UNPROVEN = """Not confirmed by the SDK's call, only by its types or other servers' documentation: ``reasoning_content``
and ``reasoning`` (vLLM, DeepSeek, OpenRouter), content as a list of parts (Mistral), an error object inside a 200
response (OpenRouter), which models refuse ``temperature``, ``seed`` or ``stop``."""


def with_choice(message: dict[str, Any], finish: str = "stop") -> dict[str, Any]:
    return {**REPLY, "choices": [{"index": 0, "message": message, "finish_reason": finish}]}


@pytest.mark.parametrize("own_host", [False, True])
@pytest.mark.parametrize("full", [False, True])
async def test_the_call_equals_the_sdks(upstream: Any, openai_at: Any, *, own_host: bool, full: bool) -> None:
    """Method, path, JSON body, auth header and content type are the SDK's."""
    upstream.answer(REPLY)
    options: dict[str, Any] = {"temperature": 0.0, "top_p": 0.5, "seed": 7, "stop": ["\n", "é"]} if full else {}
    limit: dict[str, Any] = {"max_completion_tokens" if own_host else "max_tokens": 33}
    messages: list[Any] = [{"role": "system", "content": "Sé brief."}, {"role": "user", "content": "Why?"}]
    async with openai.AsyncOpenAI(api_key="sk-test-1234", base_url=f"{upstream.url}/v1", max_retries=0) as client:
        await client.chat.completions.create(model="gpt-x", messages=messages, **limit, **options)
    provider = openai_at(upstream.url, own_host=own_host)
    await provider.complete(
        Prompt(
            messages=tuple(Message(m["role"], m["content"]) for m in messages),
            max_tokens=33,
            temperature=options.get("temperature"),
            top_p=options.get("top_p"),
            seed=options.get("seed"),
            stop=tuple(options.get("stop", ())),
        )
    )
    await provider.close()
    theirs, ours = upstream.requests
    assert (ours["method"], ours["path"], ours["json"]) == (theirs["method"], theirs["path"], theirs["json"])
    assert theirs["headers"]["Authorization"] == "Bearer sk-test-1234"
    assert ours["headers"]["Authorization"].startswith("Bearer sk-planted")
    for header in ("Content-Type", "Accept"):
        assert ours["headers"][header] == theirs["headers"][header]


async def complete(upstream: Any, openai_at: Any, prompt: Prompt) -> Any:
    provider = openai_at(upstream.url)
    outcome = await provider.complete(prompt)
    await provider.close()
    return outcome


async def test_a_reply_with_usage(upstream: Any, openai_at: Any, prompt: Prompt) -> None:
    """Text, finish, served model, its fingerprint and all token counts arrive, with the time taken."""
    upstream.answer(REPLY)
    outcome = await complete(upstream, openai_at, prompt)
    assert outcome == Reply(
        "Yes.",
        served="gpt-x-2026",
        fingerprint="fp_44709d6fcb",
        usage=Usage(input=9, output=7, cached=4, reasoning=5),
        latency_ms=outcome.latency_ms,
    )
    assert outcome.latency_ms > 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (with_choice({"content": "A", "reasoning_content": "hm"}), ("A", "hm", "stop")),
        (with_choice({"content": "A", "reasoning": "hm"}), ("A", "hm", "stop")),
        (with_choice({"content": "half"}, "length"), ("half", "", "length")),
        (with_choice({"content": None}, "length"), ("", "", "length")),
        (with_choice({"content": "A", "annotations": [], "unknown": 1}), ("A", "", "stop")),
        (
            with_choice(
                {
                    "content": [
                        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                        {"type": "text", "text": "A"},
                    ]
                }
            ),
            ("A", "hm", "stop"),
        ),
        ({"choices": [{"message": {"content": "A"}}]}, ("A", "", "stop")),
        ({"choices": [{"message": {"content": "A"}, "finish_reason": None}], "usage": None}, ("A", "", "stop")),
    ],
)
async def test_forms_of_a_reply(
    upstream: Any, openai_at: Any, prompt: Prompt, *, body: Any, expected: tuple[str, str, str]
) -> None:
    """Visible reasoning is kept apart, truncation is told, unknown and missing fields do no harm."""
    upstream.answer(body)
    outcome = await complete(upstream, openai_at, prompt)
    assert (outcome.text, outcome.reasoning, outcome.finish) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (with_choice({"content": None, "refusal": "I can't."}), "I can't."),
        (with_choice({"content": "par"}, "content_filter"), "content_filter"),
    ],
)
async def test_refusals(upstream: Any, openai_at: Any, prompt: Prompt, *, body: Any, reason: str) -> None:
    """A refusal and a filtered reply are refusals, with usage."""
    upstream.answer(body)
    outcome = await complete(upstream, openai_at, prompt)
    assert isinstance(outcome, Refusal)
    assert (outcome.reason, outcome.usage.input) == (reason, 9)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({**REPLY, "choices": []}, FailureKind.BAD_REPLY),
        ({"hello": 1}, FailureKind.BAD_REPLY),
        ([], FailureKind.BAD_REPLY),
        ("text", FailureKind.BAD_REPLY),
        ({"choices": [{"message": {"content": 5}}]}, FailureKind.BAD_REPLY),
        (b"", FailureKind.BAD_REPLY),
        (b"\xff\xfe", FailureKind.BAD_REPLY),
        ({"error": {"message": "upstream", "code": 429}}, FailureKind.RATE_LIMIT),
        ({"error": {"message": "upstream", "code": "x"}}, FailureKind.SERVER_ERROR),
        ({"error": "words"}, FailureKind.BAD_REPLY),
    ],
)
async def test_a_200_that_is_no_reply(
    upstream: Any, openai_at: Any, prompt: Prompt, *, body: Any, kind: FailureKind
) -> None:
    """Wrong shapes, empty choices and errors inside a 200 are failures, never empty replies."""
    upstream.answer(body)
    outcome = await complete(upstream, openai_at, prompt)
    assert isinstance(outcome, Failure)
    assert outcome.kind is kind


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500])
async def test_the_key_never_shows(upstream: Any, openai_at: Any, prompt: Prompt, *, status: int, key: str) -> None:
    """A server that echoes the key in any answer finds no echo in ours."""
    upstream.answer({"error": {"message": f"key {key} is wrong", "type": key}}, status=status)
    outcome = await complete(upstream, openai_at, prompt)
    assert isinstance(outcome, Failure)
    assert key not in json.dumps(repr(outcome))


async def test_a_text_alone_becomes_a_user_turn(upstream: Any, openai_at: Any) -> None:
    """A prompt without turns is asked as one user message; at most four stops are sent."""
    upstream.answer(REPLY)
    await complete(upstream, openai_at, Prompt((), text="Why?", stop=tuple("abcdef")))
    sent = upstream.requests[0]["json"]
    assert sent["messages"] == [{"role": "user", "content": "Why?"}]
    assert sent["stop"] == list("abcd")


async def test_a_server_that_calls_itself_by_the_key(upstream: Any, openai_at: Any, prompt: Prompt, key: str) -> None:
    """What is stored of a reply (text, reasoning, the model's name) never holds the key that it was asked with."""
    said = {"content": f"You sent {key}", "reasoning_content": key}
    upstream.answer({"model": key, "choices": [{"message": said, "finish_reason": key}]})
    provider = openai_at(upstream.url)
    outcome = await provider.complete(prompt)
    await provider.close()
    assert isinstance(outcome, Reply)
    assert (outcome.text, outcome.reasoning, outcome.served, outcome.finish) == ("You sent ***", "***", "***", "***")


async def test_no_half_of_a_key_where_a_page_is_cut(upstream: Any, openai_at: Any, prompt: Prompt, key: str) -> None:
    """An error page that echoes the key across the place where it is cut gives neither half away."""
    upstream.answer(b" " * 1990 + key.encode(), status=500)
    provider = openai_at(upstream.url)
    outcome = await provider.complete(prompt)
    await provider.close()
    assert isinstance(outcome, Failure)
    assert "sk-" not in outcome.message
