"""Azure is called where and as the official SDK calls it, in both forms of its address."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from causal_eval.errors import UsageError
from causal_eval.providers.azure import resource
from causal_eval.providers.provider import Message, Prompt, Refusal

pytestmark = pytest.mark.anyio

CHAT: dict[str, Any] = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-x-2026",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}],
}
UNPROVEN = """That every deployment takes ``max_completion_tokens``; the shape of a filtered prompt's error."""
VERSION = "2025-04-01-preview"
PROMPT = Prompt((Message("user", "Why?"),), max_tokens=33)


async def asked(provider: Any) -> Any:
    outcome = await provider.complete(PROMPT)
    await provider.close()
    return outcome


def env(key: str, address: str, **more: str) -> dict[str, str]:
    return {"AZURE_OPENAI_API_KEY": key, "AZURE_OPENAI_ENDPOINT": address, **more}


@pytest.mark.parametrize("slash", ["", "/", "/openai", "/openai/deployments/other"])
async def test_chat_equals_the_sdks_call(upstream: Any, adapter_of: Any, key: str, *, slash: str) -> None:
    """Method, path with deployment and version, JSON body and key header are the SDK's, however the address ends."""
    upstream.answer(CHAT)
    async with openai.AsyncAzureOpenAI(
        api_key=key, azure_endpoint=upstream.url, api_version=VERSION, max_retries=0
    ) as client:
        await client.chat.completions.create(
            model="my deployment", messages=[{"role": "user", "content": "Why?"}], max_completion_tokens=33
        )
    await asked(adapter_of("azure/my deployment", env(key, upstream.url + slash, OPENAI_API_VERSION=VERSION)))
    theirs, ours = upstream.requests
    assert (ours["method"], ours["path"], ours["json"]) == (theirs["method"], theirs["path"], theirs["json"])
    assert ours["headers"]["api-key"] == theirs["headers"]["api-key"] == key
    assert "Authorization" not in ours["headers"]


async def test_responses_equal_the_sdks_call(upstream: Any, adapter_of: Any, key: str) -> None:
    """The Responses API stands beside the deployments, which the body names."""
    upstream.answer({"output": [], "status": "completed"})
    async with openai.AsyncAzureOpenAI(
        api_key=key, azure_endpoint=upstream.url, api_version=VERSION, max_retries=0
    ) as client:
        await client.responses.create(
            model="d", input=[{"role": "user", "content": "Why?"}], store=False, max_output_tokens=33
        )
    await asked(adapter_of("azure/d", env(key, upstream.url, OPENAI_API_VERSION=VERSION), responses_api=True))
    theirs, ours = upstream.requests
    assert (ours["method"], ours["path"], ours["json"]) == (theirs["method"], theirs["path"], theirs["json"])
    assert ours["headers"]["api-key"] == theirs["headers"]["api-key"] == key


async def test_the_address_without_a_version(upstream: Any, adapter_of: Any, key: str) -> None:
    """``/openai/v1`` is called as the plain OpenAI SDK calls it."""
    upstream.answer(CHAT)
    async with openai.AsyncOpenAI(api_key=key, base_url=f"{upstream.url}/openai/v1/", max_retries=0) as client:
        await client.chat.completions.create(
            model="d", messages=[{"role": "user", "content": "Why?"}], max_completion_tokens=33
        )
    await asked(adapter_of("azure/d", {"AZURE_OPENAI_API_KEY": key, "AZURE_BASE_URL": f"{upstream.url}/openai/v1/"}))
    theirs, ours = upstream.requests
    assert (ours["method"], ours["path"], ours["json"]) == (theirs["method"], theirs["path"], theirs["json"])
    assert ours["headers"]["Authorization"] == theirs["headers"]["Authorization"] == f"Bearer {key}"


async def test_a_filtered_prompt_is_a_refusal(upstream: Any, adapter_of: Any, key: str) -> None:
    """Azure's content filter answers 400 with its own code."""
    upstream.answer({"error": {"code": "content_filter", "message": "filtered", "status": 400}}, status=400)
    outcome = await asked(adapter_of("azure/d", env(key, upstream.url, OPENAI_API_VERSION=VERSION)))
    assert isinstance(outcome, Refusal)


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({}, "export AZURE_OPENAI_ENDPOINT=https://<resource>.openai.azure.com"),
        ({"AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:1"}, "OPENAI_API_VERSION is not set"),
        ({"AZURE_OPENAI_ENDPOINT": "127.0.0.1:1"}, "AZURE_OPENAI_ENDPOINT must begin with http"),
        (
            {"AZURE_BASE_URL": "http://127.0.0.1:1", "OPENAI_API_VERSION": VERSION},
            "AZURE_OPENAI_API_KEY is not set",
        ),
    ],
)
def test_what_is_missing_is_named(adapter_of: Any, *, given: dict[str, str], part: str) -> None:
    """The message says which variable to set and to what."""
    with pytest.raises(UsageError, match=part):
        adapter_of("azure/d", given)


def test_a_deployments_name_cannot_leave_its_place() -> None:
    """Slashes and question marks in a name are escaped."""
    found = resource("http://h", "X", deployment="../a?b", env={"OPENAI_API_VERSION": "v&w"})
    assert found.chat == "/deployments/..%2Fa%3Fb/chat/completions?api-version=v%26w"
