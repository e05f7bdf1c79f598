"""A shortcut as an answerer: it sees the question itself and replies in the asked-for form."""

from __future__ import annotations

import asyncio

from causal_eval.errors import UnknownName
from causal_eval.evaluation.attempt import Ask
from causal_eval.evaluation.baselines.fit import Fitted
from causal_eval.evaluation.baselines.learn import NOTHING, Learn
from causal_eval.evaluation.baselines.shortcuts import SHORTCUTS, TRAINED
from causal_eval.providers.provider import Outcome, Refusal, Reply
from causal_eval.scoring.format import example

PREFIX = "baseline/"


class Baseline:
    """The answerer ``baseline/<name>``; deterministic, calls nothing.

    Raises:
        UnknownName: no such baseline; the nearest names are suggested.
    """

    def __init__(self, name: str, learn: Learn) -> None:
        check_name(name)
        self._name = name
        self._shortcut = SHORTCUTS[name.removeprefix(PREFIX)]
        self._learn = learn if name.removeprefix(PREFIX) in TRAINED else _untaught
        self._known: dict[str, Fitted] = {}

    @property
    def name(self) -> str:
        """``baseline/<name>``."""
        return self._name

    async def answer(self, ask: Ask) -> Outcome:
        """The shortcut's answer; a refusal where it has none or the question's gold is not known."""
        question = ask.question
        if question.gold is None:
            return Refusal("the question has no gold answer", served=self._name)
        if question.family not in self._known:  # off the loop: a heartbeat must not wait for it
            self._known[question.family] = await asyncio.to_thread(self._learn, question.family)
        answer = self._shortcut(question, self._known[question.family])
        if answer is None:
            return Refusal("this shortcut has no answer of this kind", served=self._name)
        return Reply(f"ANSWER: {example(question.answer, answer)}", served=self._name)

    async def close(self) -> None:
        """Nothing is held."""


def _untaught(family: str) -> Fitted:
    """Nothing is learnt of *family*."""
    del family
    return NOTHING


def check_name(name: str) -> None:
    """Raise UnknownName unless *name* is that of a baseline."""
    if name.removeprefix(PREFIX) not in SHORTCUTS:
        raise UnknownName("baseline", name, [f"{PREFIX}{known}" for known in SHORTCUTS])
