"""Requests and tokens per minute: every call gets its own moment, evenly spaced; no batch, no burst at the full minute.

The generic cell rate algorithm (virtual scheduling): one number says when the next call may begin.
"""

from __future__ import annotations

from dataclasses import dataclass

from causal_eval.providers.clock import Clock, SystemClock
from causal_eval.providers.provider import Outcome, Prompt, Reply

_MINUTE = 60.0
_CHARACTERS_PER_TOKEN = 4.0
_LEARN = 0.1


@dataclass(frozen=True, slots=True)
class PaceRule:
    """What the provider allows, over all keys; None: no limit of ours."""

    requests: float | None = None
    """``--rpm``."""
    tokens: float | None = None
    """``--tpm``; prompt and reply together."""


class Pace:
    """Shared by all keys of a provider; :meth:`turn` returns when a call may begin, :meth:`settle` tells its cost."""

    def __init__(self, rule: PaceRule, *, clock: Clock | None = None) -> None:
        self._rule = rule
        self._clock = clock or SystemClock()
        self._next = 0.0
        self._written: float | None = None
        self._among = 1
        self._ratio = 1.0

    @property
    def wait(self) -> float:
        """Seconds until a call that came now could begin."""
        return max(0.0, self._next - self._clock.now())

    def share(self, among: int) -> None:
        """Keep to an equal part of what is allowed, for it is shared *among* so many processes."""
        self._among = max(1, among)

    async def turn(self, prompt: Prompt) -> float:
        """Return when the call may begin; the tokens it is thought to cost. Cancelled, it gives its moment back."""
        tokens = self.estimate(prompt)
        starts = max(self._clock.now(), self._next)
        self._next = starts + self._seconds(tokens)
        try:
            while (rest := starts - self._clock.now()) > 0:
                await self._clock.sleep(rest)
        except BaseException:
            self._next -= self._seconds(tokens)
            raise
        return tokens

    def estimate(self, prompt: Prompt) -> float:
        """Tokens of a call: its letters by what a token has held so far, and the usual length of a reply."""
        letters = sum(len(message.content) for message in prompt.messages) or len(prompt.text)
        written = prompt.max_tokens if self._written is None else min(self._written, prompt.max_tokens)
        return self._ratio * letters / _CHARACTERS_PER_TOKEN + written

    def settle(self, prompt: Prompt, outcome: Outcome, *, thought: float) -> None:
        """Correct what *prompt* was *thought* to cost by what it did."""
        if not isinstance(outcome, Reply) or outcome.usage.input is None or outcome.usage.output is None:
            return
        read, written = outcome.usage.input, outcome.usage.output
        letters = sum(len(message.content) for message in prompt.messages) or len(prompt.text)
        if letters:
            self._ratio += _LEARN * (read * _CHARACTERS_PER_TOKEN / letters - self._ratio)
        self._written = written if self._written is None else self._written + _LEARN * (written - self._written)
        self._next += self._seconds(read + written) - self._seconds(thought)

    def _seconds(self, tokens: float) -> float:
        """How long a call of *tokens* keeps the next one off: the stricter of both limits."""
        rule = self._rule
        for_request = _MINUTE / rule.requests if rule.requests is not None else 0.0
        for_tokens = tokens * _MINUTE / rule.tokens if rule.tokens is not None else 0.0
        return max(for_request, for_tokens) * self._among
