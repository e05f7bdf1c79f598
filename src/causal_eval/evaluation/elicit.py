"""How a question is put to a language model: named, versioned ways of asking, and the answerer that uses one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from causal_eval.errors import UnknownName
from causal_eval.evaluation.attempt import Ask
from causal_eval.providers.provider import Message, Outcome, Prompt, Provider, Reply
from causal_eval.questions.question import Question
from causal_eval.scoring.confidence import SURE
from causal_eval.scoring.format import grammar, instruction
from causal_eval.scoring.parse import MARK

_SEPARATOR = "\n\n---\n\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is put: the turns for a chat model and the same as one text for a base model."""

    messages: tuple[Message, ...]
    text: str
    prefix: str = ""
    """Leading part of ``text`` that questions of one kind share."""
    grammar: str = ""
    stop: tuple[str, ...] = ()


class Elicitation(Protocol):
    """A way of asking; its label changes whenever the same question could be put in other words."""

    @property
    def label(self) -> str:
        """Name and version, ``"reason@1"``: part of a run's identity."""

    def ask(self, question: Question) -> Asked:
        """The question in this way's words."""


@dataclass(frozen=True, slots=True)
class Direct:
    """Ask for the answer line alone."""

    label: str = "direct@1"

    def ask(self, question: Question) -> Asked:
        """The question and the form of its answer."""
        return _single(f"{question.prompt}\n\nGive the answer alone, without reasoning. {instruction(question.answer)}")


@dataclass(frozen=True, slots=True)
class Reason:
    """Ask to think step by step, then for the answer line."""

    label: str = "reason@1"

    def ask(self, question: Question) -> Asked:
        """The question, the wish to reason, and the form of its answer."""
        return _single(f"{question.prompt}\n\nThink step by step. {instruction(question.answer)}")


@dataclass(frozen=True, slots=True)
class Confidence:
    """Ask to think step by step, then how sure the model is of its answer, then for the answer line."""

    label: str = "confidence@1"

    def ask(self, question: Question) -> Asked:
        """The question, the wish to reason, the line of the confidence, and the form of the answer."""
        return _single(f"{question.prompt}\n\nThink step by step. {SURE} {instruction(question.answer)}")


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example from a seed that no run asks."""

    prompt: str
    answer: str
    """What stands after ``ANSWER:``."""


class FewShot:
    """Worked examples of the same family and kind, then the question, ending in ``ANSWER:``, for base models.

    The reply is only what follows ``ANSWER:`` and is held to the grammar of the answer's kind.
    """

    def __init__(self, examples: Mapping[tuple[str, str], Sequence[Example]]) -> None:
        self._examples = {key: tuple(given) for key, given in examples.items()}
        digest = hashlib.sha256(repr(sorted(self._examples.items())).encode()).hexdigest()
        self.label = f"few-shot@1:{digest[:12]}"

    def ask(self, question: Question) -> Asked:
        """The examples of the question's (family, kind), then the question; without any, the form of its answer."""
        examples = self._examples.get((question.family, question.kind), ())
        wanted = instruction(question.answer)
        turns = []
        for example in examples:
            turns += [Message("user", example.prompt), Message("assistant", f"{MARK} {example.answer}")]
        prefix = "".join(f"{example.prompt}\n{MARK} {example.answer}{_SEPARATOR}" for example in examples)
        asked = question.prompt if examples else f"{question.prompt}\n\n{wanted}"
        return Asked(
            messages=(*turns, Message("user", f"{question.prompt}\n\n{wanted}")),
            text=f"{prefix}{asked}\n{MARK}",
            prefix=prefix,
            grammar=grammar(question.answer),
            stop=("\n",),
        )


ELICITATIONS = ("direct", "reason", "confidence", "few-shot")
"""Names of all ways of asking."""


def elicitation(name: str, examples: Mapping[tuple[str, str], Sequence[Example]] | None = None) -> Elicitation:
    """The way of asking called *name*, one of :data:`ELICITATIONS`; ``few-shot`` needs *examples*."""
    match name:
        case "direct":
            return Direct()
        case "reason":
            return Reason()
        case "confidence":
            return Confidence()
        case "few-shot":
            return FewShot(examples or {})
    raise UnknownName("elicitation", name, ELICITATIONS)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a reply is drawn."""

    max_tokens: int = 2048
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    """Sample *i* of a question is drawn with ``seed + i``, else samples would be copies."""


@runtime_checkable
class Recalling(Protocol):
    """A provider that may know replies already."""

    async def recall(self, prompt: Prompt) -> Outcome | None:
        """A reply that is known, without a call; None: there is none."""


class Phrasing:
    """From what is asked to the prompt that a provider gets, and from its outcome back to the reply that is judged."""

    def __init__(self, elicitation: Elicitation, sampling: Sampling | None = None) -> None:
        self._elicitation = elicitation
        self._sampling = sampling or Sampling()

    def prompt(self, ask: Ask) -> Prompt:
        """The question in the elicitation's words, with how the reply is to be drawn."""
        asked, sample = self._elicitation.ask(ask.question), ask.sample
        draw = self._sampling
        return Prompt(
            messages=asked.messages,
            text=asked.text,
            prefix=asked.prefix,
            grammar=asked.grammar,
            stop=asked.stop,
            max_tokens=draw.max_tokens,
            temperature=draw.temperature,
            top_p=draw.top_p,
            seed=None if draw.seed is None else draw.seed + sample,
            sample=sample,
            item=ask.question.id,
        )

    @staticmethod
    def heard(prompt: Prompt, outcome: Outcome) -> Outcome:
        """*outcome*; a reply that continues ``ANSWER:`` is given that beginning back."""
        if isinstance(outcome, Reply) and prompt.text.endswith(MARK) and MARK not in outcome.text.upper():
            return replace(outcome, text=f"{MARK} {outcome.text.lstrip()}")
        return outcome


class Prompted:
    """A provider asked in one way: the :class:`~causal_eval.evaluation.answerer.Answerer` for language models."""

    def __init__(self, provider: Provider, elicitation: Elicitation, sampling: Sampling | None = None) -> None:
        self._provider = provider
        self._phrasing = Phrasing(elicitation, sampling)

    @property
    def provider(self) -> Provider:
        """Who is prompted."""
        return self._provider

    @property
    def name(self) -> str:
        """``provider/model`` as the user wrote it."""
        return self._provider.name

    async def answer(self, ask: Ask) -> Outcome:
        """The provider's outcome; a reply that continues ``ANSWER:`` is given that beginning back."""
        prompt = self.prompt(ask)
        return self._phrasing.heard(prompt, await self._provider.complete(prompt))

    async def recall(self, ask: Ask) -> Outcome | None:
        """The outcome that the provider's cache has for *ask*, without a call; None: it has none."""
        if not isinstance(self._provider, Recalling):
            return None
        prompt = self.prompt(ask)
        outcome = await self._provider.recall(prompt)
        return None if outcome is None else self._phrasing.heard(prompt, outcome)

    async def close(self) -> None:
        """Close the provider."""
        await self._provider.close()

    def prompt(self, ask: Ask) -> Prompt:
        """What the provider is sent for *ask*."""
        return self._phrasing.prompt(ask)


def _single(text: str) -> Asked:
    return Asked(messages=(Message("user", text),), text=f"{text}\n\n")
