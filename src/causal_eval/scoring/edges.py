"""Graphs over given nodes: ``A -> B; B -- C``, lines, chains, ``A <- B``, ``none``."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from causal_eval.questions.question import AnswerSpec
from causal_eval.scoring import names, tail
from causal_eval.scoring.clean import lines_folded, unfenced
from causal_eval.scoring.reading import AMBIGUOUS, BAD_FORMAT, Answer, Edges, Reader, Reading, Value

EMPTY = Edges(frozenset(), frozenset())
RESERVED = ("--", "<", ">", "→", "←", "↔", "—", "–")
"""What stands between nodes and therefore in no name."""

_PAYLOAD = 20_000
_STRICT = re.compile(r"\s(->|--)\s")
_ARROW = re.compile(
    r" *(?:(<[-=–—]*>|↔|⟷|o-+[o>]|<-+o)|([-=–—]+>|→|⟶|⇒)|(<[-=–—]+|←|⟵|⇐)|(-{2,}|–+|—+|─+)|(?<=\S )(-)(?= )) *"
)
_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")
_NO_EDGE = re.compile(
    r"(?:none|\{\s*\}|\[\s*\]|∅|(?:there (?:is|are) )?no (?:\w+ )?edges?(?: at all)?|(?:the )?empty(?: graph)?)\W*"
)
_BULLET = re.compile(r"^\s*(?:[-•*–]|\(?\d{1,3}[.):])\s+")
_LABEL = re.compile(r"[^;,]{0,60}:\s*")
_LINKS = {1: "", 2: ">", 3: "<", 4: "-", 5: "-"}


@dataclass(slots=True)
class _Found:
    """Edges so far: for each pair of nodes, in the order of their names, how it is joined."""

    joined: dict[tuple[str, str], str] = field(default_factory=dict)
    clash: bool = False

    def add(self, one: str, link: str, *, other: str) -> bool:
        """Take an edge; False where there can be none."""
        if one == other or not link:
            return False
        pair, mark = ((one, other), link) if one < other else ((other, one), {"<": ">", ">": "<"}.get(link, link))
        self.clash = self.clash or self.joined.setdefault(pair, mark) != mark
        return True

    def edges(self) -> Edges:
        """What was found."""
        directed = [pair if mark == ">" else pair[::-1] for pair, mark in self.joined.items() if mark != "-"]
        return Edges(frozenset(directed), frozenset(pair for pair, mark in self.joined.items() if mark == "-"))


def strict(text: str, spec: AnswerSpec) -> Value | None:
    """``cause -> effect`` or ``one -- other``, joined by ``;``, every pair at most once; ``none`` for no edge."""
    if text.casefold() == "none":
        return EMPTY
    items = names.plainly(spec.items)
    found = _Found()
    parts = text.split(";")
    for part in parts:
        left, link, right = _STRICT.split(f" {part} ", maxsplit=1) if _STRICT.search(part) else ("", "", "")
        one, other = items.get(names.squeeze(left)), items.get(names.squeeze(right))
        if one is None or other is None or not found.add(one, link[-1:], other=other):
            return None
    return found.edges() if len(found.joined) == len(parts) and not found.clash else None


def marked(payload: str, spec: AnswerSpec) -> Reading:
    """The edges that *payload* gives, from its first line with one to the first line that holds something else."""
    text = _arrowed(lines_folded(unfenced(payload[:_PAYLOAD])).strip(), spec)
    found, any_line = _Found(), False
    for line in text.split("\n"):
        bare = _BULLET.sub("", line).strip()
        kind = _taken(bare, found, spec=spec)
        any_line = any_line or kind == "edges"
        if kind == "other" and any_line:
            break
        if kind == "bad" or (kind == "other" and bare and not bare.endswith(":")):
            return BAD_FORMAT
    if found.clash:
        return AMBIGUOUS
    return Answer(found.edges()) if any_line else BAD_FORMAT


def loose(reply: str, spec: AnswerSpec) -> Reading:
    """The edges in the last lines of *reply*, where these hold nothing else and no other line holds edges."""
    lines = [line for line in _arrowed(lines_folded(unfenced(reply)), spec).split("\n") if line.strip()]
    found, used = _Found(), 0
    for line in reversed(lines):
        if _taken(_BULLET.sub("", line).strip(), found, spec=spec) != "edges":
            break
        used += 1
    if not used or not found.joined:
        return BAD_FORMAT
    earlier = "\n".join(lines[: len(lines) - used])
    if found.clash or _edge(spec.items).search(earlier):
        return AMBIGUOUS
    return Answer(found.edges())


def _arrowed(text: str, spec: AnswerSpec) -> str:
    r"""*text* with spaces around everything that can join nodes, ``\leftarrow`` as ``<-``."""
    text = re.sub(r"\\(?:long)?leftarrow(?![a-z])", " <- ", re.sub(r"\\longrightarrow(?![a-z])", " -> ", text))
    if not any(char in item for item in spec.items for char in " -_"):
        text = _HYPHEN.sub(" - ", text)
    return _ARROW.sub(lambda match: f"{'' if _opens(match) else ' '}{match[0].strip()} ", text) if text else text


def _opens(match: re.Match[str]) -> bool:
    return match.start() == 0 or match.string[match.start() - 1] == "\n"


def _taken(line: str, found: _Found, *, spec: AnswerSpec) -> str:
    """What *line* is: ``edges`` (taken), ``bad`` (edges and what cannot be read) or ``other``."""
    label = _LABEL.match(line)
    if label is not None and not names.pattern(spec.items).search(label[0]):
        line = line[label.end() :]
    if _NO_EDGE.fullmatch(line):
        return "edges"
    place, any_edge = 0, False
    while (match := _chain(spec.items).match(line, place)) is not None:
        if not _walk(match[1], found, spec=spec):
            return "bad"
        any_edge, place = True, match.end()
    rest = line[place:]
    if not any_edge:
        return "bad" if _edge(spec.items).search(line) else "other"
    bad = _edge(spec.items).search(rest) or not tail.free(rest) or tail.corrected(rest)
    return "bad" if bad else "edges"


def _walk(text: str, found: _Found, *, spec: AnswerSpec) -> bool:
    """Take every edge of a chain such as ``a -> b <- c``."""
    nodes: Sequence[re.Match[str]] = list(names.pattern(spec.items).finditer(text))
    for left, right in itertools.pairwise(nodes):
        link = _ARROW.fullmatch(text, left.end(), right.start())
        mark = _LINKS[link.lastindex or 1] if link else ""
        one, other = (names.named(node[0], spec.items) for node in (left, right))
        if not found.add(one, mark, other=other):
            return False
    return True


@functools.lru_cache(maxsize=512)
def _edge(items: tuple[str, ...]) -> re.Pattern[str]:
    item = names.expression(items)
    return re.compile(rf"{item}{_ARROW.pattern}{item}")


@functools.lru_cache(maxsize=512)
def _chain(items: tuple[str, ...]) -> re.Pattern[str]:
    item = names.expression(items)
    chain = rf"{item}(?:{re.sub(r'[(](?![?])', '(?:', _ARROW.pattern)}{item})+"
    return re.compile(rf"[\s({{\[,;]*(?:\band\s)?({chain})[)\]}}]*(?:\s*[;,.]|(?=\s*$)|(?=\s+and\b)|(?=\s*\())?")


READER = Reader(strict, marked, loose)
