"""A shortcut as an answerer: it sees the question itself and replies in the asked-for form."""

from __future__ import annotations

from causal_eval.errors import UnknownName
from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.baselines.fit import Fitted
from causal_eval.evaluation.baselines.shortcuts import SHORTCUTS
from causal_eval.providers.provider import Outcome, Refusal, Reply
from causal_eval.scoring.format import example

PREFIX = "baseline/"


class Baseline:
    """The answerer ``baseline/<name>``; deterministic, calls nothing.

    Raises:
        UnknownName: no such baseline; the nearest names are suggested.
    """

    def __init__(self, name: str, fitted: Fitted) -> None:
        check_name(name)
        self._name = name
        self._shortcut = SHORTCUTS[name.removeprefix(PREFIX)]
        self._fitted = fitted

    @property
    def name(self) -> str:
        """``baseline/<name>``."""
        return self._name

    async def answer(self, ask: Ask) -> Outcome:
        """The shortcut's answer; a refusal where it has none or the question's gold is not known."""
        question = ask.question
        if question.gold is None:
            return Refusal("the question has no gold answer", served=self._name)
        answer = self._shortcut(question, self._fitted)
        if answer is None:
            return Refusal("this shortcut has no answer of this kind", served=self._name)
        return Reply(f"ANSWER: {example(question.answer, answer)}", served=self._name)

    async def close(self) -> None:
        """Nothing is held."""


def check_name(name: str) -> None:
    """Raise UnknownName unless *name* is that of a baseline."""
    if name.removeprefix(PREFIX) not in SHORTCUTS:
        raise UnknownName("baseline", name, [f"{PREFIX}{known}" for known in SHORTCUTS])
