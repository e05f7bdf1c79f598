"""Fixtures that every test folder sees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from causal_eval.providers.anthropic import Anthropic
from causal_eval.providers.http import Endpoint, Http
from causal_eval.providers.openai import ChatQuirks, OpenAI
from causal_eval.providers.transport import Timeouts

KEY = "sk-planted-secret-value-1234"

settings.register_profile("house", derandomize=True, deadline=None, print_blob=False, database=None)
settings.load_profile("house")


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio alone: the program uses nothing else."""
    return "asyncio"


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture
def key() -> str:
    """A key that no message may show."""
    return KEY


Build = Callable[..., Any]


@pytest.fixture
def openai_at() -> Build:
    """Builds the OpenAI adapter for a root URL."""

    def build(url: str, *, timeouts: Timeouts | None = None, own_host: bool = False) -> OpenAI:
        http = Http(Endpoint(f"{url}/v1", KEY, "OPENAI_API_KEY"), timeouts=timeouts)
        return OpenAI("openai/gpt-x", "gpt-x", http, quirks=ChatQuirks(completion_limit=own_host))

    return build


@pytest.fixture
def anthropic_at() -> Build:
    """Builds the Anthropic adapter for a root URL."""

    def build(url: str, *, timeouts: Timeouts | None = None) -> Anthropic:
        version = (("anthropic-version", "2026-10-21"),)
        http = Http(Endpoint(f"{url}/v1", KEY, "ANTHROPIC_API_KEY", version), timeouts=timeouts)
        return Anthropic("anthropic/claude-x", "claude-x", http)

    return build
