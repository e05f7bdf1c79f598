"""Published cases: read from JSON, their graphs written as edges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FIELDS = {"->": "directed", "<->": "bidirected", "--": "undirected"}


def published(name: str) -> list[dict[str, Any]]:
    """The cases of tests/causal/published/NAME.json, each with its graph as ``solve`` reads it."""
    text = (Path(__file__).parent / "published" / f"{name}.json").read_text("utf-8")
    return [case | {"graph": graph_of(**case["graph"])} for case in json.loads(text)]


def graph_of(edges: str, *, latent: list[str] | None = None, nodes: list[str] | None = None) -> dict[str, Any]:
    """``"X -> Y, U <-> V, A -- B"`` as a graph; *nodes* first, then in the order in which edges name them."""
    found: dict[str, Any] = {"nodes": list(nodes or ()), "directed": [], "bidirected": [], "undirected": []}
    for edge in filter(None, edges.split(", ")):
        arrow = next(sign for sign in ("<->", "->", "--") if f" {sign} " in edge)
        ends = edge.split(f" {arrow} ")
        found[FIELDS[arrow]].append(ends)
        found["nodes"] += [end for end in dict.fromkeys(ends) if end not in found["nodes"]]
    return {field: value for field, value in found.items() if value} | {"latent": latent or []}
