"""Bounds: ``[0.2, 1/2]``, ``0.2 to 0.5``, ``between 1/5 and 1/2``, ``lower = 0.2, upper = 0.5``."""

from __future__ import annotations

import re
from fractions import Fraction

from causal_eval.questions.question import AnswerSpec
from causal_eval.scoring import numbers, tail
from causal_eval.scoring.clean import first_line, lines_folded
from causal_eval.scoring.reading import BAD_FORMAT, Answer, Reader, Reading, Span, Value, agree

_STRICT = re.compile(r"\[([^\[\],]{1,130}),([^\[\],]{1,130})\]")
_BRACKETS = re.compile(r"[\[(]([^\[\]()]{1,200}|(?:[^\[\]()]|\([^()]{0,60}\)){1,200})[\])]")
_NAMED = re.compile(
    r"(?:lower|low|lo|min(?:imum)?|at least)(?: bound| end| limit)?[ :=]{1,4}(?:is )?(.{1,80}?)[,;\s]+"
    r"(?:and |to )?(?:the )?(?:upper|high|hi|max(?:imum)?|at most)(?: bound| end| limit)?[ :=]{1,4}(?:is )?(.{1,80})$"
)
_AROUND = re.compile(r"(.{1,80}?)\s?(?:<=|≤|<|\\leq?)\s?[^\d<>≤=][^<>≤=]{0,80}?\s?(?:<=|≤|<|\\leq?)\s?(.{1,80})$")
_BETWEEN = re.compile(r"(?:from|between)\s(.{1,80}?)\s(?:and|to)\s(.{1,80})$")
_TO = re.compile(r"(.{1,80}?)\s?(?:\bto\b|–|—|\.\.\.?|…|\s-\s)\s?(.{1,80})$")
_WORDS = (_NAMED, _AROUND, _BETWEEN, _TO)
_NUMERIC = re.compile(r"[-+–(]{0,2}\.?\d[\d.,/\s%()≈=~]*(?:percent)?")
_COMMAS = 3


def strict(text: str, spec: AnswerSpec) -> Value | None:
    """``[low, high]``, fractions or decimals."""
    ends = _STRICT.fullmatch(text)
    found = [numbers.strict(end.strip(), spec) for end in ends.groups()] if ends else []
    low, high = found or (None, None)
    return Span(low, high) if isinstance(low, Fraction) and isinstance(high, Fraction) else None


def marked(payload: str, _spec: AnswerSpec) -> Reading:
    """The interval that the first line of *payload* gives."""
    text = first_line(payload)
    if (bracket := _BRACKETS.search(text)) is not None and (span := _inside(bracket[1])) is not None:
        return Answer(span) if _alone(text, bracket) else BAD_FORMAT
    lead = tail.LEAD.match(text)
    bare = text.rstrip(" .!")
    for candidate in (bare, bare[lead.end() if lead else 0 :]):
        for pattern in _WORDS:
            ends = pattern.match(candidate)
            if ends is not None and (span := _span(*ends.groups())) is not None:
                return Answer(span)
    return BAD_FORMAT


def loose(reply: str, _spec: AnswerSpec) -> Reading:
    """The only bracketed interval of *reply*, where nothing is denied."""
    text = lines_folded(reply)
    spans = [_inside(bracket[1]) for bracket in _BRACKETS.finditer(text) if bracket[0].startswith("[")]
    found = [Answer(span) for span in spans if span is not None]
    return BAD_FORMAT if tail.NEGATED.search(text) else agree([*found])


def _alone(text: str, bracket: re.Match[str]) -> bool:
    """No other interval stands beside the bracket, and nothing takes it back."""
    rest = text[bracket.end() :]
    others = [other for other in _BRACKETS.finditer(rest) if _inside(other[1]) not in (None, _inside(bracket[1]))]
    return not others and not tail.corrected(rest) and not tail.NEGATED.search(text[: bracket.start()])


def _inside(text: str) -> Span | None:
    """The two numbers between brackets; a comma may be a decimal one where that leaves no doubt."""
    parts = re.split(r";|\bto\b", text)
    if len(parts) == 1:
        parts = text.split(",")
    if len(parts) == _COMMAS + 1:
        parts = [",".join(parts[:2]), ",".join(parts[2:])]
    return _span(parts[0], parts[1]) if len(parts) == 2 else None  # noqa: PLR2004 - an interval has two ends


def _span(low: str, high: str) -> Span | None:
    ends = [_end(text.strip()) for text in (low, high)]
    first, last = ends
    return None if first is None or last is None else Span(first, last)


def _end(text: str) -> Fraction | None:
    """The number that *text* is, with nothing but its own rounding beside it."""
    reading = numbers.in_line(text) if text and len(text) <= 80 and _NUMERIC.fullmatch(text) else BAD_FORMAT  # noqa: PLR2004 - longer is prose
    return reading.value if isinstance(reading, Answer) and isinstance(reading.value, Fraction) else None


READER = Reader(strict, marked, loose)
