"""Local weights answer in grammar, silently, and independently of what was asked before."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from causal_eval.errors import UsageError
from causal_eval.providers import local as local_room
from causal_eval.providers.local import Local, LocalRule
from causal_eval.providers.provider import Failure, FailureKind, Prompt, Reply, Usage

pytestmark = pytest.mark.anyio
OK: dict[str, Any] = {
    "choices": [{"text": " 3/4\n", "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 6}},
}


class FakeRuntime:
    """Keeps requests, answers with ``answer``."""

    def __init__(self) -> None:
        self.requests: list[Mapping[str, Any]] = []
        self.answer: Any = OK

    def handle_completions(self, request: Mapping[str, Any]) -> Any:
        """Record and answer."""
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    """A fake in place of llama.cpp."""
    fake = FakeRuntime()
    monkeypatch.setattr(local_room, "_need_runtime", lambda: None)
    monkeypatch.setattr(local_room, "_load", lambda *_, **__: fake)
    monkeypatch.setattr(local_room, "fingerprint", lambda weights: f"w-{weights.name}")
    return fake


async def ask(prompts: list[Prompt], *, slots: int = 2) -> list[Any]:
    """The outcomes of *prompts*, one after the other."""
    provider = Local("local/x", Path("x.gguf"), rule=LocalRule(slots=slots))
    outcomes = [await provider.complete(prompt) for prompt in prompts]
    await provider.close()
    return outcomes


async def test_a_completion(runtime: FakeRuntime) -> None:
    """Text, grammar, stop and limits go down; text, finish, tokens, served weights and their fingerprint come back."""
    asked = Prompt((), text="Q: ...\nA:", grammar='root ::= "x"', stop=("\n\n",), max_tokens=7, top_p=0.5)
    (outcome,) = await ask([asked])
    (request,) = runtime.requests
    assert request["prompt"] == "Q: ...\nA:"
    assert (request["grammar"], request["stop"], request["max_tokens"]) == ('root ::= "x"', ["\n\n"], 7)
    assert (request["temperature"], request["top_p"], request["cache_prompt"]) == (0.0, 0.5, False)
    usage = Usage(input=9, output=4, cached=6)
    assert outcome == Reply(
        " 3/4\n", served="x.gguf", fingerprint="w-x.gguf", usage=usage, latency_ms=outcome.latency_ms
    )


async def test_a_prefix_is_evaluated_once_and_cut_back_to_each_time(runtime: FakeRuntime) -> None:
    """First use: whole, then anchored; later uses: anchored only; always in the same slot."""
    await ask([Prompt((), text=f"ex {end}", prefix="ex ") for end in "ab"])
    steps = [(request["prompt"], request["cache_prompt"]) for request in runtime.requests]
    assert steps == [("ex ", False), ("ex ", True), ("ex a", True), ("ex ", True), ("ex b", True)]
    assert len({request["id_slot"] for request in runtime.requests}) == 1


async def test_the_prefix_unused_for_longest_gives_way(runtime: FakeRuntime) -> None:
    """With two slots the third prefix takes the slot of the first, which is evaluated anew when it comes back."""
    await ask([Prompt((), text=f"{prefix}?", prefix=prefix) for prefix in ("a", "b", "c", "b", "a")])
    fresh = [request["prompt"] for request in runtime.requests if not request["cache_prompt"]]
    assert fresh == ["a", "b", "c", "a"]


async def test_samples_differ_only_when_warm(runtime: FakeRuntime) -> None:
    """The seed follows from seed and sample."""
    await ask([Prompt((), text="t", seed=1, sample=s, temperature=0.7) for s in (0, 1, 0)])
    seeds = [request["seed"] for request in runtime.requests]
    assert seeds[0] == seeds[2] != seeds[1]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"error": {"code": 400, "message": "exceeds the context"}}, FailureKind.BAD_REQUEST),
        ({"error": {"code": 500, "message": "broken"}}, FailureKind.LOCAL),
        ({"choices": []}, FailureKind.LOCAL),
        ({"choices": 5}, FailureKind.LOCAL),
        (RuntimeError("cannot load"), FailureKind.LOCAL),
    ],
)
async def test_failures(runtime: FakeRuntime, *, answer: Any, kind: FailureKind) -> None:
    """Too long a prompt is the prompt's fault, everything else the runtime's; nothing is raised."""
    runtime.answer = answer
    (outcome,) = await ask([Prompt((), text="t")])
    assert isinstance(outcome, Failure)
    assert outcome.kind is kind


async def test_chat_turns_alone_are_not_completed(runtime: FakeRuntime) -> None:
    """A prompt without text is refused before the runtime is asked."""
    (outcome,) = await ask([Prompt(())])
    assert outcome.kind is FailureKind.BAD_REQUEST
    assert runtime.requests == []


def test_a_missing_runtime_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(UsageError, match=r'pip install "causal-eval-bench\[local\]"'):
        Local("local/x", Path("x.gguf"))


EXAMPLES = "".join(
    f"Question: {n} of {n + 20} patients recovered. What fraction recovered?\nAnswer: {n}/{n + 20}\n\n"
    for n in range(3, 9)
)
FRACTION = 'root ::= " " [0-9]+ "/" [0-9]+ "\\n"'


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real default weights."""
    from causal_eval.providers.weights import default_weights

    return default_weights(tmp_path_factory.mktemp("cache"))


def real_prompts() -> list[Prompt]:
    return [
        Prompt(
            (),
            text=f"{EXAMPLES}Question: {n} of {n + 31} {word} recovered. What fraction recovered?\nAnswer:",
            prefix=EXAMPLES,
            grammar=FRACTION,
            max_tokens=16,
        )
        for n, word in ((11, "patients"), (12, "sick patients"), (13, "patients"), (14, "men"))
    ]


@pytest.mark.slow
async def test_real_weights_answer_in_grammar_and_silently(weights: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Gemma 3 270M answers each question in the grammar, reusing the examples, and nothing reaches the terminal."""
    provider = Local("local/gemma-3-270m", weights, rule=LocalRule(threads=1, context=1024, slots=2))
    outcomes = [await provider.complete(prompt) for prompt in real_prompts()]
    too_long = await provider.complete(Prompt((), text="word " * 2000))
    await provider.close()
    for outcome in outcomes:
        assert isinstance(outcome, Reply)
        top, bottom = outcome.text.strip().split("/")
        assert top.isdecimal()
        assert bottom.isdecimal()
        assert outcome.usage.cached is not None
        assert outcome.usage.cached > 100
    assert isinstance(too_long, Failure)
    assert too_long.kind is FailureKind.BAD_REQUEST
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
async def test_replies_do_not_depend_on_their_order(weights: Path) -> None:
    """Asked forwards and backwards, warm, by fresh runtimes, every prompt gets the same reply."""
    from dataclasses import replace

    prompts = [replace(prompt, temperature=1.0, seed=3, grammar="", max_tokens=12) for prompt in real_prompts()]
    texts = []
    for order in (prompts, prompts[::-1]):
        provider = Local("local/gemma-3-270m", weights, rule=LocalRule(threads=1, context=1024))
        replies = {prompt.text: await provider.complete(prompt) for prompt in order}
        await provider.close()
        texts.append({asked: reply.text for asked, reply in replies.items() if isinstance(reply, Reply)})
    assert texts[0] == texts[1]
    assert len(texts[0]) == len(prompts)
