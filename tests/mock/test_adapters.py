"""Our own adapters, found by the name a user types, meet the mock server as the SDKs do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from causal_eval.mock.answers import Fixed
from causal_eval.mock.faults import Fault, Mode
from causal_eval.mock.server import MockConfig, MockServer
from causal_eval.providers.adapters import adapter
from causal_eval.providers.catalog import route
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.provider import Failure, FailureKind, Message, Outcome, Prompt, Refusal, Reply

pytestmark = pytest.mark.anyio

TEXT = "Yes, it does."
PROMPT = Prompt((Message("system", "Be brief."), Message("user", "Does it?")))
AZURE = {"OPENAI_API_VERSION": "2025-04-01-preview"}
APIS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "chat": ("openai/m", "OPENAI_API_KEY", "OPENAI_BASE_URL", {}),
    "responses": ("openai/m", "OPENAI_API_KEY", "OPENAI_BASE_URL", {"responses_api": True}),
    "anthropic": ("anthropic/m", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", {}),
    "google": ("google/m", "GOOGLE_API_KEY", "GOOGLE_BASE_URL", {"reasoning_effort": "low"}),
    "azure": ("azure/my deployment", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", {}),
    "azure-responses": ("azure/m", "AZURE_OPENAI_API_KEY", "AZURE_BASE_URL", {"responses_api": True}),
    "ollama": ("ollama/m", "OLLAMA_API_KEY", "OLLAMA_BASE_URL", {}),
}
"""Name, variables of key and address, model arguments."""


async def asked(api: str, folder: Path, *, fault: Fault | None = None) -> Outcome:
    """What one call gives."""
    name, key, address, arguments = APIS[api]
    config = MockConfig(answers=Fixed(TEXT), key="right", faults=(fault,) if fault else ())
    async with MockServer(config) as server:
        env = {key: "right", address: server.url, **AZURE}
        provider = adapter(name, route(name), ProviderConfig(env=env, cache_dir=folder, arguments=arguments))
        outcome = await provider.complete(PROMPT)
        await provider.close()
    return outcome


@pytest.mark.parametrize("api", APIS)
async def test_a_reply(tmp_path: Path, *, api: str) -> None:
    """Text, served name and tokens arrive with the right key."""
    outcome = await asked(api, tmp_path)
    assert isinstance(outcome, Reply), outcome
    assert (outcome.text, outcome.finish) == (TEXT, "stop")
    assert outcome.served == APIS[api][0].partition("/")[2]
    assert (outcome.usage.input, outcome.usage.output) == (2, 3)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (Mode.RATE_LIMIT, FailureKind.RATE_LIMIT),
        (Mode.QUOTA, FailureKind.QUOTA),
        (Mode.SERVER_ERROR, FailureKind.SERVER_ERROR),
        (Mode.OVERLOADED, FailureKind.SERVER_ERROR),
        (Mode.BAD_REQUEST, FailureKind.BAD_REQUEST),
        (Mode.UNAUTHORIZED, FailureKind.AUTH),
        (Mode.FORBIDDEN, FailureKind.AUTH),
        (Mode.NOT_FOUND, FailureKind.NOT_FOUND),
        (Mode.TOO_LARGE, FailureKind.BAD_REQUEST),
        (Mode.UNPROCESSABLE, FailureKind.BAD_REQUEST),
        (Mode.RESET, FailureKind.CONNECTION),
        (Mode.BREAK_OFF, FailureKind.CONNECTION),
        (Mode.GARBAGE, FailureKind.BAD_REPLY),
        (Mode.PAGE, FailureKind.BAD_REPLY),
    ],
)
@pytest.mark.parametrize("api", APIS)
async def test_failures(tmp_path: Path, *, api: str, mode: Mode, kind: FailureKind) -> None:
    """Each mode is the failure that it is, whichever API says it in its own words."""
    outcome = await asked(api, tmp_path, fault=Fault(mode, seconds=2.0))
    assert isinstance(outcome, Failure), outcome
    assert outcome.kind is kind
    assert "right" not in repr(outcome)
    if mode is Mode.RATE_LIMIT:
        assert outcome.retry_after == 2


@pytest.mark.parametrize("mode", [Mode.REFUSAL, Mode.CONTENT_FILTER])
@pytest.mark.parametrize("api", APIS)
async def test_refusals(tmp_path: Path, *, api: str, mode: Mode) -> None:
    """What the model or its filter declines is a refusal, also where it answers 400."""
    outcome = await asked(api, tmp_path, fault=Fault(mode))
    assert isinstance(outcome, Refusal), outcome


@pytest.mark.parametrize("api", APIS)
async def test_a_truncated_reply(tmp_path: Path, *, api: str) -> None:
    """Half the text, and said to be half."""
    outcome = await asked(api, tmp_path, fault=Fault(Mode.TRUNCATION))
    assert isinstance(outcome, Reply)
    assert (outcome.text, outcome.finish) == (TEXT[:6], "length")


@pytest.mark.parametrize("mode", [Mode.EMPTY, Mode.ERROR_IN_200])
@pytest.mark.parametrize("api", APIS)
async def test_a_200_without_a_reply(tmp_path: Path, *, api: str, mode: Mode) -> None:
    """No choice, message or candidate is a failure, never an empty reply; so is an error with status 200."""
    outcome = await asked(api, tmp_path, fault=Fault(mode))
    if api == "anthropic" and mode is Mode.EMPTY:
        assert isinstance(outcome, Reply)
        assert outcome.text == ""
    else:
        assert isinstance(outcome, Failure), outcome
        assert outcome.kind in {FailureKind.BAD_REPLY, FailureKind.SERVER_ERROR}
