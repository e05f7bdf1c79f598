"""Report: sections with headings; which section a statement stands in follows from the slots of its form."""

from __future__ import annotations

from collections.abc import Iterator

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import CLAIM, Fact
from causal_eval.questions.lexicon import Lexicon
from causal_eval.questions.renderers.sentences import bare
from causal_eval.questions.renderers.sheet import Renderer, Sheet, blocks, stated
from causal_eval.questions.wording import forms

_CIRCUMSTANCES, _STRUCTURE, _FIGURES, _ASSUMPTIONS, _QUESTION = (
    "circumstances", "structure", "figures", "assumptions", "question"
)  # fmt: skip
_SECTIONS = (_STRUCTURE, _FIGURES, _CIRCUMSTANCES, _ASSUMPTIONS, _QUESTION)
_BULLETS = ("- ", "* ", "")


def _write(sheet: Sheet) -> str:
    bullet = sheet.stream.choice(_BULLETS)
    headings = sheet.lexicon.language.layout.headings
    told = []
    for section in _SECTIONS:
        facts = [fact for fact in (*sheet.statements, *sheet.assumed, *sheet.listed) if _of(fact) == section]
        lines = [*sheet.say(*facts), *(sheet.say_last() if section == _QUESTION else ())]
        if lines:
            bulleted = lines if section == _QUESTION else [bullet + line for line in lines]
            told.append("\n".join([f"## {headings[section]}", *bulleted]))
    return "\n\n".join(told)


def _read(body: str, lexicon: Lexicon) -> Iterator[Fact]:
    sections = {f"## {heading}": section for section, heading in lexicon.language.layout.headings.items()}
    found = []
    for heading, *lines in blocks(body):
        section = sections.get(heading)
        if section is None or not lines:
            raise VerificationMismatch(f"{heading!r} heads no section of a report")
        found.append(section)
        for line in lines:
            fact = stated(bare(line), lexicon)
            if _of(fact) != section:
                raise VerificationMismatch(f"{line!r} does not belong under {heading!r}")
            yield fact
    if found != [section for section in _SECTIONS if section in found]:
        raise VerificationMismatch(f"the sections of the report stand in another order: {found}")


def _of(fact: Fact) -> str:
    """The section of *fact*."""
    form = forms()[fact.form]
    kinds = set(form.types)
    if form.assumption:
        return _ASSUMPTIONS
    if form.numbered or fact.form.startswith("ask-") or fact.form == CLAIM:
        return _QUESTION
    if kinds & {"share", "number"} or kinds >= {"count", "clauses"}:
        return _FIGURES
    return _CIRCUMSTANCES if form.types == ("clause",) else _STRUCTURE


REPORT = Renderer(_write, _read)
