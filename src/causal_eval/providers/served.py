"""A served model never counts for another: who answers as somebody else has not answered.

The same model is: the same name in any case; the asked name with a date or a number of its version behind it
(``gpt-4o`` -> ``gpt-4o-2024-08-06``, ``gpt-4`` -> ``gpt-4-0613``, ``gemini-2.0-flash`` -> ``gemini-2.0-flash-001``);
``x-latest`` and Anthropic's ``x-0`` -> ``x`` and its versions, and a ``-latest`` without any number, as in
``gemini-flash-latest``, -> whatever version of the same family; either with a path in front (``models/``, a folder),
with the ending of a weights file, with Ollama's ``:latest`` or OpenRouter's ``:free``, ``:nitro``, ``:floor``.
A name that says a date is only itself: another date is another model. Where a server calls it differently, write the
server's own name. Azure is asked for a deployment, not for a model: there it is off.
"""

from __future__ import annotations

import re

from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt, Provider

_VERSION = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{4}|\d{3}|\d{2}-\d{4}|v\d+(?:[.:]\d+)*)")
_LATEST = "-latest"
_ALIAS = re.compile(r"-(?:latest|0)$")
_TAIL = re.compile(r"(?::(?:latest|free|nitro|floor))?(?:\.gguf)?$")
_NUMBER = re.compile(r"\d[\d.]*|preview|exp")


def same_model(asked: str, served: str) -> bool:
    """Whether a reply of *served* is one of *asked*; an empty *served* contradicts nothing."""
    if not served or served == asked:
        return True
    wanted, given = _bare(asked), _bare(served)
    if given == wanted:
        return True
    root = _ALIAS.sub("", wanted)
    if given.startswith(root):
        return given == root or _VERSION.fullmatch(given[len(root) :]) is not None
    return wanted.endswith(_LATEST) and _words(given) == root.split("-")


def _words(name: str) -> list[str]:
    """The parts of a name but for numbers and dates: its family."""
    return [word for word in name.split("-") if not _NUMBER.fullmatch(word)]


def _bare(name: str) -> str:
    return _TAIL.sub("", name.strip().lower().rstrip("/").rpartition("/")[2])


class Served:
    """Wraps the adapter of *model*; a reply of another one becomes a failure of its own kind."""

    def __init__(self, inner: Provider, model: str) -> None:
        self._inner = inner
        self._model = model
        self._known = {"", model}

    @property
    def name(self) -> str:
        """That of the wrapped provider."""
        return self._inner.name

    async def complete(self, prompt: Prompt) -> Outcome:
        """The wrapped provider's outcome, unless another model gave it."""
        return self.check(await self._inner.complete(prompt))

    def check(self, outcome: Outcome) -> Outcome:
        """*outcome*, unless another model gave it."""
        if isinstance(outcome, Failure) or outcome.served in self._known:
            return outcome
        if same_model(self._model, outcome.served):
            self._known.add(outcome.served)
            return outcome
        message = (
            f"{self.name} was asked and {outcome.served!r} answered: not the same model; "
            "write the name that the server gives it, or ask the server for the right one"
        )
        return Failure(
            FailureKind.OTHER_MODEL, message, calls=outcome.calls, latency_ms=outcome.latency_ms,
            key=outcome.key, route=outcome.route,
        )  # fmt: skip

    async def close(self) -> None:
        """Close the wrapped provider."""
        await self._inner.close()
