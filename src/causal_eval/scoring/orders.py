"""An order of all given items: ``A > B > C``, ``A, then B, then C``, a numbered list."""

from __future__ import annotations

import functools
import re

from causal_eval.questions.question import AnswerSpec
from causal_eval.scoring import names, tail
from causal_eval.scoring.clean import lines_folded, unfenced
from causal_eval.scoring.reading import AMBIGUOUS, BAD_FORMAT, Answer, Ranking, Reader, Reading, Value, agree

_PAYLOAD = 20_000
_STEP = (
    r"\s*(?:\n\s*(?:[-•*]|\(?\d{1,3}[.):])?|>|->|→|⇒|=>|[,;](?:\s?(?:and\s)?then\b)?|\bthen\b|\bbefore\b"
    r"|[,;]?\s?and\b)\s*"
)
_FIRST = re.compile(r"\s*(?:[-•*]|\(?\d{1,3}[.):])?[\s(\[{]*")


def strict(text: str, spec: AnswerSpec) -> Value | None:
    """Every item once, joined by ``>``."""
    items = names.plainly(spec.items)
    found = [items.get(names.squeeze(part)) for part in text.split(">")]
    order = tuple([item for item in found if item is not None])
    return Ranking(order) if len(order) == len(found) == len(items) == len(set(order)) else None


def marked(payload: str, spec: AnswerSpec) -> Reading:
    """The order that *payload* begins with; every item must stand in it."""
    text = lines_folded(unfenced(payload[:_PAYLOAD])).strip()
    lead = tail.LEAD.match(text)
    for start in (0, lead.end() if lead else 0):
        begin = _FIRST.match(text, start)
        assert begin is not None
        reading = _chain(text, begin.end(), spec=spec)
        if reading != BAD_FORMAT:
            return reading
    return BAD_FORMAT


def loose(reply: str, spec: AnswerSpec) -> Reading:
    """The only order of all items that *reply* writes with ``>``, where nothing is denied."""
    text = lines_folded(reply)
    if ">" not in text or tail.NEGATED.search(names.pattern(spec.items).sub("#", text)):
        return BAD_FORMAT
    pattern = _whole(spec.items)
    found = [_ranked(match[0], spec) for match in pattern.finditer(text)]
    return agree([one for one in found if one != BAD_FORMAT])


def _chain(text: str, start: int, *, spec: AnswerSpec) -> Reading:
    match = _whole(spec.items).match(text, start)
    if match is None:
        return BAD_FORMAT
    reading, rest = _ranked(match[0], spec), text[match.end() :]
    if not isinstance(reading, Answer):
        return reading
    if tail.corrected(rest):
        return AMBIGUOUS
    return reading if tail.free(rest) else BAD_FORMAT


def _ranked(text: str, spec: AnswerSpec) -> Reading:
    order = tuple([names.named(found[0], spec.items) for found in names.pattern(spec.items).finditer(text)])
    if len(set(order)) < len(order):
        return AMBIGUOUS
    return Answer(Ranking(order)) if len(order) == len(spec.items) else BAD_FORMAT


@functools.lru_cache(maxsize=512)
def _whole(items: tuple[str, ...]) -> re.Pattern[str]:
    item = names.expression(items)
    return re.compile(rf"{item}(?:{_STEP}{item}){{0,{4 * len(items)}}}")


READER = Reader(strict, marked, loose)
