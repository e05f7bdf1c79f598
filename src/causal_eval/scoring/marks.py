"""Where a reply marks its answer: ``ANSWER:`` lines, ``<answer>`` tags, JSON, boxes, "the answer is"."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from causal_eval.questions.question import AnswerKind
from causal_eval.scoring.clean import boxed

# Literal alternatives, no IGNORECASE: this search runs over every character of every reply.
_WORD = re.compile(
    "ANSWER|Answer|answer|Antwort|ANTWORT|antwort|Lösung|Réponse|RÉPONSE|réponse|Reponse|Respuesta|RESPUESTA|respuesta"
    "|Solución|Solution|solution|Correct option|correct option|Correct choice|correct choice|Correct label"
    "|correct label|Final result|final result|Final value|final value|答案|回答|答え"
)
_COLON = re.compile(r"[sS]?[\"'*_`]{0,4}(?:\s{0,2}\([^()\n]{0,20}\))?[*_` \u00a0]{0,4}[:=：＝]")
_SAID = re.compile(r"(?: is\b|,)(?: that\b)?", re.IGNORECASE)
_PHRASE = re.compile(
    r"(?: to (?:the|this|your) question)?(?: (?:is|would be|should be|must be|has to be|equals|ist|lautet|est|es)\b"
    r"|是|は)"
    r"(?:,? (?:therefore|thus|then|hence|clearly)\b)?[ ,:]*",
    re.IGNORECASE,
)
_HEADING = re.compile(r"[#*_ \t>]{0,8}(?:final\s)?", re.IGNORECASE)
_HEADING_END = re.compile(r"[*_ \t]{0,6}(?:\n|$)")
_SAYS = re.compile(r"[^\s*_`\"']")
_BOX = "\\boxed"
_CLOSING_TAG = re.compile(r"</answer>", re.IGNORECASE)
_REACH = 20_000
_MOST_PHRASES = 40
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked answer."""

    start: int
    """Where the mark begins."""
    payload: str
    """What follows it."""
    to_end: bool = True
    """The payload runs to the end of the reply, so a truncated reply may cut it."""


def last_mark(text: str, kind: AnswerKind) -> Mark | None:
    """The last mark that has something after it; a mark before nothing is passed over."""
    for word in reversed(list(_WORD.finditer(text))):
        end = _marked_at(text, word)
        if end is not None and _SAYS.search(text, end):
            return _mark(text, word.start(), end=end, kind=kind)
    return None


def last_box(text: str) -> Mark | None:
    r"""The last ``\boxed{...}``."""
    place = text.rfind(_BOX)
    inside = boxed(text, place) if place >= 0 else None
    return None if inside is None else Mark(place, inside, to_end=False)


def phrases(text: str, start: int = 0) -> Iterator[Mark]:
    """What follows "the answer is" and its like, from *start* on; the last of very many."""
    found: list[Mark] = []
    for word in reversed(list(_WORD.finditer(text, start))):
        said = _PHRASE.match(text, word.end())
        if said is not None:
            found.append(Mark(word.start(), text[said.end() : said.end() + _REACH]))
        if len(found) == _MOST_PHRASES:
            break
    return reversed(found)


def from_json(reply: str, kind: AnswerKind) -> str | None:
    """A reply that is one JSON list, string or number, as the text that the readers take."""
    bare = reply.strip()
    if bare[:1] not in ("[", '"') and not (kind in _JOINED and bare.startswith("{")):
        return None
    try:
        return json_text(_DECODER.decode(bare), kind)
    except (ValueError, RecursionError):
        return None


def json_text(value: Any, kind: AnswerKind) -> str:
    """A JSON value written the way :mod:`causal_eval.scoring.format` asks for it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if kind in _JOINED and isinstance(value, dict | list):
        return _JOINED[kind](value)
    if isinstance(value, dict):
        return "; ".join(f"{name} = {json_text(part, kind)}" for name, part in value.items())
    if isinstance(value, list):
        if not value and kind is AnswerKind.SETS:
            return "none"
        return "{" + ", ".join(json_text(part, AnswerKind.SET) for part in value) + "}"
    return "" if value is None else str(value)


def _graph_text(value: Any) -> str:
    """``{"directed": [[a, b]], "undirected": []}``; a bare list of pairs does not say which they are."""
    if not isinstance(value, dict) or not set(value) <= {"directed", "undirected", "edges", "nodes"}:
        return ""
    edges = [(value.get("directed"), "->"), (value.get("undirected"), "--")]
    pairs = [(pair, sign) for part, sign in edges if isinstance(part, list) for pair in part]
    written = [str(edge) for edge in value.get("edges") or () if isinstance(edge, str)]
    if not all(isinstance(pair, list) and len(pair) == 2 for pair, _ in pairs):  # noqa: PLR2004 - two ends
        return ""
    return "; ".join([*(f"{pair[0]} {sign} {pair[1]}" for pair, sign in pairs), *written]) or "none"


def _span_text(value: Any) -> str:
    ends = list(value.values()) if isinstance(value, dict) else value
    return f"[{', '.join(map(str, ends))}]"


def _order_text(value: Any) -> str:
    return " > ".join(map(str, value)) if isinstance(value, list) else ""


def _formula_text(value: Any) -> str:
    said = value.get("formula", "") if isinstance(value, dict) else ""
    return "none" if said is None else str(said)


_JOINED = {
    AnswerKind.GRAPH: _graph_text,
    AnswerKind.INTERVAL: _span_text,
    AnswerKind.ORDER: _order_text,
    AnswerKind.FORMULA: _formula_text,
}


def _marked_at(text: str, word: re.Match[str]) -> int | None:
    """Where the payload begins if *word* is a mark; None where it is just a word."""
    start, end = word.span()
    before = text[max(0, start - 24) : start]
    if before.endswith("<"):
        return end + 1 if text.startswith(">", end) else None
    final = before[-6:-1].casefold() == "final" and before[-1] in " _"
    if not final and (before[-1:] == "_" or (before[-1:].isascii() and before[-1:].isalpha())):
        return None
    if (colon := _COLON.match(text, end)) is not None:
        return colon.end()
    if final and (said := _SAID.match(text, end)) is not None:
        return said.end()
    heads_line = _HEADING.fullmatch(before[before.rfind("\n") + 1 :]) is not None
    return end if heads_line and _HEADING_END.match(text, end) else None


def _mark(text: str, start: int, *, end: int, kind: AnswerKind) -> Mark:
    payload = text[end : end + _REACH]
    before = text[start - 1 : start]
    if before == "<":
        parts = _CLOSING_TAG.split(payload, maxsplit=1)
        return Mark(start, parts[0], to_end=len(parts) == 1)
    return _json_mark(start, payload, kind=kind) if before in ("'", '"') else Mark(start, payload)


def _json_mark(start: int, payload: str, *, kind: AnswerKind) -> Mark:
    bare = payload.lstrip()
    try:
        value, _ = _DECODER.raw_decode(bare)
    except (ValueError, RecursionError):
        return Mark(start, payload)
    return Mark(start, json_text(value, kind), to_end=False)
