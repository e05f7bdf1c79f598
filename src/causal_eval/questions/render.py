"""A prompt from facts and names, and the inverse: the facts back from the prompt."""

from __future__ import annotations

import re
from collections.abc import Collection

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Facts, normal, the_ask
from causal_eval.questions.wording import SHARE_STYLES, Lexicon, assumptions, numbered, read, say
from causal_eval.seeds import Stream

_BULLETS = ("- ", "* ", "", "{}. ")
_BULLET = re.compile(r"(?:[-*] |\d+\. )")


def render(facts: Facts, lexicon: Lexicon, *, context: str, stream: Stream) -> str:
    """The prompt: context, every statement in random order and wording, assumptions, numbered lines, what is asked."""
    style = stream.choice(SHARE_STYLES)
    bullet = stream.choice(_BULLETS)
    ask = the_ask(facts)
    listed = sorted((fact for fact in facts if fact.form in numbered()), key=_number)
    statements = [fact for fact in facts if fact.form not in assumptions() | numbered() and fact is not ask]
    stream.shuffle(statements)
    statements += [fact for fact in facts if fact.form in assumptions()]
    lines = [
        bullet.format(number) + say(fact, lexicon, stream=stream, style=style)
        for number, fact in enumerate(statements, 1)
    ]
    last = [[say(fact, lexicon, stream=stream, style=style) for fact in part] for part in (listed, [ask])]
    return "\n\n".join([context, *("\n".join(block) for block in (lines, *last) if block)])


def _number(fact: Fact) -> int:
    """The number of a fact that is listed under one."""
    number = fact.slots[0]
    assert isinstance(number, int)
    return number


def read_prompt(prompt: str, lexicon: Lexicon, *, contexts: Collection[str]) -> Facts:
    """The facts that *prompt* states, in canonical order; every line must be read.

    Raises:
        VerificationMismatch: a line states nothing known, the context is not the domain's, or a part is missing.
    """
    context, *body = (line for line in prompt.split("\n") if line)
    if context not in contexts:
        raise VerificationMismatch(f"the prompt begins with a context that its domain does not have: {context!r}")
    facts = normal(_read_line(line, lexicon) for line in body)
    assumed = [fact.form for fact in facts if fact.form in assumptions()]
    if len(assumed) != 1:
        raise VerificationMismatch(f"the prompt must say once what holds beyond the listed facts, found {assumed}")
    return facts


def _read_line(line: str, lexicon: Lexicon) -> Fact:
    bullet = _BULLET.match(line)
    sentence = line[bullet.end() :] if bullet else line
    fact = read(sentence, lexicon)
    if fact is None:
        raise VerificationMismatch(f"no wording of any statement reads: {sentence!r}")
    return fact
