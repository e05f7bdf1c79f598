"""A served model never counts for another: who answers as somebody else has not answered.

The same model is: the same name in any case; the asked name with a date or a number of its version behind it
(``gpt-4o`` -> ``gpt-4o-2024-08-06``, ``gpt-4`` -> ``gpt-4-0613``, ``gemini-2.0-flash`` -> ``gemini-2.0-flash-001``);
``x-latest`` -> ``x`` and its versions; either with a path in front (``models/``, ``openai/``, a folder), with the
ending of a weights file, or with Ollama's ``:latest``. A name that says a date is only itself: another date is
another model. Where a server calls it differently, write the server's own name.
"""

from __future__ import annotations

import re

from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt, Provider

_VERSION = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{4}|\d{3}|\d{2}-\d{4}|v\d+(?:[.:]\d+)*)")
_LATEST = "-latest"


def same_model(asked: str, served: str) -> bool:
    """Whether a reply of *served* is one of *asked*; an empty *served* contradicts nothing."""
    if not served or served == asked:
        return True
    wanted, given = _bare(asked), _bare(served)
    if given == wanted:
        return True
    root = wanted.removesuffix(_LATEST)
    return given.startswith(root) and (given == root or _VERSION.fullmatch(given[len(root) :]) is not None)


def _bare(name: str) -> str:
    last = name.strip().lower().rstrip("/").rpartition("/")[2]
    return last.removesuffix(":latest").removesuffix(".gguf")


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
        outcome = await self._inner.complete(prompt)
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
            FailureKind.OTHER_MODEL, message, calls=outcome.calls, latency_ms=outcome.latency_ms, key=outcome.key
        )

    async def close(self) -> None:
        """Close the wrapped provider."""
        await self._inner.close()
