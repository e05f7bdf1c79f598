"""A served model never counts for another."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_eval.providers.provider import Failure, FailureKind, Prompt, Refusal, Reply
from causal_eval.providers.served import Served, same_model

ASKED = Prompt((), text="?")
SAME = [
    ("gpt-4o", "gpt-4o-2024-08-06"),
    ("gpt-4", "gpt-4-0613"),
    ("GPT-4o", "gpt-4o"),
    ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022"),
    ("claude-opus-4-1", "claude-opus-4-1-20250805"),
    ("gemini-2.0-flash", "models/gemini-2.0-flash-001"),
    ("gemini-2.5-flash-preview", "gemini-2.5-flash-preview-09-2025"),
    ("meta-llama/Llama-3.1-8B-Instruct", "Llama-3.1-8B-Instruct"),
    ("llama3", "llama3:latest"),
    ("qwen", "/weights/qwen.gguf"),
    ("mistral-large-latest", "mistral-large-2411"),
    ("mock", ""),
    ("gemini-flash-latest", "gemini-2.5-flash-preview-09-2025"),
    ("claude-sonnet-4-0", "claude-sonnet-4-20250514"),
    ("meta-llama/llama-3.1-8b-instruct:free", "meta-llama/llama-3.1-8b-instruct"),
]
OTHER = [
    ("gpt-4o", "gpt-4o-mini"),
    ("gpt-4o", "gpt-4o-mini-2024-07-18"),
    ("gpt-4", "gpt-4o"),
    ("gpt-4o-2024-05-13", "gpt-4o-2024-08-06"),
    ("gpt-4o-2024-05-13", "gpt-4o"),
    ("claude-3-5-sonnet-latest", "claude-3-5-haiku-20241022"),
    ("llama-3.1-70b", "llama-3.1-8b"),
    ("gpt-4o", "chatgpt-4o-latest"),
    ("o1", "o1-mini"),
    ("o1", "o1-2024-12-17-evil"),
    ("m", "n"),
    ("gemini-flash-latest", "gemini-2.5-flash-lite"),
    ("claude-3-5-sonnet-latest", "claude-3-7-sonnet-20250219"),
    ("llama3:8b", "llama3:70b"),
    ("openrouter/auto", "openai/gpt-4o"),
]


@pytest.mark.parametrize(("asked", "served"), SAME)
def test_another_spelling_is_the_same(asked: str, served: str) -> None:
    """A date, a path, a case or an ending is no other model."""
    assert same_model(asked, served)


@pytest.mark.parametrize(("asked", "served"), OTHER)
def test_another_model_is_another(asked: str, served: str) -> None:
    """However alike the names look."""
    assert not same_model(asked, served)


NAMES = st.from_regex(r"[a-z]{1,8}(-[a-z]{1,5})?(-\d{1,2}b)?", fullmatch=True)


@given(NAMES, NAMES, st.sampled_from(["", "-2024-08-06", "-20240806", "-0613"]))
def test_only_its_own_versions_pass(asked: str, other: str, version: str) -> None:
    """For names without a date: the same model is the same name, whatever version stands behind it."""
    assert same_model(asked, other + version) == (asked == other)


@pytest.mark.anyio
@pytest.mark.parametrize("answer", [Reply("yes", served="gpt-4o-mini", calls=1), Refusal("no", served="gpt-4o-mini")])
async def test_a_reply_of_another_model_is_none(sequence: Any, *, answer: Reply | Refusal) -> None:
    """Neither its text nor its refusal comes through; the failure names both and counts the call."""
    outcome = await Served(sequence(answer), "gpt-4o").complete(ASKED)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.calls) == (FailureKind.OTHER_MODEL, 1)
    assert "'gpt-4o-mini' answered" in outcome.message
    assert "yes" not in outcome.message


@pytest.mark.anyio
async def test_its_own_reply_comes_through_untouched(sequence: Any) -> None:
    """The very object, the second time without looking closer."""
    served = Served(sequence(answer := Reply("yes", served="gpt-4o-2024-08-06")), "gpt-4o")
    assert await served.complete(ASKED) is answer
    assert await served.complete(ASKED) is answer
