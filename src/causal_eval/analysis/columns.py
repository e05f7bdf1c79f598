"""A table as lines of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from causal_eval.analysis.plain import width

Row = tuple[str, ...]


def table(head: Sequence[Row], rows: Sequence[Row]) -> Iterator[str]:
    """Rows under a head, columns as wide as their widest cell."""
    columns = list(zip(*head, *rows, strict=True))
    wide = [max(map(width, column)) for column in columns]
    for row in (*head, *rows):
        yield "  ".join(cell + " " * (room - width(cell)) for cell, room in zip(row, wide, strict=True)).rstrip()
