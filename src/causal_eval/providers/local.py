"""A language model on this machine: GGUF weights through llama.cpp (extra ``[local]``), plain completion.

Replies do not depend on what was asked before: a prompt is evaluated either from its start or from the end of its
declared ``prefix``, whose state is always reached in the same way. (llama.cpp's own prompt cache reuses whatever the
last prompt had in common with this one, which moves log-probabilities by up to 0.05 and can flip a near tie, so an
interrupted run would not repeat.) Measured on 2 cores: same replies and log-probabilities in every order.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from causal_eval.errors import UsageError
from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.processors import idle_threads
from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt, Reply, Usage
from causal_eval.providers.redact import one_line
from causal_eval.providers.weights import INSTALL, fingerprint
from causal_eval.seeds import Stream

_SILENT = -1
"""llama.cpp verbosity at which nothing is written to stderr."""
_BAD_REQUEST = 400


class Runtime(Protocol):
    """What is used of ``xllamacpp.Server``."""

    def handle_completions(self, request: Mapping[str, object]) -> object:
        """The response object of one completion; blocks, without holding the interpreter."""


@dataclass(frozen=True, slots=True)
class LocalRule:
    """How the runtime is set up."""

    threads: int = 2
    """At most; fewer if the machine is busy when the weights are loaded. Replies do not depend on it."""
    context: int = 4096
    """Tokens that prompt and reply may have together."""
    slots: int = 1
    """Prefixes whose evaluated state is kept; each takes the memory of one context."""


class _Choice(msgspec.Struct):
    text: str
    finish_reason: str | None = None


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None


class _Error(msgspec.Struct):
    message: str = ""
    code: int | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: _Error | None = None


class Local:
    """Completes ``prompt.text`` (never chat turns) with GGUF weights, one call at a time, in a thread of its own.

    Weights are loaded at the first call. Temperature is 0 unless the prompt says otherwise; above it the seed of a
    call follows from ``prompt.seed`` and ``prompt.sample``. ``prompt.grammar`` constrains every token.
    """

    def __init__(self, name: str, weights: Path, *, rule: LocalRule | None = None, clock: Clock | None = None) -> None:
        _need_runtime()
        self._name = name
        self._weights = weights
        self._rule = rule or LocalRule()
        self._clock = clock or SystemClock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="llama")
        self._engine: _Engine | None = None
        self._fingerprint = ""

    @property
    def name(self) -> str:
        """``local/...`` as the user wrote it."""
        return self._name

    async def complete(self, prompt: Prompt) -> Outcome:
        """One completion; a call that is being computed is not interrupted by cancellation, only its result dropped."""
        if not prompt.text:
            return Failure(FailureKind.BAD_REQUEST, f"{self._name} completes text, and the prompt has none")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, prompt)

    async def close(self) -> None:
        """Free weights and memory; waits for the call that is being computed."""
        await asyncio.get_running_loop().run_in_executor(None, self._release)

    def _release(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def _answer(self, prompt: Prompt) -> Outcome:
        began = self._clock.now()
        try:
            if self._engine is None:
                self._fingerprint = fingerprint(self._weights)
                self._engine = _Engine(self._weights, self._rule)
            completion = self._engine.complete(prompt)
        except (RuntimeError, ValueError, OSError, msgspec.DecodeError) as error:
            return Failure(FailureKind.LOCAL, one_line(f"llama.cpp cannot use {self._weights.name}: {error}"))
        return self._outcome(completion, (self._clock.now() - began) * 1000)

    def _outcome(self, completion: _Completion, elapsed: float) -> Outcome:
        error = completion.error
        if error is not None or not completion.choices:
            ours = error is not None and error.code == _BAD_REQUEST
            words = error.message if error else "no choice in its reply"
            kind = FailureKind.BAD_REQUEST if ours else FailureKind.LOCAL
            return Failure(kind, one_line(f"llama.cpp: {words}"), latency_ms=elapsed)
        choice = completion.choices[0]
        return Reply(
            text=choice.text,
            finish=choice.finish_reason or "stop",
            served=self._weights.name,
            fingerprint=self._fingerprint,
            usage=_tokens(completion.usage),
            latency_ms=elapsed,
        )


class _Engine:
    """The loaded runtime and which slot holds which prefix; used by one thread only."""

    def __init__(self, weights: Path, rule: LocalRule) -> None:
        # the runtime insists on listening: a socket in a folder that only this user can enter
        self._folder = Path(tempfile.mkdtemp(prefix="causal-eval-"))
        self._runtime: Runtime | None = None
        try:
            self._runtime = _load(weights, rule, socket=self._folder / "llama.sock")
        except BaseException:
            self.close()
            raise
        self._free = list(range(rule.slots))
        self._held: OrderedDict[str, int] = OrderedDict()

    def complete(self, prompt: Prompt) -> _Completion:
        """The runtime's completion of *prompt*."""
        if not prompt.prefix or not prompt.text.startswith(prompt.prefix):
            return self._run({**_request(prompt), "id_slot": self._slot(""), "cache_prompt": False})
        known = prompt.prefix in self._held
        slot = self._slot(prompt.prefix)
        anchor = {"prompt": prompt.prefix, "max_tokens": 0, "temperature": 0, "id_slot": slot}
        if not known:
            self._run({**anchor, "cache_prompt": False})
        # evaluates the prefix's last token once more, alone, and drops what followed it: always the same state
        self._run({**anchor, "cache_prompt": True})
        return self._run({**_request(prompt), "id_slot": slot, "cache_prompt": True})

    def close(self) -> None:
        """Free weights and socket."""
        self._runtime = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def _slot(self, prefix: str) -> int:
        """The slot of *prefix*: its own, a free one, or that of the prefix not used for longest."""
        if prefix in self._held:
            self._held.move_to_end(prefix)
        else:
            slot = self._free.pop() if self._free else self._held.popitem(last=False)[1]
            self._held[prefix] = slot
        return self._held[prefix]

    def _run(self, request: Mapping[str, object]) -> _Completion:
        assert self._runtime is not None
        return msgspec.convert(self._runtime.handle_completions(request), _Completion)


def _request(prompt: Prompt) -> dict[str, object]:
    warm = prompt.temperature or 0.0
    request: dict[str, object] = {
        "prompt": prompt.text,
        "max_tokens": prompt.max_tokens,
        "temperature": warm,
        "seed": Stream("local", prompt.seed or 0, prompt.sample).bits(31),
        "stop": list(prompt.stop),
    }
    if prompt.grammar:
        request["grammar"] = prompt.grammar
    if prompt.top_p is not None:
        request["top_p"] = prompt.top_p
    return request


def _tokens(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    details = usage.prompt_tokens_details
    return Usage(
        input=usage.prompt_tokens, output=usage.completion_tokens, cached=details.cached_tokens if details else None
    )


def _need_runtime() -> None:
    try:
        import xllamacpp  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise UsageError(f"local models need llama.cpp, which is not installed ({error}): {INSTALL}") from None


def _load(weights: Path, rule: LocalRule, *, socket: Path) -> Runtime:
    import xllamacpp

    params: Any = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.verbosity = _SILENT
    params.n_parallel = rule.slots
    params.n_ctx = rule.context * rule.slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = idle_threads(rule.threads)
    params.hostnames = [str(socket)]
    params.ui = False
    params.warmup = False
    params.swa_full = True  # without it a sliding-window cache cannot be cut back to the prefix
    params.cache_ram_mib = 0  # its own store of old prompts would make replies depend on their order
    params.cache_idle_slots = False
    runtime: Runtime = xllamacpp.Server(params)
    return runtime
