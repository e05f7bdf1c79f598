"""Numbers read exactly, as fractions: ``7/20``, ``-0.15``, ``30 %``, ``1.5e-3``, ``0,35``, ``3 out of 10``."""

from __future__ import annotations

import re
from fractions import Fraction

from causal_eval.questions.question import AnswerSpec
from causal_eval.scoring import tail
from causal_eval.scoring.clean import first_line, lines_folded
from causal_eval.scoring.reading import AMBIGUOUS, BAD_FORMAT, Answer, Reader, Reading, Value, agree

_STRICT = re.compile(r"[+-]?(?:\d{1,60}(?:/\d{1,60}|\.\d{0,60})?|\.\d{1,60})", re.ASCII)

_D = (
    r"(?:\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?"
    r"|[1-9]\d{0,2},\d{3}(?!\d)(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d+,\d+|\d*\.\d+|\d+\.?(?!\d))"
)
_SIGN = r"(?:[-–+]\s?|minus\s|negative\s|moins\s|menos\s|负|负的|マイナス)"
_HEAD = re.compile(
    rf"(?P<sign>{_SIGN})?\(?\s*(?P<inner>{_SIGN})?"
    rf"(?:(?P<whole>\d{{1,9}})\s+(?=\d+\s?/\s?\d))?"
    rf"(?P<top>{_D})\)?"
    rf"(?:\s?(?:/|\bout of\b|\bof\b|\bin\b)\s?\(?\s?(?P<bottom>-?\s?{_D})\s?\)?)?"
    rf"(?:e(?P<exp>[+-]?\d{{1,2}})(?!\d)"
    rf"|\s?[×x*]\s?10\s?(?:\^|\*\*)\s?[({{]?(?P<exp10>[+-]?\d{{1,2}})(?!\d)[)}}]?)?"
    rf"\)?(?P<percent>\s?(?:%|percent\b|per cent\b|percentage points?\b|pct\b|prozent\b"
    rf"|pour ?cents?\b|por ?ciento\b))?",
    re.ASCII,
)
_WORDS = {"zero": Fraction(0), "one": Fraction(1), "one half": Fraction(1, 2), "half": Fraction(1, 2)}
_BAD_REST = re.compile(
    r"(?!\s[-–]{1,2}\s+[^\W\d]{3})\s*(?:[-–+*/^{×·÷±=≈<>~%²³¹⁰-₟\\°!]|\.?\d|[e_'](?=\w)|[,:]\s?\d"
    r"|(?:to|or|and|bis|plus|minus|times|oder|ou|et|und|x|st|nd|rd|th)\b"
    r"|(?:points? )?(?:lower|less|fewer|smaller|below|decrease|reduction|worse)\b"
    r"|(?:hundred|thousand|million|billion|tenth|hundredth|third|fourth|fifth|quarter|half|dozen|k\b|m\b))"
)
_DENIED = re.compile(r"\W*(?:is|was|would be|seems|looks)\b.{0,20}?\b(?:not|wrong|incorrect|false)\b")
_CHAIN = re.compile(r"(?:=|≈|≃|≅|->|→|⇒|\bequals\b|\bis(?: approximately| about| roughly)?\b)")
_TERM = re.compile(r"\b[pe]\s?(?:_\w+)?[(\[][^()\[\]]*(?:[(\[][^()\[\]]*[)\]][^()\[\]]*)*[)\]]")
_UNEQUAL = re.compile(
    r"[<>≤≥≠]|\b(?:than|at least|at most|up to|between|from|under|over|above|below|range)\b|\\[lg]eq?\b"
)
_ANY = re.compile(rf"(?<![\w.,/-]){_HEAD.pattern}", re.ASCII)
_OWN = re.compile(r"(?:[-(]\s*)+\.?$|(?<![a-z])\.$")
"""What the words before a number end with and the number begins with."""
_OR = re.compile(r"\s*,?\s?(?:or|oder|ou|and|,)(?: equivalently)?\s?(?=[\d.])")
_SAME = re.compile(r"\s*(?:=|≈|≃|~|->|→|or about|or approximately|or)\s*")
_CLOSE = Fraction(1, 100)
_TOO_LONG = 70


def strict(text: str, _spec: AnswerSpec) -> Value | None:
    """A fraction or decimal, nothing else."""
    if _STRICT.fullmatch(text) is None:
        return None
    try:
        return Fraction(text)
    except ZeroDivisionError:
        return None


def marked(payload: str, _spec: AnswerSpec) -> Reading:
    """The number on the first line of *payload*."""
    return in_line(first_line(payload))


def loose(reply: str, _spec: AnswerSpec) -> Reading:
    """The only number of *reply*, where it ends a statement such as "the effect is ..."."""
    text = lines_folded(reply)
    masked = _TERM.sub("p", text)
    last: re.Match[str] | None = None
    for match in _ANY.finditer(masked):
        if (value := _value(match)) is None:
            continue
        if last is not None and value != _value(last):
            return AMBIGUOUS
        last = match
    if last is None or tail.NEGATED.search(masked) or _UNEQUAL.search(masked):
        return BAD_FORMAT
    if not tail.LINK.search(masked[max(0, last.start() - 60) : last.start()]):
        return BAD_FORMAT
    return _headed(masked[last.start() :])


def in_line(text: str) -> Reading:
    """The number that a folded line gives, whatever explanation follows it."""
    if text.rstrip(".!") in _WORDS:
        return Answer(_WORDS[text.rstrip(".!")])
    for candidate in (text, text[_lead(text) :]):
        reading = _headed(candidate)
        if reading != BAD_FORMAT:
            return reading
    masked = _TERM.sub("p", text)
    return _chained(masked) if _CHAIN.search(masked) else BAD_FORMAT


def _lead(text: str) -> int:
    """Where a number can begin after words such as "approximately"; a minus sign is not skipped."""
    match = tail.LEAD.match(text)
    end = match.end() if match else 0
    back = _OWN.search(text[:end])
    return back.start() if back else end


def _headed(text: str) -> Reading:
    """The number at the beginning of *text*, if what follows leaves it alone."""
    match = _HEAD.match(text)
    value = _value(match) if match else None
    if match is None or value is None:
        return BAD_FORMAT
    rest = text[match.end() :]
    if (other := _OR.match(rest)) is not None:
        return _twice(value, rest[other.end() :])
    if tail.corrected(rest):
        return AMBIGUOUS if _ANY.search(rest) else BAD_FORMAT
    if _BAD_REST.match(rest):
        return _rounded(value, rest)
    return Answer(value) if _leaves_alone(rest) else BAD_FORMAT


def _twice(value: Fraction, again: str) -> Reading:
    """``7/20 or 0.35`` is one number, ``0.3 or 0.4`` is none."""
    match = _HEAD.match(again)
    if match is None or _value(match) != value:
        return AMBIGUOUS
    rest = again[match.end() :]
    return BAD_FORMAT if _BAD_REST.match(rest) or not _leaves_alone(rest) else Answer(value)


def _leaves_alone(rest: str) -> bool:
    """A unit or an explanation follows; "2 of the 3 paths" and "0.3 is wrong" are no answers."""
    return not _DENIED.match(rest) and (tail.free(rest) or not any(char.isdigit() for char in rest))


def _rounded(value: Fraction, rest: str) -> Reading:
    """``7/20 = 0.35``, ``1/3 ≈ 0.333``: the first number, when the second is the same or its rounding."""
    while (sign := _SAME.match(rest)) is not None:
        again = _HEAD.match(rest, sign.end())
        second = _value(again) if again else None
        if again is None or second is None or abs(second - value) > _CLOSE:
            return BAD_FORMAT
        rest = rest[again.end() :]
        if not _BAD_REST.match(rest):
            return Answer(value)
    return BAD_FORMAT


def _chained(text: str) -> Reading:
    """``P(y) = 0.4*0.5 = 0.2``: the last number of a chain of equalities that states one thing."""
    parts = _CHAIN.split(text)
    if _UNEQUAL.search(text) or tail.NEGATED.search(text):
        return BAD_FORMAT
    if any(re.search(r"[,;]|\band\b|\bor\b", part) and _ANY.search(part) for part in parts[:-1]):
        return AMBIGUOUS
    last = parts[-1].strip()
    if len(parts) > 2 and isinstance(before := _headed(parts[-2].strip()), Answer):  # noqa: PLR2004 - a = b ≈ c
        whole = _headed(f"{parts[-2].strip()} ≈ {last}")
        return whole if isinstance(whole, Answer) else agree([before, _headed(last)])
    return _headed(last[_lead(last) :])


def _value(match: re.Match[str] | None) -> Fraction | None:
    if match is None or len(match[0]) > _TOO_LONG:
        return None
    top, bottom = _decimal(match["top"]), _decimal(match["bottom"] or "1")
    if bottom == 0:
        return None
    value = top / bottom + int(match["whole"] or 0)
    exponent: int = int(match["exp"] or match["exp10"] or 0)
    power = Fraction(10 ** abs(exponent))
    value = value * power if exponent >= 0 else value / power
    if match["percent"]:
        value /= 100
    minuses = sum(bool(sign) and sign[0] != "+" for sign in (match["sign"] or "", match["inner"] or ""))
    return -value if minuses == 1 else value


def _decimal(text: str) -> Fraction:
    """Digits with a decimal point or comma and thousands separators, exactly."""
    text = text.replace(" ", "")
    comma, point = text.rfind(","), text.rfind(".")
    if comma >= 0 and point >= 0:
        drop, mark = (".", ",") if comma > point else (",", ".")
        return Fraction(text.replace(drop, "").replace(mark, "."))
    thousands = comma >= 0 and re.fullmatch(r"-?(?:\d{1,3}(?:,\d{3}){2,}|[1-9]\d{0,2},\d{3})", text)
    text = text.replace(",", "" if thousands else ".")
    return Fraction(f"{text}0" if text.endswith(".") else text)


READER = Reader(strict, marked, loose)
