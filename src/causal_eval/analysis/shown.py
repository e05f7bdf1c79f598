"""A table with a title and notes that renders as HTML, as Markdown and as text: what a notebook shows of a result."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape

from causal_eval.analysis import marks
from causal_eval.analysis.columns import table
from causal_eval.analysis.plain import one_line

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """Cells are plain text; the first column names the row."""

    title: str
    head: Row
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        """A table with a caption; every cell is escaped."""
        head = Markup().join(Markup('<th scope="col">{}</th>').format(one_line(cell)) for cell in self.head)
        body = Markup().join(map(_row, self.rows))
        caption = Markup("<caption>{}</caption>").format(one_line(self.title))
        notes = Markup().join(Markup("<p>{}</p>").format(one_line(note)) for note in self.notes)
        whole = Markup("<table>{}<thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}")
        return str(whole.format(caption, head, body, notes))

    def _repr_markdown_(self) -> str:
        """A heading in bold, the table, the notes."""
        cells = [[marks.escaped(cell) for cell in row] for row in self.rows]
        parts = [f"**{marks.escaped(self.title)}**", marks.table([*map(marks.escaped, self.head)], cells)]
        return "\n\n".join([*parts, *map(marks.escaped, self.notes)])

    def __str__(self) -> str:
        """The same for a terminal."""
        return "\n".join([one_line(self.title), *table([self.head], self.rows), *map(one_line, self.notes)])


def _row(row: Row) -> Markup:
    first, *others = (one_line(cell) for cell in row)
    cells = Markup().join(Markup("<td>{}</td>").format(cell) for cell in others)
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(escape(first), cells)
