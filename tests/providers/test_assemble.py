"""A name and a configuration give a working provider or say what to type next."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from causal_eval.errors import UsageError
from causal_eval.providers.assemble import assemble, paused
from causal_eval.providers.clock import SimulatedClock
from causal_eval.providers.config import ProviderConfig
from causal_eval.providers.events import Recorder
from causal_eval.providers.live import Variables, Watched
from causal_eval.providers.provider import Failure, FailureKind, Prompt, Reply
from causal_eval.providers.stack import Stack
from causal_eval.settings import parse_dotenv

ASKED = Prompt((), text="Why?")
OPENAI_REPLY = {"model": "m", "choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}]}
ANTHROPIC_REPLY = {"model": "m", "content": [{"type": "text", "text": "Yes."}], "stop_reason": "end_turn"}


def config(env: Mapping[str, str], cache: Path, *, offline: bool = False) -> ProviderConfig:
    return ProviderConfig(env=env, cache_dir=cache, offline=offline)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("model", "prefix", "body", "path"),
    [
        ("openai/m", "OPENAI", OPENAI_REPLY, "/v1/chat/completions"),
        ("openai-api/my-server/m", "MY_SERVER", OPENAI_REPLY, "/v1/chat/completions"),
        ("anthropic/m", "ANTHROPIC", ANTHROPIC_REPLY, "/v1/messages"),
    ],
)
async def test_each_api_answers(
    upstream: Any, tmp_path: Path, *, model: str, prefix: str, body: Any, path: str
) -> None:
    """The whole stack makes one call to the right path with the first key of the list and returns the reply."""
    upstream.answer(body)
    env = {f"{prefix}_BASE_URL": upstream.url, f"{prefix}_API_KEY": "sk-first-1234, sk-second-1234"}
    provider = assemble(model, config(env, tmp_path))
    outcome = await provider.complete(ASKED)
    await provider.close()
    await provider.close()
    assert isinstance(outcome, Reply)
    assert (provider.name, outcome.text, outcome.calls) == (model, "Yes.", 1)
    (request,) = upstream.requests
    assert (request["path"], request["headers"]["Authorization"]) == (path, "Bearer sk-first-1234")
    assert request["json"]["max_tokens"] == 1024


GOOGLE_REPLY = {"modelVersion": "m-001", "candidates": [{"content": {"parts": [{"text": "Yes."}]}}]}
SERVED_REPLY = {**OPENAI_REPLY, "model": "gpt-x-2026"}
AZURE = {"OPENAI_API_VERSION": "2025-04-01-preview"}
KEYS = "sk-first-1234, sk-second-1234"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("model", "address", "env", "body", "sent"),
    [
        ("google/m", "GOOGLE_BASE_URL", {"GEMINI_API_KEY": KEYS}, GOOGLE_REPLY, "x-goog-api-key"),
        ("azure/mine", "AZURE_OPENAI_ENDPOINT", {"AZURE_OPENAI_API_KEY": KEYS, **AZURE}, SERVED_REPLY, "api-key"),
        ("azure/mine", "AZURE_BASE_URL", {"AZURE_API_KEY": KEYS, **AZURE}, SERVED_REPLY, "api-key"),
        ("openrouter/meta/m", "OPENROUTER_BASE_URL", {"OPENROUTER_API_KEY": KEYS}, OPENAI_REPLY, "Authorization"),
        ("llama-cpp/m", "LLAMA_CPP_BASE_URL", {"LLAMA_CPP_API_KEY": KEYS}, OPENAI_REPLY, "Authorization"),
        ("mistral/m", "MISTRAL_BASE_URL", {"MISTRAL_API_KEY": KEYS}, OPENAI_REPLY, "Authorization"),
    ],
)
async def test_each_variable_is_read(  # noqa: PLR0913 - a table of cases
    upstream: Any, tmp_path: Path, *, model: str, address: str, env: dict[str, str], body: Any, sent: str
) -> None:
    """Address and keys come from whichever of an API's variables is set; a deployment may serve any model."""
    upstream.answer(body)
    provider = assemble(model, config({**env, address: f"{upstream.url}, {upstream.url}/unused"}, tmp_path))
    outcome = await provider.complete(ASKED)
    await provider.close()
    assert isinstance(outcome, Reply), outcome
    (request,) = upstream.requests
    assert request["headers"][sent].removeprefix("Bearer ") == "sk-first-1234"


@pytest.mark.anyio
async def test_mistral_calls_the_seed_otherwise(upstream: Any, tmp_path: Path) -> None:
    """As its documentation has it."""
    upstream.answer(OPENAI_REPLY)
    provider = assemble("mistral/m", config({"MISTRAL_API_KEY": "k", "MISTRAL_BASE_URL": upstream.url}, tmp_path))
    await provider.complete(Prompt((), text="Why?", seed=7))
    await provider.close()
    sent = upstream.requests[0]["json"]
    assert (sent["random_seed"], "seed" in sent) == (7, False)


@pytest.mark.anyio
async def test_a_server_of_ones_own_needs_no_key(upstream: Any, tmp_path: Path) -> None:
    """Without a key no Authorization header is sent."""
    upstream.answer(OPENAI_REPLY)
    provider = assemble("openai-api/vllm/m", config({"VLLM_BASE_URL": upstream.url}, tmp_path))
    await provider.complete(ASKED)
    await provider.close()
    assert "Authorization" not in upstream.requests[0]["headers"]


@pytest.mark.anyio
async def test_a_refused_key_is_asked_once_and_named(upstream: Any, tmp_path: Path) -> None:
    """401 comes back from the first call and names the variable."""
    upstream.answer({"error": {"message": "no"}}, status=401)
    provider = assemble("openai-api/vllm/m", config({"VLLM_BASE_URL": upstream.url}, tmp_path))
    outcome = await provider.complete(ASKED)
    await provider.close()
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.calls, len(upstream.requests)) == (FailureKind.AUTH, 1, 1)
    assert "VLLM_API_KEY" in outcome.message


FOUR = ("sk-planted-dead-0000", "sk-planted-good-aaaa", "sk-planted-good-bbbb", "sk-planted-good-cccc")


@pytest.mark.anyio
async def test_a_dead_key_among_four_on_real_sockets(upstream: Any, tmp_path: Path) -> None:
    """Every item is answered, the dead key is asked once, and no key shows anywhere."""
    upstream.answer(OPENAI_REPLY)
    upstream.refused = {FOUR[0]: 401}
    heard = Recorder()
    env = {"VLLM_BASE_URL": upstream.url, "VLLM_API_KEY": ",".join(FOUR)}
    given = replace(config(env, tmp_path), listener=heard)
    provider = assemble("openai-api/vllm/m", given)
    assert isinstance(provider, Stack)
    outcomes = [await provider.complete(ASKED) for _ in range(40)]
    state = provider.state()
    await provider.close()
    assert all(isinstance(outcome, Reply) for outcome in outcomes)
    assert sum(outcome.calls for outcome in outcomes) == len(upstream.requests) == 41
    assert {outcome.key for outcome in outcomes} == {"...aaaa", "...bbbb", "...cccc"}
    assert state.routes[0].keys[0].status.value == "revoked"
    shown = f"{outcomes}{heard.events}{state}{given}"
    assert not [key for key in FOUR if key in shown]


@pytest.mark.anyio
async def test_a_key_is_rotated_by_editing_a_file(upstream: Any, tmp_path: Path) -> None:
    """New key in, old key out, in mid-run, then the old one is revoked: zero failed items, on real sockets."""
    upstream.answer(OPENAI_REPLY)
    path = tmp_path / ".env"
    path.write_text("VLLM_API_KEY=sk-the-old-key-1111\n")
    clock = SimulatedClock()

    def read() -> Mapping[str, str]:
        return {"VLLM_BASE_URL": upstream.url, **parse_dotenv(path.read_text(), str(path), faults=[])}

    live = Watched(read, (path,), clock=clock)
    provider = assemble("openai-api/vllm/m", replace(config(live.env, tmp_path), live=live, clock=clock))
    outcomes = [await provider.complete(ASKED) for _ in range(5)]
    path.write_text("VLLM_API_KEY=sk-the-new-key-2222\n")
    clock.advance(1.0)
    outcomes += [await provider.complete(ASKED) for _ in range(5)]
    upstream.refused = {"sk-the-old-key-1111": 401}
    outcomes += [await provider.complete(ASKED) for _ in range(5)]
    await provider.close()
    assert [(type(outcome), outcome.key) for outcome in outcomes] == [(Reply, "...1111")] * 5 + [
        (Reply, "...2222")
    ] * 10


@pytest.mark.anyio
async def test_another_host_of_the_same_model_stands_in(upstream: Any, free_tcp_port: int, tmp_path: Path) -> None:
    """Nobody listens at the first address: the second answers, and the outcome says so."""
    upstream.answer(OPENAI_REPLY)
    env = {"VLLM_BASE_URL": f"http://127.0.0.1:{free_tcp_port},{upstream.url}"}
    provider = assemble("openai-api/vllm/m", config(env, tmp_path))
    outcome = await provider.complete(ASKED)
    await provider.close()
    assert isinstance(outcome, Reply)
    assert (outcome.route, outcome.calls) == (upstream.url.removeprefix("http://"), 2)


@pytest.mark.anyio
async def test_a_served_model_never_counts_for_another(upstream: Any, tmp_path: Path) -> None:
    """A server that answers as somebody else gives a failure, once, whatever it said."""
    upstream.answer(OPENAI_REPLY)
    provider = assemble("openai-api/vllm/large", config({"VLLM_BASE_URL": upstream.url}, tmp_path))
    outcome = await provider.complete(ASKED)
    await provider.close()
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.calls, len(upstream.requests)) == (FailureKind.OTHER_MODEL, 1, 1)


def test_another_model_is_no_fallback(tmp_path: Path) -> None:
    """Refused before any call, unless the run says that it may answer."""
    env = {"A_BASE_URL": "http://localhost:1", "B_BASE_URL": "http://localhost:2"}
    given = replace(config(env, tmp_path), fallbacks=("openai-api/b/other",))
    with pytest.raises(UsageError, match="'openai-api/b/other' is another model than 'openai-api/a/m'"):
        assemble("openai-api/a/m", given)
    assert assemble("openai-api/a/m", replace(given, allow_other_model=True)).name == "openai-api/a/m"
    assert assemble("openai-api/a/m", replace(given, fallbacks=("openai-api/b/m",))).name == "openai-api/a/m"


@pytest.mark.anyio
async def test_a_grader_may_be_stood_in_for(upstream: Any, free_tcp_port: int, tmp_path: Path) -> None:
    """Where the run says so the other model answers, and the outcome names its route and who served it."""
    upstream.answer({**OPENAI_REPLY, "model": "other"})
    env = {"A_BASE_URL": f"http://127.0.0.1:{free_tcp_port}", "B_BASE_URL": upstream.url}
    given = replace(config(env, tmp_path), fallbacks=("openai-api/b/other",), allow_other_model=True, attempts=1)
    provider = assemble("openai-api/a/m", given)
    outcome = await provider.complete(ASKED)
    await provider.close()
    assert isinstance(outcome, Reply)
    assert (outcome.route, outcome.served) == (upstream.url.removeprefix("http://"), "other")


@pytest.mark.parametrize("name", ["openrouter/auto", "openrouter/openrouter/auto", "openrouter/openrouter/fusion"])
def test_a_router_is_no_model(name: str, tmp_path: Path) -> None:
    """Whose answers would be nobody's is refused before any call; a model at the same host is not."""
    given = config({"OPENROUTER_API_KEY": "sk-or-0123456789"}, tmp_path)
    with pytest.raises(UsageError, match=f"{name} answers by whichever model it likes: name one, openrouter/<org>"):
        assemble(name, given)
    assert assemble("openrouter/openai/gpt-4o", given).name == "openrouter/openai/gpt-4o"


@pytest.mark.parametrize("name", ["VLLM_ENABLED", "DISABLED_PROVIDERS"])
def test_whether_it_is_switched_off_is_known_before_a_call(name: str, tmp_path: Path) -> None:
    """By either setting; local weights have no switch."""
    env = {"VLLM_BASE_URL": "http://localhost:1", name: "no" if name.endswith("ENABLED") else "vllm"}
    assert paused("openai-api/vllm/m", config(env, tmp_path)) == f"{name}={env[name]}"
    assert paused("local/x.gguf", config({"DISABLED_PROVIDERS": "local"}, tmp_path)) == ""
    live = Variables({})
    assert paused("openai-api/vllm/m", replace(config(env, tmp_path), live=live)) == ""


@pytest.mark.parametrize(
    ("model", "env", "part"),
    [
        ("openai/m", {}, "export OPENAI_API_KEY="),
        ("openai/m", {"OPENAI_API_KEY": "  "}, "export OPENAI_API_KEY="),
        ("anthropic/m", {}, "export ANTHROPIC_API_KEY="),
        ("google/m", {}, "export GOOGLE_API_KEY="),
        ("groq/m", {}, "export GROQ_API_KEY="),
        ("azure/m", {}, "export AZURE_OPENAI_ENDPOINT=https"),
        ("openai-api/my-vllm/m", {}, "export MY_VLLM_BASE_URL=http"),
        ("openai-api/x/m", {"X_BASE_URL": "host"}, "X_BASE_URL must begin with"),
        ("openai/m", {"OPENAI_API_KEY": "sk-a\nb"}, "OPENAI_API_KEY holds a character"),
        ("openai/m", {"OPENAI_API_KEY": "sk-ä"}, "OPENAI_API_KEY holds a character"),
        ("local/llama", {}, "gemma-3-270m or the path of a .gguf file"),
        ("local/missing.gguf", {}, "cannot read weights missing.gguf"),
    ],
)
def test_what_is_missing_is_said(model: str, env: dict[str, str], part: str, tmp_path: Path) -> None:
    """The message names the variable or file and what to type, before any call."""
    with pytest.raises(UsageError, match=part) as told:
        assemble(model, config(env, tmp_path))
    assert "sk-" not in str(told.value)


def test_offline_refuses_other_machines(tmp_path: Path) -> None:
    """Only loopback servers are allowed offline."""
    with pytest.raises(UsageError, match="--offline"):
        assemble("openai/m", config({"OPENAI_API_KEY": "sk-1234567"}, tmp_path, offline=True))
    env = {"VLLM_BASE_URL": "http://localhost:8000"}
    assert assemble("openai-api/vllm/m", config(env, tmp_path, offline=True)).name == "openai-api/vllm/m"


def test_a_file_that_is_no_gguf(tmp_path: Path) -> None:
    """A wrong file is refused by its first bytes, not by a crash of the runtime."""
    wrong = tmp_path / "x.gguf"
    wrong.write_bytes(b"PK\x03\x04")
    with pytest.raises(UsageError, match="is not a GGUF file"):
        assemble(f"local/{wrong}", config({}, tmp_path))


def test_keys_do_not_show_in_the_configuration(tmp_path: Path) -> None:
    """A configuration may be logged."""
    assert "sk-" not in repr(config({"OPENAI_API_KEY": "sk-planted"}, tmp_path))


def test_importing_it_loads_no_heavy_library() -> None:
    """aiohttp, msgspec and llama.cpp are loaded when a provider is assembled, not before."""
    code = "import sys, causal_eval.providers.assemble; print({'aiohttp', 'msgspec', 'xllamacpp'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
