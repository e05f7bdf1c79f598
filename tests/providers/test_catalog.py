"""Names and addresses are read the way users write them."""

from __future__ import annotations

import pytest

from causal_eval.errors import UnknownName, UsageError
from causal_eval.providers.catalog import Route, base_url, is_loopback, provider_of, read_catalog, route


@pytest.mark.parametrize(
    ("model", "expected", "variables"),
    [
        ("openai/gpt-x", Route("openai", "openai", "gpt-x"), "OPENAI"),
        ("openai/ft:gpt-x/7", Route("openai", "openai", "ft:gpt-x/7"), "OPENAI"),
        ("anthropic/claude-x", Route("anthropic", "anthropic", "claude-x"), "ANTHROPIC"),
        ("ollama/llama3", Route("ollama", "ollama", "llama3"), "OLLAMA"),
        ("llama-cpp/m", Route("llama-cpp", "llama-cpp", "m"), "LLAMA_CPP"),
        ("openrouter/meta/llama-3", Route("openrouter", "openrouter", "meta/llama-3"), "OPENROUTER"),
        ("openai-api/my-vllm/org/m", Route("openai-api/my-vllm", "openai-api", "org/m"), "MY_VLLM"),
        ("local/gemma-3-270m", Route("local", "local", "gemma-3-270m"), "LOCAL"),
        ("local//tmp/x.gguf", Route("local", "local", "/tmp/x.gguf"), "LOCAL"),
    ],
)
def test_a_name_is_taken_apart(model: str, expected: Route, variables: str) -> None:
    """Provider, API, model and the prefix of the variables follow from the string."""
    assert route(model) == expected
    assert route(model).variables == variables
    assert provider_of(model) == expected.provider


@pytest.mark.parametrize(
    ("model", "part"),
    [
        ("opnai/gpt-x", "did you mean openai"),
        ("olama/llama3", "did you mean ollama"),
        ("lmstudio/m", "did you mean lm-studio"),
        ("gpt-x", "openai/gpt-x"),
        ("openai/", "openai/<model>"),
        ("openai-api/server", "openai-api/<server>/<model>"),
        ("openai-api//m", "openai-api/<server>/<model>"),
        ("", "names no provider"),
    ],
)
def test_a_wrong_name_is_put_right(model: str, part: str) -> None:
    """The message shows the form to write, or the nearest provider."""
    with pytest.raises(UsageError, match=part):
        route(model)


def test_an_unknown_provider_is_an_unknown_name() -> None:
    """So that doors can tell it from a missing key."""
    with pytest.raises(UnknownName):
        route("googl/x")


@pytest.mark.parametrize(
    "given",
    [
        "http://host:8000",
        "http://host:8000/",
        "http://host:8000/v1",
        "http://host:8000/v1/",
        " http://host:8000/v1/chat/completions ",
        "http://host:8000/v1/messages",
    ],
)
def test_an_address_may_be_written_in_any_form(given: str) -> None:
    """With or without version, slash or endpoint: the same address."""
    assert base_url(given, "X_BASE_URL") == "http://host:8000/v1"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://host/openai/v1", "https://host/openai/v1"),
        ("https://host/v1beta/openai/", "https://host/v1beta/openai"),
        ("https://host/api/v4", "https://host/api/v4"),
        ("https://host/gateway", "https://host/gateway/v1"),
    ],
)
def test_a_version_in_the_path_is_kept(given: str, expected: str) -> None:
    """Only an address without any version gets /v1."""
    assert base_url(given, "X_BASE_URL") == expected


@pytest.mark.parametrize(
    "given", ["host:8000", "ftp://host", "http://", "http://user:secret@host", "http://host/v1?key=secret", "nonsense"]
)
def test_a_wrong_address_names_the_variable(given: str) -> None:
    """The message says which variable to change and shows no secret."""
    with pytest.raises(UsageError, match="MY_BASE_URL") as told:
        base_url(given, "MY_BASE_URL")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:1/v1", True),
        ("http://127.0.0.2", True),
        ("http://[::1]:8", True),
        ("http://127.0.0.1.evil.org", False),
        ("https://api.example.org", False),
    ],
)
def test_what_is_on_this_machine(url: str, here: bool) -> None:
    """Only loopback names count as this machine."""
    assert is_loopback(url) is here


def test_the_catalogue_can_be_read() -> None:
    """Every entry names a wire format we speak, and addresses are in the form we call."""
    for name, entry in read_catalog().items():
        assert entry.adapter in {"openai", "anthropic", "google", "azure"}, name
        assert not entry.base_url or base_url(entry.base_url, name) == entry.base_url
