"""Model arguments reach the request, and what an API does not take is refused with what it takes."""

from __future__ import annotations

from typing import Any

import anthropic
import msgspec
import openai
import pytest

from causal_eval.errors import UnknownName, UsageError
from causal_eval.providers.adapters import refuses_temperature
from causal_eval.providers.arguments import merged
from causal_eval.providers.provider import Message, Prompt

PROMPT = Prompt((Message("user", "Why?"),), max_tokens=33)
CHAT = {"choices": [{"message": {"content": "Yes."}}]}
MESSAGES = {"content": [{"type": "text", "text": "Yes."}]}


async def sent(upstream: Any, provider: Any, body: Any) -> Any:
    upstream.answer(body)
    await provider.complete(PROMPT)
    await provider.close()
    return upstream.requests[-1]["json"]


@pytest.mark.anyio
async def test_chats_arguments_are_the_sdks(upstream: Any, adapter_of: Any) -> None:
    """Each is the SDK's parameter of the same name."""
    given: Any = {
        "reasoning_effort": "low", "verbosity": "high", "service_tier": "flex", "frequency_penalty": 0.5,
        "presence_penalty": -0.5,
    }  # fmt: skip
    ours = await sent(upstream, adapter_of("openai/m", at(upstream, "OPENAI"), **given), CHAT)
    async with openai.AsyncOpenAI(api_key="k", base_url=f"{upstream.url}/v1", max_retries=0) as client:
        await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Why?"}], max_tokens=33, **given
        )
    assert ours == upstream.requests[-1]["json"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("given", "theirs"),
    [
        ({}, {}),
        ({"reasoning_effort": "max"}, {"output_config": {"effort": "max"}}),
        ({"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}),
        (
            {"reasoning_effort": "low", "thinking": "adaptive"},
            {"output_config": {"effort": "low"}, "thinking": {"type": "adaptive"}},
        ),
        ({"thinking_budget": 2048}, {"thinking": {"type": "enabled", "budget_tokens": 2048}}),
        ({"service_tier": "standard_only"}, {"service_tier": "standard_only"}),
    ],
)
async def test_anthropics_arguments_are_the_sdks(upstream: Any, adapter_of: Any, *, given: Any, theirs: Any) -> None:
    """Effort and thinking are said as the SDK says them."""
    ours = await sent(upstream, adapter_of("anthropic/m", at(upstream, "ANTHROPIC"), **given), MESSAGES)
    async with anthropic.AsyncAnthropic(api_key="k", base_url=upstream.url, max_retries=0) as client:
        await client.messages.create(model="m", max_tokens=33, messages=[{"role": "user", "content": "Why?"}], **theirs)
    assert ours == upstream.requests[-1]["json"]


@pytest.mark.anyio
async def test_a_servers_own_fields_pass_as_they_are(upstream: Any, adapter_of: Any) -> None:
    """What only one server documents may hold anything, and is known to that server alone."""
    routing = {"provider": {"order": ["a"]}, "reasoning": {"max_tokens": 5}, "top_k": 3}
    body = await sent(upstream, adapter_of("openrouter/a/m", at(upstream, "OPENROUTER"), **routing), CHAT)
    assert {name: body[name] for name in routing} == routing
    with pytest.raises(UnknownName, match="unknown model argument 'reasoning_format': did you mean reasoning"):
        adapter_of("openrouter/a/m", at(upstream, "OPENROUTER"), reasoning_format="raw")


@pytest.mark.parametrize(
    ("model", "given", "part"),
    [
        ("openai/m", {"reasonig_effort": "low"}, "did you mean reasoning_effort"),
        ("openai/m", {"zzz": 1}, "known: frequency_penalty, presence_penalty, reasoning_effort"),
        ("openai/m", {"reasoning_effort": "lots"}, "-M reasoning_effort=lots: .*allowed is .*low, .*medium"),
        ("openai/m", {"frequency_penalty": "x"}, "allowed is a number"),
        ("openai/m", {"responses_api": True, "frequency_penalty": 1}, "unknown model argument 'frequency_penalty'"),
        ("anthropic/m", {"reasoning_effort": "minimal"}, "allowed is .*high"),
        ("anthropic/m", {"thinking": "adaptive", "thinking_budget": 5}, "contradict each other"),
        ("anthropic/m", {"responses_api": True}, "unknown model argument"),
        ("google/m", {"thinking_budget": 1.5}, "allowed is a whole number"),
        ("google/m", {"include_thoughts": "yes"}, "allowed is true or false"),
    ],
)
def test_what_is_wrong_is_named(adapter_of: Any, *, model: str, given: dict[str, Any], part: str) -> None:
    """Before anything is called: the argument, what was given, what is allowed."""
    env = {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k", "GOOGLE_API_KEY": "k"}
    with pytest.raises(UsageError, match=part):
        adapter_of(model, env, **given)


@pytest.mark.parametrize(
    ("model", "refused"),
    [
        ("openai/o3", True),
        ("openai/gpt-5-mini", True),
        ("openai/gpt-5-chat-latest", False),
        ("openai/gpt-4o", False),
        ("openai/gpt-5.1", False),
        ("vllm/o3", False),
        ("local/gemma-3-270m", False),
    ],
)
def test_who_refuses_a_temperature(*, model: str, refused: bool) -> None:
    """As far as the catalogue knows."""
    assert refuses_temperature(model) is refused


@pytest.mark.parametrize(("extra", "expected"), [({}, {"a": 1}), ({"b": [2]}, {"a": 1, "b": [2]})])
def test_two_objects_become_one(extra: dict[str, Any], expected: dict[str, Any]) -> None:
    """The fields of both, whichever is empty."""
    assert msgspec.json.decode(merged(b'{"a":1}', msgspec.json.encode(extra))) == expected


def at(upstream: Any, prefix: str) -> dict[str, str]:
    return {f"{prefix}_API_KEY": "k", f"{prefix}_BASE_URL": upstream.url}
