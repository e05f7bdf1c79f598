"""Table: influences, probabilities and counts as Markdown tables, everything else as sentences.

One table holds all influences; one those quantities whose probability depends on none; every other quantity has one for
each set of causes that its probabilities are given by; counts have one for each set of quantities that they cross.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TypeVar

from causal_eval.errors import VerificationMismatch
from causal_eval.questions.facts import Fact, Literal, Slot
from causal_eval.questions.lexicon import Lexicon
from causal_eval.questions.renderers.sheet import Renderer, Sheet, blocks, stated
from causal_eval.questions.voices import PATTERN, read_share, share_text

_TABLED = ("edge", "base", "share", "cell")
_SHARE = re.compile(PATTERN["share"])
_COUNT = re.compile(PATTERN["count"])
_RULE = "---"

_T = TypeVar("_T")

Rows = list[list[str]]
"""Cells, the first row being the heading."""


def _write(sheet: Sheet) -> str:
    sentences = sheet.say(*(fact for fact in sheet.statements if fact.form not in _TABLED))
    tables = [table for table in _tables(sheet) if len(table) > 1]
    first = [_printed(table) for table in sheet.stream.shuffled(tables)]
    rest = [["\n".join(part)] for part in (sentences, sheet.say(*sheet.assumed), sheet.say(*sheet.listed)) if part]
    return "\n\n".join([*first, *(part[0] for part in rest), "\n".join(sheet.say_last())])


def _tables(sheet: Sheet) -> Iterator[Rows]:
    lexicon, layout = sheet.lexicon, sheet.lexicon.language.layout
    by_heading: dict[tuple[object, ...], list[Fact]] = {}
    for fact in sheet.statements:
        if fact.form in _TABLED:
            by_heading.setdefault(_kind(fact), []).append(fact)
    for (form, *_), facts in by_heading.items():
        if form == "edge":
            pairs = [[lexicon.printed[_node(end)] for end in fact.slots] for fact in facts]
            yield [[layout.cause, layout.effect], *pairs]
        elif form == "base":
            rows = [[lexicon.clauses[what], _share(p, sheet)] for what, p in (fact.slots for fact in facts)]
            yield [[layout.statement, layout.probability], *rows]
        else:
            yield _crossed(facts, sheet)


def _crossed(facts: Sequence[Fact], sheet: Sheet) -> Rows:
    """A table with a column for every quantity that is given, in random order, and one for the figure."""
    lexicon, layout = sheet.lexicon, sheet.lexicon.language.layout
    columns = sheet.stream.shuffled(_nodes(facts[0]))
    counted = facts[0].form == "cell"
    last = layout.count if counted else layout.chance.format(lexicon.dependent[facts[0].slots[0]])
    rows = [[*(lexicon.printed[node] for node in columns), last]]
    for fact in facts:
        states = dict(_given(fact))
        figure = str(fact.slots[-1]) if counted else _share(fact.slots[-1], sheet)
        rows.append([*(lexicon.states[node][states[node]] for node in columns), figure])
    return rows


def _kind(fact: Fact) -> tuple[object, ...]:
    """Facts of one kind stand in one table."""
    if fact.form in ("edge", "base"):
        return (fact.form,)
    return (fact.form, None if fact.form == "cell" else fact.slots[0], tuple(_nodes(fact)))


def _given(fact: Fact) -> list[Literal]:
    """The literals of a share's condition, or of a cell."""
    slot = fact.slots[0 if fact.form == "cell" else 1]
    assert isinstance(slot, tuple)
    return [literal for literal in slot if isinstance(literal, tuple)]


def _nodes(fact: Fact) -> list[int]:
    return [node for node, _ in _given(fact)]


def _node(slot: Slot) -> int:
    assert isinstance(slot, int)
    return slot


def _share(slot: Slot, sheet: Sheet) -> str:
    assert isinstance(slot, Fraction)
    return share_text(slot, sheet.style)


def _printed(rows: Rows) -> str:
    heading, *rest = rows
    return "\n".join([f"| {' | '.join(row)} |" for row in (heading, [_RULE] * len(heading), *rest)])


def _read(body: str, lexicon: Lexicon) -> Iterator[Fact]:
    for lines in blocks(body):
        if lines[0].startswith("| "):
            yield from _facts(_cells(lines), lexicon)
        else:
            yield from (stated(line, lexicon) for line in lines)


def _cells(lines: Sequence[str]) -> Rows:
    rows = [line[2:-2].split(" | ") for line in lines if line.startswith("| ") and line.endswith(" |")]
    if len(rows) != len(lines) or len({len(row) for row in rows}) > 1 or len(rows) <= 2:  # noqa: PLR2004 - heading, rule
        raise VerificationMismatch(f"the table under {lines[0]!r} is not whole")
    heading, rule, *rest = rows
    if set(rule) != {_RULE}:
        raise VerificationMismatch(f"{lines[1]!r} does not part the heading of a table from its rows")
    return [heading, *rest]


def _facts(rows: Rows, lexicon: Lexicon) -> Iterator[Fact]:
    """The facts of one table, whose kind its heading tells.

    Raises:
        VerificationMismatch: it tells none, or a cell holds nothing that fits.
    """
    layout, (heading, *rest) = lexicon.language.layout, rows
    for row in rest:
        if heading == [layout.cause, layout.effect]:
            yield Fact("edge", tuple([_known(lexicon.nodes.get(cell.lower()), cell) for cell in row]))
        elif heading == [layout.statement, layout.probability]:
            yield Fact("base", (_known(lexicon.literals.get(row[0].lower()), row[0]), _read_share(row[1], lexicon)))
        else:
            yield _read_crossed(heading, row, lexicon=lexicon)


def _read_crossed(heading: Sequence[str], row: Sequence[str], *, lexicon: Lexicon) -> Fact:
    nodes = [_known(lexicon.nodes.get(name.lower()), name) for name in heading[:-1]]
    given = tuple(sorted(_state(node, cell, lexicon=lexicon) for node, cell in zip(nodes, row, strict=False)))
    if heading[-1] == lexicon.language.layout.count and _COUNT.fullmatch(row[-1]):
        return Fact("cell", (given, int(row[-1])))
    before, _, after = lexicon.language.layout.chance.partition("{}")
    clause = heading[-1].removeprefix(before).removesuffix(after)
    what = _known(lexicon.literals.get(clause.lower()), heading[-1])
    return Fact("share", (what, given, _read_share(row[-1], lexicon)))


def _state(node: int, cell: str, *, lexicon: Lexicon) -> Literal:
    states = [state.lower() for state in lexicon.states[node]]
    return node, _known(states.index(cell.lower()) if cell.lower() in states else None, cell)


def _read_share(cell: str, lexicon: Lexicon) -> Slot:
    share = read_share(cell, lexicon) if _SHARE.fullmatch(cell) else None
    if share is None:
        raise VerificationMismatch(f"{cell!r} is no probability")
    return share


def _known(value: _T | None, cell: str) -> _T:
    if value is None:
        raise VerificationMismatch(f"nothing known stands in the table's cell {cell!r}")
    return value


TABLE = Renderer(_write, _read)
