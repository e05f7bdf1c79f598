"""A number for each of given items: ``NDE = 1/4; NIE = 0.1``, lines, JSON."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from fractions import Fraction

from causal_eval.questions.question import AnswerSpec
from causal_eval.scoring import names, numbers, tail
from causal_eval.scoring.clean import lines_folded, unfenced
from causal_eval.scoring.reading import AMBIGUOUS, BAD_FORMAT, Answer, Numbers, Reader, Reading, Value

_PAYLOAD = 20_000
_LINKED = r"[ )\]]{0,3}(?:[:=|≈]{1,2}|->|→|⇒|=>|\bis\b|\bequals\b)[ (\[]{0,3}(?:(?:about|approximately)\s)?"
_BEFORE = re.compile(r"(?:^|[;,.({\[|•*:#]|\b(?:and|the|und|et|y)|^\s*[-–]|^\s*\(?\d{1,2}[.)])\s*$")
_AFTER = re.compile(r"(?:[\s;,|}\])]|\b(?:and|und|et|y|the)\b)+$")


def strict(text: str, spec: AnswerSpec) -> Value | None:
    """``item = number`` for every item, joined by ``;``."""
    items = names.plainly(spec.items)
    found: dict[str, Fraction] = {}
    for part in text.split(";"):
        left, _, right = part.partition("=")
        item, number = items.get(names.squeeze(left)), numbers.strict(right.strip(), spec)
        if item is None or not isinstance(number, Fraction) or item in found:
            return None
        found[item] = number
    return _ordered(found, spec) if len(found) == len(items) else None


def marked(payload: str, spec: AnswerSpec) -> Reading:
    """The numbers that *payload* gives, from its first line with one to the first line without."""
    text = lines_folded(unfenced(payload[:_PAYLOAD])).strip()
    found: dict[str, Fraction] = {}
    for line in text.split("\n"):
        pairs = list(_pairs(line, spec))
        if not pairs and found and any(char.isalnum() for char in line):
            break
        before = len(found)
        for item, reading in pairs:
            if not isinstance(reading, Answer):
                return reading
            assert isinstance(reading.value, Fraction)
            if found.setdefault(item, reading.value) != reading.value:
                return AMBIGUOUS
        if pairs and before == len(spec.items):
            break
    return Answer(_ordered(found, spec)) if found else BAD_FORMAT


def loose(reply: str, spec: AnswerSpec) -> Reading:
    """The numbers of an unmarked reply: read only where every item gets exactly one."""
    seen: dict[str, set[Fraction]] = {}
    for line in lines_folded(unfenced(reply)).split("\n"):
        for item, reading in _pairs(line, spec):
            if not isinstance(reading, Answer) or tail.NEGATED.search(line):
                return BAD_FORMAT
            assert isinstance(reading.value, Fraction)
            seen.setdefault(item, set()).add(reading.value)
    if any(len(values) > 1 for values in seen.values()):
        return AMBIGUOUS
    if len(seen) < len(spec.items):
        return BAD_FORMAT
    return Answer(_ordered({item: values.pop() for item, values in seen.items()}, spec))


def _pairs(line: str, spec: AnswerSpec) -> Iterator[tuple[str, Reading]]:
    """(item, what stands behind it) for every item that begins a statement of *line*."""
    found = [match for match in _linked(spec.items).finditer(line) if _BEFORE.search(line[: match.start()][-40:])]
    ends = [*(match.start() for match in found[1:]), len(line)]
    for match, end in zip(found, ends, strict=False):
        said = _AFTER.sub("", line[match.end() : end])
        yield names.named(match["item"], spec.items), numbers.in_line(said)


@functools.lru_cache(maxsize=512)
def _linked(items: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?P<item>{names.expression(items)}){_LINKED}")


def _ordered(found: dict[str, Fraction], spec: AnswerSpec) -> Numbers:
    return tuple((item, found[item]) for item in spec.items if item in found)


READER = Reader(strict, marked, loose)
