"""The report as a tagged PDF (PDF/UA-1), typeset by Typst from values: no browser, no LaTeX, no network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from causal_eval.analysis import statements
from causal_eval.analysis.numbers import count, ends, level, money, p_value, points
from causal_eval.analysis.plain import one_line, plain
from causal_eval.analysis.reports.browse import STATIC, clipped
from causal_eval.analysis.reports.data import QuestionCard, ReportData
from causal_eval.analysis.reports.sections import PARTS_HEAD, part_rows, why_sections
from causal_eval.analysis.reports.view import View
from causal_eval.errors import UsageError

_REPLY = 2_000
"""Characters of a reply on paper."""
_SET = """
#set document(title: {title})
#set text(font: ("Libertinus Serif", "Noto Serif", "Noto Serif CJK SC"), size: 10pt, lang: "en")
#set page(paper: "a4", margin: 2cm, numbering: "1 / 1")
#set par(justify: false)
#set table(stroke: none, inset: (x: 5pt, y: 3pt))
#show heading.where(level: 1): set text(size: 17pt)
#show table: set text(size: 9pt)
#show table.cell.where(y: 0): set text(weight: "bold")
#show raw: set text(font: "DejaVu Sans Mono", size: 8pt)
#let rows(caption, head, cells) = figure(kind: table, supplement: none, caption: figure.caption(position: top, caption),
  align(left, table(columns: head.len(), align: (x, y) => if x == 0 {{ left }} else {{ right }},
  table.header(..head.map(text)), table.hline(stroke: 0.5pt), ..cells.map(text))))
#show figure: set block(breakable: true)
#let said(body) = block(fill: luma(245), inset: 6pt, width: 100%, text(size: 9pt, body))
"""
_STYLED = re.compile(r"var\(--[a-z-]+, (#[0-9a-f]{6})\)")


def pdf(data: ReportData) -> bytes:
    """The report; equal data give equal bytes where the same fonts are installed.

    Raises:
        UsageError: the extra [pdf] is not installed.
    """
    try:
        import typst  # the extra [pdf]
    except ImportError as error:
        raise UsageError(
            "PDF needs the extra: pip install 'causal-eval-bench[pdf]', or choose --format html"
        ) from error
    return typst.compile(typst_source(data).encode(), format="pdf", pdf_standards=["ua-1"], timestamp=0)


def typst_source(data: ReportData) -> str:
    """The document; every text in it is a quoted string, so that nothing foreign is markup."""
    parts = [_SET.format(title=quoted(data.title)), f"= #{quoted(data.title)}", *_verdict(data), *_run(data)]
    parts += [*_scores(data), *_outcomes(data), *_comparisons(data), *_why(data)]
    if data.questions:
        shown = data.questions[:STATIC]
        parts += [
            "== Questions",
            _text(f"{len(shown)} questions of {count(len(data.questions))}; all are in the HTML."),
        ]
        parts += [part for card in shown for part in _question(card)]
    parts.append(_text(data.canary))
    return "\n\n".join(parts) + "\n"


def quoted(text: str) -> str:
    """Foreign text as a string of Typst: shown as it is, line breaks kept."""
    safe = plain(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "    ")
    return f'"{safe}"'


def _text(words: str) -> str:
    return f"#{quoted(words)}"


def _verdict(data: ReportData) -> Iterator[str]:
    view = View(data)
    said = [statements.headline(one, data.chance) for one in view.subjects]
    said += [statements.comparison(one) for one in data.comparisons]
    said += [words for one in view.subjects for words in statements.warnings(one)]
    yield "\n".join(f"- #{quoted(f'{words}.')}" for words in said)


def _run(data: ReportData) -> Iterator[str]:
    yield "== This run"
    facts = [*data.facts, *((f"Result of {one.answerer}", f"{one.hash}: {one.command}") for one in data.tickets)]
    facts += [("Command", data.command)] if data.command else []
    yield "\n".join(f"/ #{quoted(one_line(label))}: #{quoted(one_line(value))}" for label, value in facts)


def _scores(data: ReportData) -> Iterator[str]:
    view = View(data)
    yield "== Scores"
    if data.profile.answerers:
        yield _picture(
            str(view.scores(families=False).wide), "Scores with their intervals; the numbers are in the tables below"
        )
    for one in data.profile.answerers:
        caption = (
            f"{one.answerer}: per cent right with {level(data.profile.level)} intervals, clustered by causal model"
        )
        yield _rows(caption, PARTS_HEAD, rows=part_rows(data, one))


def _why(data: ReportData) -> Iterator[str]:
    for section in why_sections(data):
        yield f"== #{quoted(section.title)}"
        yield "\n".join(f"- #{quoted(line)}" for line in section.said)
        for title, head, rows in section.tables:
            yield _rows(title, head, rows=rows)
        if section.note:
            yield _text(section.note)


def _outcomes(data: ReportData) -> Iterator[str]:
    marks = View(data).marks
    yield "== Outcomes and cost"
    rows = [
        (
            one.answerer, count(one.overall.outcomes.asked),
            *(count(one.overall.outcomes.marks[mark]) for mark in marks),
            money(None if one.overall.outcomes.cost.unknown else one.overall.outcomes.cost.known),
        )
        for one in data.profile.answerers
    ]  # fmt: skip
    yield _rows(
        "What became of every answer", ("Answerer", "asked", *(mark.value for mark in marks), "cost"), rows=rows
    )


def _comparisons(data: ReportData) -> Iterator[str]:
    view = View(data)
    for place, found in enumerate(data.comparisons):
        yield f"== #{quoted(f'{one_line(found.a)} against {one_line(found.b)}')}"
        title = f"Paired differences, {one_line(found.a)} minus {one_line(found.b)}; the numbers are in the table below"
        yield _picture(str(view.differences(found, place, families=False).wide), title)
        parts = [("overall", found.difference, p_value(found.evidence.sign_flip.p))]
        parts += [(one.scope.label, one.difference, f"{p_value(one.holm)} (Holm)") for one in found.scopes]
        rows = [
            (scope, points(gap.estimate), ends(gap), p, count(gap.n), count(gap.clusters)) for scope, gap, p in parts
        ]
        yield _rows("Differences in points", ("Part", "Difference", "Interval", "p", "Units", "Clusters"), rows=rows)


def _question(card: QuestionCard) -> Iterator[str]:
    yield f"=== #{quoted(f'{card.question}: {card.family}/{card.kind}, rung {card.rung}')}"
    yield f"#said({quoted(card.prompt)})"
    for one in card.given:
        yield _text(f"{one.answerer}: {one.mark.value}, read as {one_line(one.parsed) or 'nothing'}")
        if one.reply:
            yield f"#said({quoted(clipped(one.reply, _REPLY))})"
    yield _text(f"Right answer: {one_line(card.gold) or 'kept apart'}")
    if card.steps:
        steps = (" = ".join(part for part in (one.text, one.expression, one.value) if part) for one in card.steps)
        yield "\n".join(f"+ #{quoted(one_line(step))}" for step in steps)


def _picture(svg: str, said: str) -> str:
    """A figure of ours: its colours are those of paper, its font the document's."""
    drawn = _STYLED.sub(r"\1", svg).replace("system-ui, sans-serif", "Libertinus Serif")
    return f'#image(bytes({quoted(drawn)}), format: "svg", alt: {quoted(said)}, width: 100%)'


def _rows(caption: str, head: Sequence[str], *, rows: Iterable[Sequence[str]]) -> str:
    cells = "".join(f"{quoted(one_line(cell))}, " for row in rows for cell in row)
    return f"#rows({quoted(one_line(caption))}, ({', '.join(map(quoted, head))},), ({cells}))"
