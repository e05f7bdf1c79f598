"""Words of Markdown: foreign text as itself, tables, fences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from causal_eval.analysis.plain import one_line, plain

_LIVE = re.compile(r"([\\`*_{}\[\]|#~$])")
"""What Markdown (and the mathematics of its renderers) could take for a mark."""


def escaped(text: str) -> str:
    """Foreign text on one line, as itself."""
    safe = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LIVE.sub(r"\\\1", safe)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are escaped already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def fenced(text: str, language: str = "") -> str:
    """Foreign text in a fence that is longer than any in it."""
    said = plain(text)
    longest = max((len(run) for run in re.findall(r"`+", said)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language or 'text'}\n{said}\n{fence}"
