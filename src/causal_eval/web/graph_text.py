"""Graphs as people type them: a line for each cause, such as ``Z -> X, Y``; ``X <-> Y``; ``latent U``; ``node A``."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from causal_eval.errors import MalformedCase

MOST_NODES = 40
MOST_LINES = 400
_EDGE = re.compile(r"(?P<left>[^<>-]+?)\s*(?P<arrow><->|->|<-)\s*(?P<right>[^<>-]+)")


def read_graph_text(text: str) -> dict[str, Any]:
    """The graph as ``causal-eval solve`` takes it, nodes in order of appearance.

    Raises:
        MalformedCase: a line says no edge; the message names it.
    """
    nodes: dict[str, None] = {}
    directed: list[list[str]] = []
    bidirected: list[list[str]] = []
    latent: list[str] = []
    lines = [part.strip() for line in text.splitlines() for part in line.split(";") if part.strip()]
    if not lines or len(lines) > MOST_LINES:
        raise MalformedCase(f"graph: {len(lines)} lines: give 1 to {MOST_LINES}, such as Z -> X, Y")
    for line in lines:
        if line.startswith("latent "):
            latent += names(line.removeprefix("latent "))
            continue
        if line.startswith("node "):
            nodes |= dict.fromkeys(names(line.removeprefix("node ")))
            continue
        pairs, is_both = _edges(line)
        nodes |= dict.fromkeys(name for pair in pairs for name in pair)
        (bidirected if is_both else directed).extend(pairs)
    nodes |= dict.fromkeys(latent)
    if len(nodes) > MOST_NODES:
        raise MalformedCase(
            f"graph: {len(nodes)} nodes, more than {MOST_NODES}: use `causal-eval solve` for larger ones"
        )
    return {"nodes": list(nodes), "directed": directed, "bidirected": bidirected, "latent": latent}


def names(text: str) -> list[str]:
    """The names in a comma list."""
    return [name.strip() for name in text.split(",") if name.strip()]


class _Edges(NamedTuple):
    pairs: list[list[str]]
    """Causes first."""
    is_both: bool


def _edges(line: str) -> _Edges:
    """The edges that a line says."""
    match = _EDGE.fullmatch(line)
    if match is None:
        raise MalformedCase(f"graph: line {line[:60]!r} says no edge: write Z -> X, Y or X <-> Y, latent U or node A")
    left, right = names(match["left"]), names(match["right"])
    if match["arrow"] == "<-":
        left, right = right, left
    return _Edges([[cause, effect] for cause in left for effect in right], match["arrow"] == "<->")
