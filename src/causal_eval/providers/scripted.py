"""A provider that answers from a table in memory: no network, no weights; for demos and tests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from causal_eval.providers.provider import Failure, FailureKind, Outcome, Prompt, Reply, Usage


def prompt_key(text: str) -> str:
    """SHA-256 (hex) of a prompt's last user message: the key of every table of scripted replies."""
    return hashlib.sha256(text.encode()).hexdigest()


def asked_text(prompt: Prompt) -> str:
    """The text of the last user message, or ``prompt.text`` where there is none."""
    users = (message.content for message in reversed(prompt.messages) if message.role == "user")
    return next(users, prompt.text)


class Scripted:
    """Answers each prompt with the text that stands in *table* under :func:`prompt_key` of its last user message.

    A prompt that is not in the table gets *fallback*; without one it is a BAD_REQUEST failure, never an empty reply.
    """

    def __init__(self, name: str, table: Mapping[str, str], *, fallback: str | None = None) -> None:
        self._name = name
        self._table = table
        self._fallback = fallback

    @property
    def name(self) -> str:
        """As given."""
        return self._name

    async def complete(self, prompt: Prompt) -> Outcome:
        """The table's reply at once."""
        asked = asked_text(prompt)
        text = self._table.get(prompt_key(asked), self._fallback)
        if text is None:
            return Failure(FailureKind.BAD_REQUEST, f"{self._name} has no scripted reply for {asked[:60]!r}")
        usage = Usage(input=len(asked.split()), output=len(text.split()))
        return Reply(text=text, served=self._name, usage=usage)

    async def close(self) -> None:
        """Nothing is held."""
