r"""Estimands: ``sum_z P(y|x,z) P(z)``, also as LaTeX, with ``∑`` and after ``P(y | do(x)) =``; or ``none``."""

from __future__ import annotations

import re
from collections.abc import Callable

from causal_eval.causal.formula import Formula, read_formula, written
from causal_eval.causal.formula.tree import Difference, Prob, Product, Quotient, Sum
from causal_eval.errors import MalformedCase
from causal_eval.questions.question import AnswerSpec
from causal_eval.scoring.clean import unfenced
from causal_eval.scoring.hidden import MOST_WORK, work
from causal_eval.scoring.reading import BAD_FORMAT, Answer, Estimand, Reader, Reading, Value, agree

_SYMBOL = re.compile(r"(?!p\d*_|sum)[^\W\d_]\w*")
_RESERVED = frozenset({"p", "pr", "do", "none"})

_LONGEST = 1000
_DEEPEST = 30
_MOST_LINES = 200
_PAYLOAD = 4000
_CHARS = str.maketrans(
    {
        **dict.fromkeys("’‘′ʹ´", "'"),
        **dict.fromkeys("·×∙⋅∗*", " "),
        **dict.fromkeys("∑Σ", "\\sum "),
        **dict.fromkeys("∣｜│", "|"),
        **dict.fromkeys("−–", "-"),
        **dict.fromkeys("[", "("),
        **dict.fromkeys("]", ")"),
        **dict.fromkeys("\u00a0\u2009\u202f\t$&`", " "),
        "″": "''",
        "÷": "/",
    }
)
_STEPS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(
            r"\\(?:begin|end)\{[a-z*]{1,20}\}|\\\\|\\(?:left|right|[bB]igg?[lr]?|limits|nolimits|displaystyle)(?![a-z])"
        ),
        " ",
    ),
    (re.compile(r"\\(?:text|mathrm|mathbf|mathbb|mathit|operatorname|boxed|fbox)\s{0,3}\{([^{}]{0,900})\}"), r"\1"),
    (re.compile(r"\^\s{0,2}\{?\s{0,2}\\prime\s{0,2}\}?|\\prime(?![a-z])"), "'"),
    (re.compile(r"\\(?:mid|vert|lvert|rvert|given)(?![a-z])|\\\|"), "|"),
    (re.compile(r"\\(?:cdot|times|quad|qquad|ast)(?![a-z])|\\[,;:! ()]"), " "),
    (re.compile(r"\\[([]|\\[)\]]"), " "),
    (re.compile(r"(?<![A-Za-z])(?:\\?Pr|p|\\Pr)(?=\s?\()"), "P"),
    (re.compile(r"(?:\\sum|(?<![A-Za-z])[sS](?:um|UM))\s{0,3}_?\s{0,3}(?=[^\W\d_]|\{)"), " sum_"),
    (re.compile(r"(?<!sum)_\{(\w{1,20})\}"), r"_\1"),
    (re.compile(r"sum_(\w{1,40}'{0,4}(?:\s?,\s?\w{1,40}'{0,4}){1,12})(?=\s)"), r"sum_{\1}"),
    (
        re.compile(r"(?<![\w'])(\w{1,40})\s?=\s?(?=(\w{1,40}))"),
        lambda m: "" if m[1].casefold() == m[2].casefold() else m[0],
    ),
)
_FRACTION = re.compile(r"\\[dtc]?frac\s{0,3}\{([^{}]{0,900})\}\s{0,3}\{([^{}]{0,900})\}")
_BRACES = re.compile(r"(?<!sum_)\{([^{}]{0,900})\}")
_END = re.compile(
    r";|,?\s(?:where|because|since|by|which|with|using|as|for|for all|i\.e|when|if|given)\b|\s\(?(?:back|front)-?door\b"
)
_NONE = re.compile(
    r"\W*(?:(?:it|this|that|the (?:causal )?effect|p\([^=]{1,60}\))\s(?:is|are)\s)?"
    r"(?:none|not identifiable|non-?identifiable|unidentifiable|not identified|cannot be identified|can't be identified"
    r"|no (?:such )?(?:formula|estimand)(?: exists)?)\b(?! of)[^=|]{0,200}"
)
_MARKUP = re.compile(r"\*{2,}|(?<!\w)_{1,2}(?=\w)|^[#>\s-]+")


def is_symbol(name: str) -> bool:
    """*name* can stand for a variable in a formula."""
    return _SYMBOL.fullmatch(name.casefold()) is not None and name.casefold() not in _RESERVED


def strict(text: str, spec: AnswerSpec) -> Value | None:
    """A formula of the closed grammar over the spec's symbols; ``none`` where that is possible."""
    if text.casefold() == "none":
        return Estimand(None) if spec.may_be_none else None
    return _read(text, spec)


def marked(payload: str, spec: AnswerSpec) -> Reading:
    """The formula that *payload* begins with, on its first line or in a display."""
    text = unfenced(payload[:_PAYLOAD]).strip()
    lines = [line for line in text.split("\n", 12)[:12] if _plain(line).strip()]
    if not lines:
        return BAD_FORMAT
    for candidate in (lines[0], " ".join(lines)):
        reading = _line(candidate, spec)
        if reading != BAD_FORMAT:
            return reading
    return BAD_FORMAT


def loose(reply: str, spec: AnswerSpec) -> Reading:
    """The one formula that lines of *reply* consist of."""
    lines = reply.split("\n")[-_MOST_LINES:]
    return agree([reading for line in lines if "(" in line and (reading := _line(line, spec)) != BAD_FORMAT])


def _line(text: str, spec: AnswerSpec) -> Reading:
    if len(text) > _PAYLOAD:
        return BAD_FORMAT
    plain = _plain(text)
    if spec.may_be_none and _NONE.fullmatch(plain.casefold()):
        return Answer(Estimand(None))
    said = _right_side(plain).strip(" .,:")
    end = _END.search(said)
    for candidate in (said, said[: end.start()].rstrip(" .,") if end else ""):
        found = _read(candidate, spec) if "(" in candidate else None
        if found is not None:
            return Answer(found)
    return BAD_FORMAT


def _plain(text: str) -> str:
    """*text* without LaTeX, typographic characters and emphasis, as the grammar of formulas writes it."""
    text = _MARKUP.sub("", text).translate(_CHARS)
    for pattern, new in _STEPS[:2]:
        text = pattern.sub(new, text)
    for _ in range(4):
        text, changed = _FRACTION.subn(r"((\1) / (\2))", text)
        if not changed:
            break
    for pattern, new in _STEPS[2:]:
        text = pattern.sub(new, text)
    return _BRACES.sub(r"\1", text)


def _right_side(text: str) -> str:
    """What stands after the last equals sign outside of parentheses."""
    depth = begin = 0
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char in "=≡" and depth == 0:
            begin = place + 1
    return text[begin:]


def _read(text: str, spec: AnswerSpec) -> Estimand | None:
    """The formula in its canonical text; None where it is none, or would take too long to judge."""
    deep = text.count("(") + text.count("sum")
    if not all(map(is_symbol, spec.items)):
        return None
    if not text or len(text) > _LONGEST or _nested(text) > _DEEPEST or deep > 4 * _DEEPEST:
        return None
    try:
        formula = read_formula(text, spec.items)
    except MalformedCase:
        return None
    if not _observational(formula) or work(formula) > MOST_WORK:
        return None
    return Estimand(written(formula, spec.items))


def _nested(text: str) -> int:
    depth = most = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        most = max(most, depth)
    return most + text.count("sum_")


def _observational(formula: Formula) -> bool:
    """No intervention, no fixed value, no other population."""
    match formula:
        case Prob(event, given, do, domain):
            return not do and not domain and all(ref.value is None for ref in (*event, *given))
        case Sum(_, body):
            return _observational(body)
        case Product(parts):
            return all(map(_observational, parts))
        case Quotient(one, other) | Difference(one, other):
            return _observational(one) and _observational(other)
    return True


READER = Reader(strict, marked, loose)
