"""A label for each of given items: ``a = cause; b = effect``, lines, JSON, table rows."""

from __future__ import annotations

import functools
import re

from causal_eval.questions.question import AnswerSpec
from causal_eval.scoring import names, tail
from causal_eval.scoring.clean import lines_folded, unfenced
from causal_eval.scoring.reading import AMBIGUOUS, BAD_FORMAT, Answer, Labels, Reader, Reading, Value

_PAYLOAD = 20_000
_BETWEEN = r"[ )\]]{0,3}(?:[:=|]{1,2}|->|→|⇒|=>|–|—|- |\bis\b|\bwas\b|\()[ (\[]{0,3}(?:(?:an?|the)\s)?"
_OR = r"\s?(?:/|\bor\b|\band/or\b|\band\b|\|)\s?(?:an?\s)?"


def strict(text: str, spec: AnswerSpec) -> Value | None:
    """``item = label`` for every item, joined by ``;``."""
    items, labels = names.plainly(spec.items), names.plainly(spec.options)
    found: dict[str, str] = {}
    for part in text.split(";"):
        left, _, right = part.partition("=")
        item, label = items.get(names.squeeze(left)), labels.get(names.squeeze(right))
        if item is None or label is None or item in found:
            return None
        found[item] = label
    return _ordered(found, spec) if len(found) == len(items) else None


def marked(payload: str, spec: AnswerSpec) -> Reading:
    """The labels that *payload* gives, from its first labelled line to the first line without one."""
    text = lines_folded(unfenced(payload[:_PAYLOAD])).strip()
    found: dict[str, str] = {}
    for line in text.split("\n"):
        pairs = list(_pair(spec.items, spec.options).finditer(line))
        if not pairs and found and any(char.isalnum() for char in line):
            break
        before = len(found)
        for pair in pairs:
            item, label = names.named(pair["item"], spec.items), names.named(pair["label"], spec.options)
            if pair["other"] or found.get(item, label) != label:
                return AMBIGUOUS
            found[item] = label
        if pairs and before == len(spec.items):
            break
    return Answer(_ordered(found, spec)) if found else BAD_FORMAT


def loose(reply: str, spec: AnswerSpec) -> Reading:
    """The labels of an unmarked reply: read only where every item gets exactly one."""
    text = lines_folded(unfenced(reply))
    seen: dict[str, set[str]] = {}
    for pair in _pair(spec.items, spec.options).finditer(text):
        labels = seen.setdefault(names.named(pair["item"], spec.items), set())
        labels.add("" if pair["other"] else names.named(pair["label"], spec.options))
    if any(len(labels) > 1 or "" in labels for labels in seen.values()):
        return AMBIGUOUS
    if len(seen) < len(spec.items):
        return BAD_FORMAT
    denied = tail.NEGATED.search(_pair(spec.items, spec.options).sub("#", text))
    return BAD_FORMAT if denied else Answer(_ordered({item: labels.pop() for item, labels in seen.items()}, spec))


@functools.lru_cache(maxsize=512)
def _pair(items: tuple[str, ...], labels: tuple[str, ...]) -> re.Pattern[str]:
    label = names.expression(labels)
    # A label must end there: "effect modifier" is not "effect".
    end = r"(?=\s*(?:$|[,;.|}\])(\n!:–—]|- |because\b|since\b|as\b|and\b|while\b|but\b|due\b|given\b))"
    return re.compile(
        rf"(?P<item>{names.expression(items)}){_BETWEEN}(?P<label>{label})(?:(?P<other>{_OR}{label})|{end})"
    )


def _ordered(found: dict[str, str], spec: AnswerSpec) -> Labels:
    return tuple((item, found[item]) for item in spec.items if item in found)


READER = Reader(strict, marked, loose)
