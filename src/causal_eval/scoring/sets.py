"""Sets and sets of sets of given names: ``{a, b}``, ``a and b``, bullets, ``{{a}, {b, c}}``, ``{}``, ``none``."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field

from causal_eval.questions.question import AnswerKind, AnswerSpec
from causal_eval.scoring import names, tail
from causal_eval.scoring.clean import lines_folded, unfenced
from causal_eval.scoring.reading import AMBIGUOUS, BAD_FORMAT, Answer, Reader, Reading, Sets, Value, agree

NONE: Sets = frozenset()
EMPTY: Sets = frozenset({frozenset()})
RESERVED_WORDS = frozenset({"none", "nothing", "empty"})

_STRICT_SET = re.compile(r"\{([^{};]*)\}")
_NEEDLESS = re.compile(
    r"(?:no|none|nothing|without)\b[\w\s]{0,40}?\b(?:is|are)?\s?(?:needed|required|necessary)\b|\bnothing$"
    r"|(?:the |an? )?(?:empty|null|leere|void)(?: adjustment)?(?: set)?\b(?! of)|leere menge\b|ensemble vide\b"
    r"|conjunto vac[ií]o\b|空集合?|set\(\)|no variables?$"
)
_UNCLEAR = re.compile(r"no adjustment\W*$")
"""None is needed, or none exists?"""
_NONE = re.compile(
    r"none\b(?! of)|no (?:(?:such|valid|sufficient|suitable|possible|minimal|admissible|observed|adjustment"
    r"|backdoor|back-door)[ ,]+)*(?:sets?|combination|subset)\b|there (?:is|are) (?:no|none)\b"
    r"|(?:it )?does ?n[o']?t exist"
    r"|none exists|impossible\b|not possible\b|keine[rs]?\b|aucun\b|ningun[oa]\b|没有|無し|なし"
)
_LEAD = re.compile(
    r"(?:[\s.:=*#]|->|\b(?:the|a|an|one|my|final|answer|is|are|only|all|minimal|minimum|valid|sufficient|adjustment|backdoor|sets?"
    r"|variables?|of|to|for|on|z|s|by|you|we|i|must|can|could|would|should|need|adjust|adjusting|control|controlling"
    r"|condition|conditioning|following|both|use|choose|exactly|it|contains|consists|containing|and)\b(?!\w))*"
)
_BULLET = re.compile(r"\s*(?:[-•*–]|\(?\d{1,2}[.)])\s+(?=\S)")
_PAIRED = {"{": "}", "[": "]", "(": ")"}
_PAYLOAD = 20_000


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    """``item``, ``open``, ``close``, ``or``, ``sep``, ``line`` or ``word``."""
    text: str
    start: int
    end: int


@dataclass(slots=True)
class _Bracket:
    """What stands between two brackets."""

    items: set[str] = field(default_factory=set)
    inner: list[_Bracket] = field(default_factory=list)
    ok: bool = True
    """False: it holds words that are neither candidates nor clearly other names."""

    end: int = 0
    """Index of the token after the closing bracket."""


def strict(text: str, spec: AnswerSpec) -> Value | None:
    """``{a, b}``; SETS: several joined by ``;``; ``none`` where that is possible."""
    if text.casefold() == "none":
        return NONE if spec.may_be_none else None
    table = names.plainly(spec.items)
    groups: list[frozenset[str]] = []
    for part in text.split(";") if spec.kind is AnswerKind.SETS else (text,):
        inside = _STRICT_SET.fullmatch(part.strip())
        if inside is None:
            return None
        members = [table.get(names.squeeze(name)) for name in inside[1].split(",")] if inside[1].strip() else []
        if None in members:
            return None
        groups.append(frozenset(member for member in members if member is not None))
    return frozenset(groups)


def marked(payload: str, spec: AnswerSpec) -> Reading:
    """The set or sets that *payload* begins with; bullets may span lines, explanations may follow."""
    text = lines_folded(unfenced(payload[:_PAYLOAD])).strip()
    head = text.split("\n", 1)[0]
    special = _special(head, spec)
    if special is not None:
        return special
    if _BULLET.match(text):
        return _bulleted(text, spec)
    tokens = _tokens(text, spec)
    begin = _skip_lead(text, tokens)
    if begin == len(tokens):
        return BAD_FORMAT
    if tokens[begin].kind == "open":
        return _bracketed(text, tokens, place=begin, spec=spec)
    if tokens[begin].kind == "item":
        return _bare(text, tokens, place=begin, spec=spec)
    return BAD_FORMAT


def loose(reply: str, spec: AnswerSpec) -> Reading:
    """The only bracketed set of *reply*, where nothing is denied; a bare list in prose is never an answer."""
    text = lines_folded(reply)
    if "{" not in text:
        return BAD_FORMAT
    tokens = _tokens(text, spec)
    found: list[Reading] = []
    place = 0
    while place < len(tokens):
        closed = _bracket(tokens, place, spec=spec) if tokens[place].text == "{" else None
        if closed is not None and closed.ok:
            found.append(_meaning([closed], spec))
        place = closed.end if closed else place + 1
    if spec.kind is AnswerKind.SETS and len(found) > 1:
        return AMBIGUOUS
    denied = tail.NEGATED.search(names.pattern(spec.items).sub("#", text))
    return BAD_FORMAT if denied else agree(found)


def _special(head: str, spec: AnswerSpec) -> Reading | None:
    """The reading of "none exists" and "the empty set" in words; None where *head* says neither."""
    if names.pattern(spec.items).match(head):
        return None
    begin = _LEAD.match(head)
    for text in (head, head[begin.end() if begin else 0 :]):
        bare = text.strip(" .!{}[]()") if text.strip(" .!{}[]()") == "none" else text
        if _UNCLEAR.match(text):
            return AMBIGUOUS
        needless, none = _NEEDLESS.match(text), _NONE.match(bare)
        if needless:
            return Answer(EMPTY) if _ends(text[needless.end() :]) else BAD_FORMAT
        if none and bare is not text and text[:1] in "{[":
            return AMBIGUOUS  # "{none}": the empty set, or none exists?
        if none:
            return _no_set(text[none.end() :], spec)
    return None


def _no_set(rest: str, spec: AnswerSpec) -> Reading:
    if re.search(r"\b(?:need\w*|required|necessary|empty)\b|\{\s?\}", rest):
        return AMBIGUOUS  # "none (no adjustment is needed)"
    if names.pattern(spec.items).search(rest) and not tail.free(rest):
        return BAD_FORMAT
    return Answer(NONE if spec.may_be_none else EMPTY)


def _ends(rest: str) -> bool:
    return tail.free(rest) or re.match(r"\s*(?:is|suffices|works|does|,|=|\{)", rest) is not None


@functools.lru_cache(maxsize=1024)
def _lexer(items: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<item>{names.expression(items)})|(?P<open>[{{\[(])|(?P<close>[}}\])])|(?P<line>\n)"
        r"|(?P<or>(?:or|oder|ou|或)\b|/|\|)|(?P<sep>[,;&+]|(?:and|und|et|y|e|plus|with|also|as well as)\b|和|与|と)"
        r"|(?P<word>\w[\w'-]*|[^\s])"
    )


def _tokens(text: str, spec: AnswerSpec) -> list[_Token]:
    return [_Token(match.lastgroup or "", match[0], *match.span()) for match in _lexer(spec.items).finditer(text)]


def _skip_lead(text: str, tokens: list[_Token]) -> int:
    """Index of the first token that is not a phrase such as "the set is" or "adjust for"."""
    if tokens and tokens[0].kind in ("item", "open"):
        return 0
    lead = _LEAD.match(text)
    end = lead.end() if lead else 0
    place = 0
    while place < len(tokens) and tokens[place].end <= end and tokens[place].kind not in ("item", "open"):
        place += 1
    while place < len(tokens) and tokens[place].kind == "line":
        place += 1
    return place


def _bracket(tokens: list[_Token], place: int, *, spec: AnswerSpec) -> _Bracket | None:
    """The bracket that opens at *place*; None where it does not close. No recursion: the depth is the input's."""
    stack: list[tuple[str, _Bracket, list[str]]] = []
    while place < len(tokens):
        token = tokens[place]
        place += 1
        if token.kind == "open":
            stack.append((_PAIRED[token.text], _Bracket(), []))
            continue
        closing, bracket, slot = stack[-1]
        if token.kind == "close":
            _close_slot(bracket, slot, spec=spec)
            bracket.ok = bracket.ok and token.text == closing
            stack.pop()
            if not stack:
                bracket.end = place
                return bracket
            stack[-1][1].inner.append(bracket)
        elif token.kind in ("sep", "line"):
            _close_slot(bracket, slot, spec=spec)
        else:
            slot.append(("=" if token.kind == "item" else "") + token.text)
    return None


def _close_slot(bracket: _Bracket, slot: list[str], *, spec: AnswerSpec) -> None:
    """Take what stood between two separators: a candidate, or a name that is no candidate at all (so: wrong)."""
    if not slot:
        return
    if len(slot) == 1 and slot[0].startswith("="):
        bracket.items.add(names.named(slot[0][1:], spec.items))
    elif any(part.startswith("=") or part in names.words(spec.items) or not part[0].isalnum() for part in slot):
        bracket.ok = False
    else:
        bracket.items.add(" ".join(slot))
    slot.clear()


def _bracketed(text: str, tokens: list[_Token], *, place: int, spec: AnswerSpec) -> Reading:
    """One bracket or several in a row, and a harmless rest."""
    found: list[_Bracket] = []
    either = False
    end = tokens[place].start
    while place < len(tokens) and tokens[place].kind == "open":
        closed = _bracket(tokens, place, spec=spec)
        if closed is None:
            return BAD_FORMAT
        if found and (tokens[place].text == "(" or not closed.ok):
            break  # an explanation in parentheses
        found.append(closed)
        end, place = tokens[closed.end - 1].end, closed.end
        following = place
        while (
            following < len(tokens)
            and tokens[following].kind in ("sep", "or", "line", "word")
            and _joins(tokens[following])
        ):
            following += 1
        if following < len(tokens) and tokens[following].kind == "open":
            either = either or any(token.kind == "or" for token in tokens[place:following])
            place = following
    if not all(bracket.ok for bracket in found):
        return BAD_FORMAT
    if spec.kind is AnswerKind.SET and len(found) > 1:
        return AMBIGUOUS
    return _checked(_meaning(found, spec), text[end:], spec=spec)


def _joins(token: _Token) -> bool:
    return token.kind != "word" or token.text in "-•*." or token.text.isdigit()


def _checked(reading: Reading, rest: str, *, spec: AnswerSpec) -> Reading:
    """*reading*, unless the rest takes it back or names another set."""
    if tail.corrected(rest) or (re.match(r"\s*(?:or|and)\b", rest) and names.pattern(spec.items).search(rest)):
        return AMBIGUOUS
    if tail.free(rest) or rest.lstrip()[:1] in (",", ";"):
        return reading
    return BAD_FORMAT if tail.NEGATED.search(rest) or "{" in rest else reading


def _meaning(found: list[_Bracket], spec: AnswerSpec) -> Reading:
    """The sets that brackets stand for; one bracket around brackets is a list of sets."""
    groups = found
    if len(found) == 1 and found[0].inner:
        if found[0].items:
            return BAD_FORMAT
        groups = found[0].inner
    if any(group.inner or not group.ok for group in groups):
        return BAD_FORMAT
    if spec.kind is AnswerKind.SET and len(groups) > 1:
        return AMBIGUOUS
    return Answer(frozenset(frozenset(group.items) for group in groups))


def _bare(text: str, tokens: list[_Token], *, place: int, spec: AnswerSpec) -> Reading:
    """Names without brackets: ``a, b and c``; SETS: sets apart by ``;``, *or* or lines."""
    groups: list[set[str]] = [set()]
    splits = 0
    last = place
    while place < len(tokens) and tokens[place].kind in ("item", "sep", "or", "line"):
        token = tokens[place]
        if token.kind == "item":
            groups[-1].add(names.named(token.text, spec.items))
            last = place
        elif token.kind != "sep" or token.text == ";":
            splits += token.kind == "or"
            groups.append(set())
        place += 1
    found = [frozenset(group) for group in groups if group]
    reading = _listed(found, splits, spec=spec)
    rest = text[tokens[last].end :]
    if not isinstance(reading, Answer):
        return reading
    if tail.corrected(rest) or (names.pattern(spec.items).search(rest) and not tail.free(rest)):
        return AMBIGUOUS
    return reading if tail.free(rest) else BAD_FORMAT


def _listed(found: list[frozenset[str]], splits: int, *, spec: AnswerSpec) -> Reading:
    if spec.kind is AnswerKind.SET:
        return AMBIGUOUS if splits else Answer(frozenset({frozenset().union(*found)}))
    if len(found) == 1 and len(found[0]) > 1:
        return AMBIGUOUS  # "a, b": one set of two, or two sets of one?
    return Answer(frozenset(found))


def _bulleted(text: str, spec: AnswerSpec) -> Reading:
    """One member (SET) or one set (SETS) on every bullet line, up to the first other line."""
    readings: list[Sets] = []
    for line in text.split("\n"):
        bullet = _BULLET.match(line)
        if bullet is None and line.strip():
            break
        if bullet is None:
            continue
        value = _bullet_value(line[bullet.end() :], spec)
        if value is None:
            return BAD_FORMAT
        readings.append(value)
    if spec.kind is AnswerKind.SET:
        return Answer(frozenset({frozenset(name for group in readings for part in group for name in part)}))
    return Answer(frozenset(part for group in readings for part in group))


def _bullet_value(line: str, spec: AnswerSpec) -> Sets | None:
    tokens = _tokens(line, spec)
    if not tokens:
        return None
    one = AnswerSpec(AnswerKind.SET, items=spec.items)
    reading = _bare(line, tokens, place=0, spec=one) if tokens[0].kind == "item" else BAD_FORMAT
    if tokens[0].kind == "open":
        reading = _bracketed(line, tokens, place=0, spec=one)
    if not isinstance(reading, Answer) or not isinstance(reading.value, frozenset):
        return None
    return reading.value


READER = Reader(strict, marked, loose)
