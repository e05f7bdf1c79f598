"""What the mock server says: a table by prompt, a script in order, or always the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from causal_eval.providers.scripted import prompt_key


class Answers(Protocol):
    """Gives the reply to a last user message."""

    def reply_to(self, text: str) -> str | None:
        """The reply; None: nothing is known for this prompt (the server answers 400)."""


class AnswerTable:
    """Replies by :func:`~causal_eval.providers.scripted.prompt_key` of the last user message."""

    def __init__(self, table: Mapping[str, str], *, fallback: str | None = None) -> None:
        self._table = table
        self._fallback = fallback

    def reply_to(self, text: str) -> str | None:
        """The table's reply, else the fallback."""
        return self._table.get(prompt_key(text), self._fallback)


class Script:
    """Replies in order, whatever is asked; None after the last."""

    def __init__(self, replies: Iterable[str]) -> None:
        self._replies = iter(replies)

    def reply_to(self, text: str) -> str | None:  # noqa: ARG002 - a script does not listen
        """The next reply."""
        return next(self._replies, None)


class Fixed:
    """Always the same reply."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reply_to(self, text: str) -> str | None:  # noqa: ARG002 - the prompt does not matter
        """The reply."""
        return self._text
