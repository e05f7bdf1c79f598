r"""The report as LaTeX, to be ``\input`` in a paper: needs ``booktabs`` and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from causal_eval.analysis.numbers import NONE, count, ends, hundredths, level, p_value
from causal_eval.analysis.plain import one_line
from causal_eval.analysis.reports.data import ReportData
from causal_eval.analysis.reports.sections import PARTS_HEAD, Section, part_rows, why_sections
from causal_eval.analysis.reports.ticket import Ticket

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_\allowbreak{}",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "\u2013": "--", "\u2212": "$-$", "\u00a0": "~", "\u2264": r"$\leq$",
    "\u2265": r"$\geq$", "\u2248": r"$\approx$", "\u2192": r"$\rightarrow$", "\u2194": r"$\leftrightarrow$",
    "[": "{[}", "]": "{]}", "/": r"\slash{}",
}  # fmt: skip
_SHORT = 28
"""Characters of a first column that is not broken."""
_MANY = 6
"""Columns that the width of a page of text holds in the larger letters."""
_WRAPPED = r"p{0.3\linewidth}"
_ANY = re.compile("|".join(map(re.escape, _SPECIAL)))


def latex(data: ReportData) -> str:
    """Tables of scores and of paired differences, then for each model why it is wrong and what follows.

    Equal data give equal text; no table is wider than the text of the class ``article``.
    """
    parts = [_preface(data)]
    parts += [_scores(data, place) for place in range(len(data.profile.answerers))]
    if data.comparisons:
        parts.append(_differences(data))
    for place, section in enumerate(why_sections(data, narrow=True), 1):
        parts += _section(section, place)
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Foreign text on one line, as itself: nothing in it is a command."""
    return _ANY.sub(lambda found: _SPECIAL[found[0]], one_line(text))


def _preface(data: ReportData) -> str:
    lines = [
        one_line(data.title),
        r"\usepackage{booktabs} in the preamble; with pdfLaTeX also \usepackage[T1]{fontenc}",
        "names in other than Latin letters need LuaLaTeX or XeLaTeX",
    ]
    lines += [f"{one.name}: {one.command}" for one in data.tickets]
    if data.command:
        lines.append(one_line(data.command))
    return "\n".join(f"% {line}" for line in lines)


def _scores(data: ReportData, place: int) -> str:
    one = data.profile.answerers[place]
    said = (
        f"Scores of {one.answerer} in per cent with {level(data.profile.level)} intervals, clustered by causal model"
        f"{_source(data.tickets, one.answerer)}."
    )
    rows, breaks = part_rows(data, one), {1, 1 + len(one.rungs)}
    return _table(said, f"scores-{place + 1}", head=PARTS_HEAD, rows=rows, breaks=breaks)


def _differences(data: ReportData) -> str:
    rows = [
        (
            f"{one.a} \u2212 {one.b}", hundredths(one.difference.estimate, signed=True), ends(one.difference),
            p_value(one.evidence.sign_flip.p), count(one.difference.n), count(one.difference.clusters),
        )
        for one in data.comparisons
    ]  # fmt: skip
    said = (
        f"Paired differences in percentage points with {level(data.profile.level)} intervals, clustered by causal "
        "model; p of the cluster sign-flip test."
    )
    head = ("Pair", "Difference", "Interval", "p", "Units", "Clusters")
    return _table(said, "differences", head=head, rows=rows)


def _section(section: Section, place: int) -> Iterator[str]:
    """A paragraph of sentences, then its tables; titles of tables say whose they are, for they move."""
    items = (rf"\item {escaped(line)}" for line in section.said)
    parts = [rf"\paragraph{{{escaped(section.title)}}}", r"\begin{itemize}", *items, r"\end{itemize}"]
    yield "\n".join([r"\begingroup\sloppy", *parts, escaped(section.note), "", r"\endgroup"])
    for number, (title, head, rows) in enumerate(section.tables, 1):
        yield _table(f"{section.title}: {title}.", f"why-{place}-{number}", head=head, rows=rows)


def _source(tickets: Iterable[Ticket], answerer: str) -> str:
    found = next((one for one in tickets if one.answerer == answerer), None)
    return f" (set {found.question_set}, result {found.hash})" if found else ""


def _table(
    caption: str,
    label: str,
    *,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    breaks: Iterable[int] = (),
) -> str:
    kept = list(rows)
    is_short = max((len(row[0]) for row in kept), default=0) <= _SHORT
    lines = [
        r"\begin{table}[htbp]",
        r"\centering",
        r"\scriptsize" if len(head) > _MANY else r"\footnotesize",
        r"\setlength{\tabcolsep}{3pt}",
        rf"\caption{{{escaped(caption)}}}",
        rf"\label{{tab:causal-eval-{label}}}",
        rf"\begin{{tabular}}{{{'l' if is_short else _WRAPPED}{'r' * (len(head) - 1)}}}",
        r"\toprule",
        _line(head, wrapped=not is_short),
        r"\midrule",
        *_body(kept, frozenset(breaks), wrapped=not is_short),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def _body(rows: Iterable[Sequence[str]], breaks: frozenset[int], *, wrapped: bool) -> Iterator[str]:
    for place, row in enumerate(rows):
        if place in breaks:
            yield r"\addlinespace"
        yield _line(row, wrapped=wrapped)


def _line(cells: Sequence[str], *, wrapped: bool) -> str:
    ragged = r"\raggedright " if wrapped else ""
    return ragged + " & ".join(escaped(cell) or NONE for cell in cells) + r" \\"
