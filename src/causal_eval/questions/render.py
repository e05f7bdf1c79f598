"""A prompt from facts and names, and the inverse: the facts back from the prompt, whichever renderer printed it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from causal_eval.errors import UnknownName, VerificationMismatch
from causal_eval.questions.facts import Facts, normal
from causal_eval.questions.lexicon import Lexicon
from causal_eval.questions.renderers.dialogue import DIALOGUE
from causal_eval.questions.renderers.report import REPORT
from causal_eval.questions.renderers.sentences import LIST
from causal_eval.questions.renderers.sheet import Renderer, Sheet
from causal_eval.questions.renderers.story import STORY
from causal_eval.questions.renderers.symbolic import SYMBOLIC
from causal_eval.questions.renderers.table import TABLE
from causal_eval.questions.wording import SHARE_STYLES, assumptions
from causal_eval.seeds import Stream

RENDERERS: Mapping[str, Renderer] = {
    "list": LIST,
    "story": STORY,
    "table": TABLE,
    "dialogue": DIALOGUE,
    "report": REPORT,
    "symbolic": SYMBOLIC,
}
"""Every way of printing a prompt."""


def render(facts: Facts, lexicon: Lexicon, *, context: str, stream: Stream, renderer: str = "list") -> str:
    """The prompt: context, then every statement in random order and wording, as *renderer* prints it."""
    sheet = Sheet.of(facts, lexicon, stream=stream, style=stream.choice(SHARE_STYLES))
    return f"{context}\n\n{_of(renderer).write(sheet)}"


def read_prompt(prompt: str, lexicon: Lexicon, *, contexts: Collection[str], renderer: str = "list") -> Facts:
    """The facts that *prompt* states, in canonical order; every line must be read.

    Raises:
        VerificationMismatch: a line states nothing known, the context is not the domain's, or a part is missing.
        UnknownName: no such renderer.
    """
    context, _, body = prompt.partition("\n\n")
    if context not in contexts:
        raise VerificationMismatch(f"the prompt begins with a context that its domain does not have: {context!r}")
    facts = normal(_of(renderer).read(body, lexicon))
    assumed = [fact.form for fact in facts if fact.form in assumptions()]
    if len(assumed) != 1:
        raise VerificationMismatch(f"the prompt must say once what holds beyond the listed facts, found {assumed}")
    return facts


def _of(name: str) -> Renderer:
    if name not in RENDERERS:
        raise UnknownName("renderer", name, RENDERERS)
    return RENDERERS[name]
