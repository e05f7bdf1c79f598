"""Graphs as people write them, as the JSON of a case: edges, lines of edges, DAGitty and DOT.

- edges: ``Z->X, Z->Y, X->Y, X<->Y``; ``Z -> X, Y`` is short for two, ``A -> B -> C`` too; ``A -- B`` has no direction;
  ``latent U`` and ``node A`` add a node; lines or semicolons separate;
- DAGitty: ``dag { U [latent] U -> {X Y} X -> Y }``;
- DOT: ``digraph { U [latent=true]; U -> {X Y}; X -> Y [dir=both]; }``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from causal_eval.errors import MalformedCase

MOST_TEXT = 200_000
Written: TypeAlias = "dict[str, list[str] | list[list[str]]]"
"""The graph of a case in JSON."""

_ARROWS = ("<->", "->", "<-", "--")
_TOKEN = re.compile(
    r"""\s*(?:(?P<comment>//[^\n]*|/\*.*?\*/|\#[^\n]*)|(?P<arrow><->|->|<-|--)|(?P<mark>[{}\[\];,=\n])"""
    r"""|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<name>(?:(?!<->|->|<-|--|//)[^\s{}\[\];,="])+))""",
    re.DOTALL,
)
_BLOCK = re.compile(
    r"\s*(?:(?:strict\s+)?(?P<kind>dag|digraph|graph|pdag|cpdag|mag|pag))\b[^{]*\{(?P<body>.*)\}\s*\Z", re.DOTALL
)
_UNSEEN = frozenset({"latent", "unobserved", "u"})
_SKIPPED = frozenset({"node", "edge", "graph", "bb"})
"""Words of DAGitty and DOT that are no nodes, before attributes or an equals sign."""


class Networkx(Protocol):
    """What is asked of a graph of that library, which is not imported."""

    def is_directed(self) -> bool:
        """Whether edges have a direction."""

    @property
    def nodes(self) -> Callable[..., Iterable[tuple[object, Mapping[str, object]]]]:
        """Called with ``data=True``: nodes and their attributes."""

    @property
    def edges(self) -> Callable[[], Iterable[tuple[object, object]]]:
        """Called: edges."""


class Token(NamedTuple):
    """A word, a mark or an arrow."""

    text: str
    is_name: bool


class _Parts:
    """What was read so far."""

    def __init__(self) -> None:
        self.nodes: dict[str, None] = {}
        self.latent: dict[str, None] = {}
        self.edges: list[tuple[str, str, str]] = []

    def join(self, groups: Sequence[Sequence[str]], arrows: Sequence[str]) -> None:
        """A chain of groups of nodes with the arrows between them."""
        self.nodes |= dict.fromkeys(itertools.chain.from_iterable(groups))
        for (left, right), arrow in zip(itertools.pairwise(groups), arrows, strict=True):
            ends = ((a, b) for a in left for b in right)
            self.edges += [(b, "->", a) if arrow == "<-" else (a, arrow, b) for a, b in ends]

    def written(self) -> Written:
        """As JSON; an edge that is written twice stays twice, so that it is refused where the graph is read."""
        found: Written = {"nodes": [*self.nodes, *(name for name in self.latent if name not in self.nodes)]}
        for field, arrow in (("directed", "->"), ("bidirected", "<->"), ("undirected", "--")):
            edges = [[one, other] for one, kind, other in self.edges if kind == arrow]
            if edges or field != "undirected":
                found[field] = edges
        found["latent"] = list(self.latent)
        return found


def read_graph_text(text: str) -> Written:
    """The graph that *text* says, in any of the three ways.

    Raises:
        MalformedCase: the message quotes what says no edge.
    """
    if len(text) > MOST_TEXT:
        raise MalformedCase(f"graph: {len(text):,} characters of text; the most is {MOST_TEXT:,}")
    parts = _Parts()
    if (block := _BLOCK.match(text)) is not None:
        _read_block(parts, _tokens(block["body"]))
    else:
        for line in re.split(r"[;\n]", text):
            _read_line(parts, line.strip())
    if not parts.nodes and not parts.latent:
        raise MalformedCase("graph: the text names no node; write edges such as Z->X, Z->Y, X->Y")
    return parts.written()


def of_networkx(graph: Networkx) -> Written:
    """The graph of a ``networkx.DiGraph``: nodes by their text; a node attribute ``latent`` that is true says so."""
    parts = _Parts()
    for node, attributes in graph.nodes(data=True):
        parts.nodes[str(node)] = None
        if attributes.get("latent") or _is_no({name: str(value).lower() for name, value in attributes.items()}):
            parts.latent[str(node)] = None
    arrow = "->" if graph.is_directed() else "--"
    for one, other in graph.edges():
        parts.join([[str(one)], [str(other)]], [arrow])
    return parts.written()


def names(text: str) -> list[str]:
    """The names in a comma list."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _read_line(parts: _Parts, line: str) -> None:
    """Edges, ``latent U`` or ``node A``."""
    for word, kept in (("latent", parts.latent), ("node", parts.nodes)):
        if line.startswith(f"{word} "):
            kept.update(dict.fromkeys(names(line.removeprefix(word))))
            return
    waiting: list[str] = []
    before: tuple[list[str], str] | None = None
    for piece in names(line):
        words = re.split(r"\s*(<->|->|<-|--)\s*", piece)
        groups, arrows = [[word] for word in words[::2]], words[1::2]
        if not all(words) or any(re.search(r"[\s<>]", word) for word in words[::2]):
            raise MalformedCase(f"graph: {piece[:60]!r} says no edge: write Z -> X, Y or X <-> Y, latent U or node A")
        if arrows:
            groups[0] = [*waiting, *groups[0]]
            waiting = []
            parts.join(groups, arrows)
            before = (groups[-2], arrows[-1])
        elif before is not None:
            parts.join([before[0], groups[0]], [before[1]])
        else:
            waiting += groups[0]
    if waiting:
        raise MalformedCase(f"graph: {line[:60]!r} says no edge: write Z -> X, Y or X <-> Y, latent U or node A")


def _tokens(body: str) -> list[Token]:
    found, place = [], 0
    while place < len(body) and (match := _TOKEN.match(body, place)) is not None:
        place = match.end()
        if match["comment"] is None:
            name = match["name"] if match["quoted"] is None else re.sub(r"\\(.)", r"\1", match["quoted"])
            found.append(Token(name if name is not None else (match["arrow"] or match["mark"]), name is not None))
    if rest := body[place:].strip():
        raise MalformedCase(f"graph: {rest[:40]!r} cannot be read")
    return found


def _read_block(parts: _Parts, tokens: Sequence[Token]) -> None:
    """The statements between the braces."""
    at = 0
    while at < len(tokens):
        if tokens[at].text in (";", ",", "\n") and not tokens[at].is_name:
            at += 1
            continue
        at = _read_statement(parts, tokens, at=at)


def _read_statement(parts: _Parts, tokens: Sequence[Token], *, at: int) -> int:
    """One chain of groups, with its attributes; where the next statement begins."""
    groups, arrows = [], list[str]()
    group, at = _group(tokens, at)
    groups.append(group)
    while at < len(tokens) and not tokens[at].is_name and tokens[at].text in _ARROWS:
        arrows.append(tokens[at].text)
        group, at = _group(tokens, at + 1)
        groups.append(group)
    attributes, after = _attributes(tokens, at)
    if len(groups) == 1 and len(groups[0]) == 1 and groups[0][0] in _SKIPPED and after > at:
        return after
    if not arrows and at < len(tokens) and tokens[at] == Token("=", is_name=False):
        return at + 2  # a setting of the whole graph
    if attributes.get("dir") == "both":
        arrows = ["<->"] * len(arrows)
    parts.join(groups, arrows)
    if not arrows and ((_UNSEEN & {*attributes} and attributes.get("latent", "") != "false") or _is_no(attributes)):
        parts.latent |= dict.fromkeys(groups[0])
    return after


def _is_no(attributes: dict[str, str]) -> bool:
    return attributes.get("observed", "") in ("no", "false")


def _group(tokens: Sequence[Token], at: int) -> tuple[list[str], int]:
    """A node, or several in braces; and the place behind."""
    if at < len(tokens) and tokens[at].is_name:
        return [tokens[at].text], at + 1
    if at < len(tokens) and tokens[at].text == "{":
        end = next((place for place in range(at, len(tokens)) if tokens[place].text == "}"), None)
        if end is not None:
            return [token.text for token in tokens[at + 1 : end] if token.is_name], end + 1
    found = repr(tokens[at].text) if at < len(tokens) else "the end"
    raise MalformedCase(f"graph: {found} stands where a node was expected")


def _attributes(tokens: Sequence[Token], at: int) -> tuple[dict[str, str], int]:
    """What stands in brackets behind a statement, names in lower case."""
    found: dict[str, str] = {}
    while at < len(tokens) and tokens[at] == Token("[", is_name=False):
        end = next((place for place in range(at, len(tokens)) if tokens[place] == Token("]", is_name=False)), None)
        if end is None:
            raise MalformedCase("graph: a bracket is not closed")
        found |= _pairs(tokens[at + 1 : end])
        at = end + 1
    return found, at


def _pairs(inside: Iterable[Token]) -> dict[str, str]:
    words = list(inside)
    found: dict[str, str] = {}
    for place, token in enumerate(words):
        if token.is_name and (place == 0 or words[place - 1] != Token("=", is_name=False)):
            follows = words[place + 1 : place + 3]
            has_value = len(follows) > 1 and follows[0] == Token("=", is_name=False)
            found[token.text.lower()] = follows[1].text.lower() if has_value else ""
    return found
