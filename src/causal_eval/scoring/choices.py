"""One of given options, and yes or no in six languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from causal_eval.questions.question import AnswerSpec
from causal_eval.scoring import names, tail
from causal_eval.scoring.clean import first_line, fold, lines_folded
from causal_eval.scoring.reading import AMBIGUOUS, BAD_FORMAT, Answer, Reader, Reading, Value

_YES = ("yes", "yeah", "yep", "true", "ja", "oui", "sí", "si", "是的", "是", "对", "對", "会", "はい")
_NO = ("no", "nope", "false", "nein", "non", "不是", "否", "不对", "不會", "不会", "不", "いいえ")
_YES_NO = {**dict.fromkeys(_YES, "yes"), **dict.fromkeys(_NO, "no")}
_WORD = "|".join(sorted(map(re.escape, _YES_NO), key=len, reverse=True))
_POLAR = re.compile(rf"(?<![\w'-])(?:{_WORD})(?:(?![\w'-])|(?=因|,|\.))")
_ON = re.compile(r"\s*,?\s*(?:it|they|this|that|there|the|he|she|we|you|i|in|if|when|changing|intervening)\b|,|\?*$")
_SENTENCE = re.compile(
    rf"(?:^|[.!?\n:;]\s*|\b(?:so|thus|hence|therefore|actually|wait|hmm)\b,?\s*)({_WORD})(?=\s*(?:[,.!;:\n—–]|$))"
)
_ORDINAL = re.compile(r"\(?(?:[a-z]|\d{1,2})[.):]\s+(?=\S)")
_EDGE = " \t\n.,;:!?()[]{}"


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The words that can be an answer, and what each stands for."""

    pattern: re.Pattern[str]
    meaning: Callable[[str], str]


_POLARITY = _Vocabulary(_POLAR, _YES_NO.__getitem__)


def strict_choice(text: str, spec: AnswerSpec) -> Value | None:
    """An option, but for case and spacing."""
    return names.plainly(spec.options).get(names.squeeze(text))


def marked_choice(payload: str, spec: AnswerSpec) -> Reading:
    """The option on the first line of *payload*; an explanation may follow it."""
    text = first_line(payload)
    if (whole := _exactly(text, spec)) is not None:
        return Answer(whole)
    vocabulary = _options(spec)
    for candidate in _beginnings(text, spec):
        reading = _headed(candidate, vocabulary)
        if reading != BAD_FORMAT:
            return reading
    return _stated(text, spec)


def loose_choice(reply: str, spec: AnswerSpec) -> Reading:
    """The only option that *reply* mentions, where it ends a statement such as "I choose ..."."""
    return _stated(lines_folded(reply), spec)


def strict_yes_no(text: str, _spec: AnswerSpec) -> Value | None:
    """``yes`` or ``no``."""
    folded = text.casefold()
    return folded if folded in ("yes", "no") else None


def marked_yes_no(payload: str, _spec: AnswerSpec) -> Reading:
    """Yes or no at the beginning of the first line of *payload*."""
    text = first_line(payload)
    lead = tail.LEAD.match(text)
    for candidate in (text.lstrip(_EDGE), text[lead.end() if lead else 0 :]):
        reading = _headed(candidate, _POLARITY)
        if reading != BAD_FORMAT:
            return reading
    return BAD_FORMAT


def loose_yes_no(reply: str, _spec: AnswerSpec) -> Reading:
    """Yes or no as a sentence or the beginning of one; ambiguous where both are."""
    found = {_YES_NO[match[1]] for match in _SENTENCE.finditer(lines_folded(reply))}
    if len(found) == 1:
        return Answer(found.pop())
    return AMBIGUOUS if found else BAD_FORMAT


def _options(spec: AnswerSpec) -> _Vocabulary:
    options = spec.options
    return _Vocabulary(names.pattern(options), lambda text: names.named(text, options))


def _exactly(text: str, spec: AnswerSpec) -> str | None:
    table = names.forms(spec.options)
    return table.get(text) or table.get(text.strip(_EDGE))


def _beginnings(text: str, spec: AnswerSpec) -> list[str]:
    """*text* without what may stand before an option: brackets, "option", "the answer is", a list mark."""
    bare = text.lstrip(_EDGE)
    lead = tail.LEAD.match(text)
    found = [bare, text[lead.end() if lead else 0 :]]
    ordinal = _ORDINAL.match(text)
    if ordinal and max(map(len, spec.options), default=0) > 1:
        found.insert(0, text[ordinal.end() :])
    return found


def _headed(text: str, vocabulary: _Vocabulary) -> Reading:
    """The answer word at the beginning of *text*, if what follows leaves it alone."""
    match = vocabulary.pattern.match(text)
    if match is None:
        return BAD_FORMAT
    value, rest = vocabulary.meaning(match[0]), text[match.end() :]
    others = {vocabulary.meaning(other[0]) for other in vocabulary.pattern.finditer(rest)} - {value}
    if others and (tail.corrected(rest) or _only_names(rest, vocabulary)):
        return AMBIGUOUS
    if tail.free(rest) or (vocabulary is _POLARITY and _ON.match(rest)):
        return Answer(value)
    if others:
        return AMBIGUOUS
    return Answer(value) if rest.startswith((",", ")", "]")) else BAD_FORMAT


def _only_names(rest: str, vocabulary: _Vocabulary) -> bool:
    """*rest* is nothing but further answer words: a list of answers, not an explanation."""
    left = vocabulary.pattern.sub(" ", rest)
    return (
        re.fullmatch(
            r"(?:[\W_]|\b(?:or|and|but|also|plus|both|either|maybe|perhaps|possibly|oder|und|ou|et|o|y)\b)*", left
        )
        is not None
    )


def _stated(text: str, spec: AnswerSpec) -> Reading:
    """The one option that is said to be the answer, with nothing denied around it."""
    pattern = names.pattern(spec.options)
    found = [match for match in pattern.finditer(text) if _is_meant(text, match)]
    values = {names.named(match[0], spec.options) for match in found}
    if len(values) > 1:
        return AMBIGUOUS
    if not values or tail.NEGATED.search(pattern.sub("#", text)):
        return BAD_FORMAT
    linked = any(tail.LINK.search(text[max(0, match.start() - 60) : match.start()]) for match in found)
    return Answer(values.pop()) if linked and tail.free(text[found[-1].end() :]) else BAD_FORMAT


def _is_meant(text: str, match: re.Match[str]) -> bool:
    """A single letter counts as an option only where it cannot be an article or a variable."""
    if len(match[0]) > 1:
        return True
    before, after = text[: match.start()], text[match.end() :]
    return (before.endswith("(") and after.startswith(")")) or re.search(
        r"\b(?:option|choice|answer)(?: is)?:? $", before[-20:]
    ) is not None


CHOICE = Reader(strict_choice, marked_choice, loose_choice)
YES_NO = Reader(strict_yes_no, marked_yes_no, loose_yes_no)


def strict_text(text: str, _spec: AnswerSpec) -> Value | None:
    """Any text that says something."""
    return _folded(text) or None


def marked_text(payload: str, _spec: AnswerSpec) -> Reading:
    """The first line of *payload*."""
    line = next((part for part in payload.split("\n") if part.strip()), "")
    folded = _folded(line)
    return Answer(folded) if folded else BAD_FORMAT


def loose_text(_reply: str, _spec: AnswerSpec) -> Reading:
    """Never an answer: in free text nothing tells an answer from an explanation."""
    return BAD_FORMAT


def _folded(text: str) -> str:
    return fold(text).rstrip(".!").strip()


TEXT = Reader(strict_text, marked_text, loose_text)
