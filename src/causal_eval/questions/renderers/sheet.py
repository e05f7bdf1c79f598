"""What a renderer is given to print, and what it hands back: the statements of a prompt by the part that they play."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import CLAIM, Fact, Facts, the_ask
from causal_eval.questions.lexicon import Lexicon
from causal_eval.questions.wording import assumptions, numbered, read, say
from causal_eval.seeds import Stream


@dataclass(frozen=True, slots=True)
class Sheet:
    """The facts of one prompt in the order in which they are to be told, and the voice that tells them."""

    statements: tuple[Fact, ...]
    """In random order."""
    assumed: tuple[Fact, ...]
    listed: tuple[Fact, ...]
    """Those with numbers, by number."""
    ask: Fact
    claims: tuple[Fact, ...]
    """What somebody says the answer is; told right before the question."""
    lexicon: Lexicon
    stream: Stream
    style: str
    """How shares are written."""

    @classmethod
    def of(cls, facts: Facts, lexicon: Lexicon, *, stream: Stream, style: str) -> Sheet:
        """The sheet of *facts*."""
        ask = the_ask(facts)
        last = assumptions() | numbered() | {CLAIM}
        statements = [fact for fact in facts if fact.form not in last and fact is not ask]
        stream.shuffle(statements)
        assumed = tuple([fact for fact in facts if fact.form in assumptions()])
        listed = sorted([fact for fact in facts if fact.form in numbered()], key=_number)
        claims = tuple([fact for fact in facts if fact.form == CLAIM])
        return cls(tuple(statements), assumed, tuple(listed), ask, claims, lexicon, stream, style)

    def say(self, *facts: Fact) -> list[str]:
        """A sentence for each of *facts*."""
        return [say(fact, self.lexicon, stream=self.stream, style=self.style) for fact in facts]

    def say_last(self) -> list[str]:
        """The question, after what is claimed; without a claim all else would be said in the same words."""
        asked = self.say(self.ask)
        return [*self.say(*self.claims), *asked]


Writer = Callable[[Sheet], str]
"""The body of a prompt: everything below its opening sentence."""
Reader = Callable[[str, Lexicon], Iterable[Fact]]
"""The facts of a body, as they come; VerificationMismatch where a line states nothing known."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """One way of printing."""

    write: Writer
    read: Reader


def stated(sentence: str, lexicon: Lexicon) -> Fact:
    """The fact that *sentence* states.

    Raises:
        VerificationMismatch: no wording reads so.
    """
    fact = read(sentence, lexicon)
    if fact is None:
        raise VerificationMismatch(f"no wording of any statement reads: {sentence!r}")
    return fact


def blocks(body: str) -> Iterator[list[str]]:
    """The lines of *body*, by the empty lines between them."""
    for block in body.split("\n\n"):
        yield block.split("\n")


def _number(fact: Fact) -> int:
    """The number of a fact that is listed under one."""
    number = fact.slots[0]
    assert isinstance(number, int)
    return number
